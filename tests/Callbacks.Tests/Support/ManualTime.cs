namespace Callbacks.Tests.Support;

/// <summary>Real time, plus what a test adds to it.</summary>
sealed class ManualTime : TimeProvider
{
    long _added;

    public override long GetTimestamp() => System.GetTimestamp() + Volatile.Read(ref _added);

    public void Advance(TimeSpan span) => Interlocked.Add(ref _added, (long)(span.TotalSeconds * TimestampFrequency));
}
