namespace Callbacks.SystemTests.Acceptance;

/// <summary>
/// The machine's, for the time in which a trial puts load on it. When a trial only waits, for the upstream and for its rows to go, the next
/// one may begin: waiting is half of what these trials do. Two that put little load on it share it.
/// </summary>
sealed class Turn : IDisposable
{
    const int Places = 2;

    static readonly SemaphoreSlim Free = new(Places);
    // In the order in which they came: one that needs all places isn't overtaken by those that share.
    static readonly SemaphoreSlim Next = new(1);
    static int _taken;

    readonly int _number = Interlocked.Increment(ref _taken);
    readonly int _places;
    int _isOver;

    Turn(int places) => _places = places;

    /// <summary>Whether another trial has its turn now, or has had it since: times are not what they would have been.</summary>
    public bool WasShared => _places < Places || Volatile.Read(ref _taken) != _number;

    /// <summary>Waits until the machine is free; null for a test that isn't <see cref="AloneAttribute"/>.</summary>
    /// <param name="shares">Whether another one that does so, too, may have its turn at the same time.</param>
    public static async Task<Turn?> TakeIfAloneAsync(bool shares)
    {
        if (TestContext.Current.Test?.Traits.ContainsKey(AloneAttribute.Name) != true)
            return null;
        int places = shares ? 1 : Places;
        await Next.WaitAsync();
        try
        {
            for (int i = 0; i < places; i++)
                await Free.WaitAsync();
        }
        finally
        {
            Next.Release();
        }

        return new Turn(places);
    }

    /// <summary>Ends it. May be called again.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isOver, 1) == 0)
            Free.Release(_places);
    }
}
