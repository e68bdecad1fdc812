using Callbacks.Journal.Pending;
using Callbacks.Store;
using Callbacks.Time;

namespace Callbacks.Lookup;

/// <summary>The answers that wait in the pending table, as the store takes them.</summary>
sealed class AnsweredObjects(PendingTable table, ServiceTime time) : IObjectSource
{
    /// <inheritdoc/>
    public ValueTask WaitAsync(TimeSpan timeout, CancellationToken cancellationToken) => table.AnswersWaiting.WaitAsync(timeout, cancellationToken);

    /// <inheritdoc/>
    public void Take(List<ObjectState> batch, int rowsMax, bool suspects)
    {
        batch.Clear();
        if (table.TakeAnswers(time.Now, rowsMax, (id, online, lastSeen) => batch.Add(new ObjectState(id, online, lastSeen)), suspects))
            table.AnswersWaiting.Set();
    }

    /// <inheritdoc/>
    public void Stored() => table.AnswersStored();

    /// <inheritdoc/>
    public void Returned(bool asSuspects) => table.AnswersReturned(asSuspects);
}
