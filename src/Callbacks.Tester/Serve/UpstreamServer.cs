using Callbacks.Tester.Records;

namespace Callbacks.Tester.Serve;

/// <summary>The upstream on its address: there, or away with its listener really closed.</summary>
sealed class UpstreamServer(Upstream upstream, Uri address, Uri? controlAddress) : IAsyncDisposable
{
    readonly SemaphoreSlim _changing = new(1);
    readonly CancellationTokenSource _stopping = new();
    Listener? _listener;
    Listener? _control;
    CancellationTokenSource? _leaving;
    CancellationTokenSource? _returning;

    /// <summary>Where lookups go; with its real port once started.</summary>
    public Uri Address { get; private set; } = address;

    public Uri ControlAddress => _control?.Address ?? Address;

    public bool HasControlAddress => controlAddress is not null;

    public async Task StartAsync()
    {
        if (controlAddress is not null)
            _control = await Listener.OpenAsync(controlAddress, new ControlApplication(upstream, this));
        await ComeAsync();
        if (upstream.Current.Away)
            await ApplyAsync(upstream.Current);
    }

    /// <summary>Makes the behaviour the current one, and goes away or comes back as it says.</summary>
    public async Task ApplyAsync(Behaviour behaviour)
    {
        await _changing.WaitAsync();
        try
        {
            upstream.Current = behaviour;
            _returning?.Cancel();
            _returning?.Dispose();
            _returning = null;
            if (!behaviour.Away)
            {
                await ComeAsync();
                return;
            }

            await GoAsync();
            if (behaviour.AwaySeconds > 0)
            {
                _returning = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
                _ = ReturnAfterAsync(TimeSpan.FromSeconds(behaviour.AwaySeconds), _returning.Token);
            }
        }
        finally
        {
            _changing.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _changing.WaitAsync();
        _returning?.Dispose();
        await GoAsync();
        if (_control is not null)
            await _control.DisposeAsync();
        _stopping.Dispose();
        _changing.Dispose();
    }

    async Task ReturnAfterAsync(TimeSpan delay, CancellationToken cancelled)
    {
        await Task.Delay(delay, upstream.Time, cancelled).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!cancelled.IsCancellationRequested)
            await ApplyAsync(upstream.Current with { Away = false, AwaySeconds = 0 });
    }

    async Task ComeAsync()
    {
        if (_listener is not null)
            return;

        _leaving = new CancellationTokenSource();
        ControlApplication? control = HasControlAddress ? null : new ControlApplication(upstream, this);
        _listener = await Listener.OpenAsync(Address, new LookupApplication(upstream, control, _leaving.Token));
        // The same port again after being away, also where 0 had been asked for.
        Address = _listener.Address;
        await upstream.MarkAsync(LookupOutcome.Listening);
    }

    async Task GoAsync()
    {
        if (_listener is null)
            return;

        await upstream.MarkAsync(LookupOutcome.Away);
        await _leaving!.CancelAsync();
        await _listener.DisposeAsync();
        await upstream.IdleAsync();
        _leaving.Dispose();
        _listener = null;
    }
}
