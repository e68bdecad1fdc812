namespace Callbacks.SystemTests.Acceptance;

/// <summary>
/// The machine's, for the time in which a trial puts load on it. When a trial only waits, for the upstream and for its rows to go, the next
/// one may begin: waiting is half of what these trials do.
/// </summary>
sealed class Turn : IDisposable
{
    static readonly SemaphoreSlim Gate = new(1);
    static readonly TimeSpan PreparationsMax = TimeSpan.FromSeconds(10);
    static int _preparations;
    static int _taken;

    readonly long _start = TimeProvider.System.GetTimestamp();
    readonly int _number = Interlocked.Increment(ref _taken);
    int _isOver;

    Turn()
    {
    }

    /// <summary>Whether another trial has had its turn since: times are not what they would have been.</summary>
    public bool WasFollowed => Volatile.Read(ref _taken) != _number;

    /// <summary>For as long as a trial does what comes before its turn. The very first ones all do it at once, which is a load of its own.</summary>
    public static IDisposable Prepare() => new Preparation();

    /// <summary>Waits until the machine is free; null for a test that isn't <see cref="AloneAttribute"/>.</summary>
    public static async Task<Turn?> TakeIfAloneAsync()
    {
        if (TestContext.Current.Test?.Traits.ContainsKey(AloneAttribute.Name) != true)
            return null;
        await Gate.WaitAsync();
        long start = TimeProvider.System.GetTimestamp();
        while (Volatile.Read(ref _preparations) > 0 && TimeProvider.System.GetElapsedTime(start) < PreparationsMax)
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        return new Turn();
    }

    /// <summary>Ends it. May be called again.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isOver, 1) != 0)
            return;
        Gate.Release();
        TestContext.Current.TestOutputHelper?.WriteLine($"Its turn took {TimeProvider.System.GetElapsedTime(_start).TotalSeconds:F1} s.");
    }

    sealed class Preparation : IDisposable
    {
        public Preparation() => Interlocked.Increment(ref _preparations);

        public void Dispose() => Interlocked.Decrement(ref _preparations);
    }
}
