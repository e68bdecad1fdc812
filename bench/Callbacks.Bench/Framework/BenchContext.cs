using Callbacks.Local;

namespace Callbacks.Bench.Framework;

/// <param name="Runs">Null: the bench's own.</param>
/// <param name="Seconds">Of a side; null: the bench's own.</param>
/// <param name="IsSmoke">A few seconds, to see that it runs; no time is judged.</param>
/// <param name="Other">The <c>callback.dll</c> of another build, which is then a side, too.</param>
sealed record BenchOptions(int? Runs, int? Seconds, bool IsSmoke, string Results, string? Other = null);

/// <summary>What a bench is given: how long, where, and how to say how it is going.</summary>
sealed class BenchContext(BenchOptions options, CancellationToken stop) : IDisposable
{
    static int _count;

    public bool IsSmoke => options.IsSmoke;

    /// <summary>Of the service on this side; null: the one that is measured.</summary>
    public string? Build { get; set; }

    /// <summary>For the environment of the service on this side.</summary>
    public Dictionary<string, string?> Variables { get; } = new(StringComparer.Ordinal);

    public CancellationToken Stop => stop;

    public static TimeProvider Time => TimeProvider.System;

    /// <summary>Goes with the bench. Beside the results, which is on a real disk, as a folder for temporary files need not be.</summary>
    public string Folder { get; } = Directory.CreateDirectory(
        Path.Combine(options.Results, $"work-{Environment.ProcessId}-{Interlocked.Increment(ref _count)}")).FullName;

    /// <summary>Which run and side, in front of each line of progress.</summary>
    public string Where { get; set; } = "";

    /// <summary>Of a side.</summary>
    public int Seconds(int full, int smoke = 2) => options.Seconds ?? (IsSmoke ? smoke : full);

    /// <summary>Of anything else that is smaller when nothing is judged.</summary>
    public int Size(int full, int smoke) => IsSmoke ? smoke : full;

    public void Say(string text) => Console.WriteLine(Where.Length == 0 ? text : $"{Where}: {text}");

    public static Task WaitAsync(TimeSpan wait, CancellationToken stop) => Task.Delay(wait, Time, stop);

    public void Dispose()
    {
        if (Directory.Exists(Folder))
            Directory.Delete(Folder, recursive: true);
    }

    /// <summary>The program's own messages have no stack.</summary>
    public static bool IsExpected(Exception exception) => exception is LocalException or BenchException or TimeoutException;
}

/// <summary>The bench can't be taken; the message says why.</summary>
sealed class BenchException(string message) : Exception(message);
