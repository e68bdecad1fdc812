using Callbacks.Store;

namespace Callbacks.Tests.Store;

/// <summary>What waits to be written, in memory: offered rows, the batch under way, and how batches ended.</summary>
sealed class FakeObjectSource : IObjectSource, IDisposable
{
    readonly Lock _lock = new();
    readonly SemaphoreSlim _there = new(0);
    readonly List<ObjectState> _waiting = [];
    readonly List<ObjectState> _suspects = [];
    readonly List<ObjectState> _underWay = [];
    bool _hasExpired;

    public int StoredBatches { get; private set; }

    public int ReturnedBatches { get; private set; }

    public int LargestBatchRows { get; private set; }

    public bool IsEmpty
    {
        get
        {
            lock (_lock)
                return _waiting.Count + _suspects.Count + _underWay.Count == 0;
        }
    }

    public void Dispose() => _there.Dispose();

    public void Offer(params IEnumerable<ObjectState> states)
    {
        lock (_lock)
            _waiting.AddRange(states);
        _there.Release();
    }

    /// <summary>What waits has outlived its retention: it won't be given out any more.</summary>
    public void Expire()
    {
        lock (_lock)
            _hasExpired = true;
        _there.Release();
    }

    public async ValueTask WaitAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        do
        {
            lock (_lock)
            {
                if (_waiting.Count > 0 || _hasExpired)
                    return;
            }
        }
        while (await _there.WaitAsync(timeout, cancellationToken));
    }

    public void Take(List<ObjectState> batch, int rowsMax, bool suspects)
    {
        lock (_lock)
        {
            Assert.Empty(_underWay);
            if (_hasExpired)
            {
                _waiting.Clear();
                _suspects.Clear();
            }

            _hasExpired = false;
            List<ObjectState> from = suspects ? _suspects : _waiting;
            int index = 0;
            while (index < from.Count && _underWay.Count < rowsMax)
            {
                if (_underWay.Exists(state => state.Id == from[index].Id))
                {
                    index++;
                    continue;
                }

                _underWay.Add(from[index]);
                from.RemoveAt(index);
            }

            batch.Clear();
            batch.AddRange(_underWay);
            LargestBatchRows = Math.Max(LargestBatchRows, batch.Count);
        }
    }

    public void Stored()
    {
        lock (_lock)
        {
            _underWay.Clear();
            StoredBatches++;
        }
    }

    public void Returned(bool asSuspects)
    {
        lock (_lock)
        {
            (asSuspects ? _suspects : _waiting).AddRange(_underWay);
            _underWay.Clear();
            ReturnedBatches++;
        }

        _there.Release();
    }
}
