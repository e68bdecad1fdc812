using Callbacks.Store;

namespace Callbacks.View.Dashboard;

/// <summary>
/// How many objects are online now. Counting reads the whole table, so it is done only while somebody looks, not more often than once a
/// second, and never takes more than a twentieth of one connection's time.
/// </summary>
sealed class OnlineCount(ObjectReader reader, TimeProvider time)
{
    const int RestPerWork = 19;

    static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    readonly Lock _lock = new();
    Task _counting = Task.CompletedTask;
    long? _count;
    long _countedAt;
    TimeSpan _rest;

    /// <summary>The last count; null when PostgreSQL did not answer. Starts the next one when it's due.</summary>
    public long? Read()
    {
        lock (_lock)
        {
            if (_counting.IsCompleted && (_countedAt == 0 || time.GetElapsedTime(_countedAt) >= _rest))
                _counting = CountAsync();
            return _count;
        }
    }

    async Task CountAsync()
    {
        await Task.Yield();
        long start = time.GetTimestamp();
        long? count;
        try
        {
            count = await reader.CountOnlineAsync(CancellationToken.None);
        }
        catch (Exception)
        {
            // The status says what is wrong with PostgreSQL; here it is only that nobody knows.
            count = null;
        }

        // The reader has given up by then, or the process was stopped meanwhile.
        TimeSpan took = time.GetElapsedTime(start);
        TimeSpan rest = (took < ObjectReader.AnswerLimit ? took : ObjectReader.AnswerLimit) * RestPerWork;
        lock (_lock)
            (_count, _countedAt, _rest) = (count, time.GetTimestamp(), rest > Every ? rest : Every);
    }
}
