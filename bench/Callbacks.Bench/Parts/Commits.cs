using System.Globalization;
using Callbacks.Bench.Framework;
using Callbacks.Tester.Records;
using Npgsql;

namespace Callbacks.Bench.Parts;

/// <summary>
/// When commits became visible to somebody else, to a few milliseconds: a session of its own looks at the snapshot again and again. An upper
/// bound, as it includes the looking. (<c>track_commit_timestamp</c> would tell when a commit began, before it waits for the disk.)
/// </summary>
sealed class Commits(string connectionString)
{
    static readonly TimeSpan Every = TimeSpan.FromMilliseconds(2);

    readonly List<(long At, long Xmin, long Xmax, long[] Running)> _looks = [];

    /// <summary>Between two looks: what a commit was seen too late by is up to that.</summary>
    public Latencies Gaps { get; } = new();

    /// <summary>Until cancelled. On a thread of its own, which waits in the system: one that shared the pool with the load would look when that lets it.</summary>
    public Task WatchAsync(CancellationToken end) => Task.Factory.StartNew(() => Watch(end), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    void Watch(CancellationToken end)
    {
        using NpgsqlDataSource source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false });
        using NpgsqlConnection connection = source.OpenConnection();
        using var look = new NpgsqlCommand("select pg_current_snapshot()::text", connection);
        look.Prepare();
        string last = "";
        long before = BenchContext.Time.GetTimestamp();
        while (!end.IsCancellationRequested)
        {
            string snapshot = (string)look.ExecuteScalar()!;
            long now = BenchContext.Time.GetTimestamp();
            Gaps.Add(BenchContext.Time.GetElapsedTime(before, now));
            before = now;
            if (snapshot != last)
            {
                // After it: what the snapshot shows was visible by then.
                _looks.Add(Parse(snapshot, Moment.Now(BenchContext.Time)));
                last = snapshot;
            }

            end.WaitHandle.WaitOne(Every);
        }
    }

    /// <summary>Microseconds since 1970 when the transaction was first seen committed; null when it never was.</summary>
    public long? VisibleAt(long transaction)
    {
        // Once committed it stays so, and looks are in order of time.
        int first = 0, last = _looks.Count;
        while (first < last)
        {
            int middle = (first + last) / 2;
            if (Shows(_looks[middle], transaction))
                last = middle;
            else
                first = middle + 1;
        }

        return first < _looks.Count ? _looks[first].At : null;
    }

    static bool Shows((long At, long Xmin, long Xmax, long[] Running) look, long transaction) =>
        transaction < look.Xmin || (transaction < look.Xmax && !look.Running.Contains(transaction));

    // "xmin:xmax:running,running"
    static (long At, long Xmin, long Xmax, long[] Running) Parse(string snapshot, long at)
    {
        string[] parts = snapshot.Split(':');
        return (at, Number(parts[0]), Number(parts[1]), [.. parts[2].Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Number)]);

        static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
    }
}
