using Callbacks.Sweep;
using Callbacks.Time;

namespace Callbacks.Tests.Sweep;

public sealed class HeldRowsTests
{
    static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    [Theory]
    [InlineData(10, 1)]
    [InlineData(10_000, 100)]
    [InlineData(20_000, 25)]
    [InlineData(120_000, 50)]
    public void Each_row_leaves_exactly_once_and_only_when_nothing_covers_it(int rows, int passMilliseconds)
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var coverage = new FakeCoverage(new ServiceTime(TimeProvider.System));
        var held = NewHeldRows(rows);
        var left = new HashSet<long>();
        var start = new Instant(1_000_000);
        for (int id = 0; id < rows; id++)
        {
            Assert.True(held.TryAdd(id, start + TimeSpan.FromMicroseconds(id), start));
            left.Add(id);
            coverage.Add(id);
        }

        Assert.False(held.TryAdd(rows, start, start));
        Instant now = start;
        var due = new List<DueRow>();
        for (int turn = 0; left.Count > 0; turn++)
        {
            Assert.True(turn < 1_000, "It does not end.");
            HashSet<long> uncovered = [.. left.Where(_ => random.Next(3) == 0)];
            coverage.Remove([.. uncovered]);
            int before = left.Count;
            // A row that fills a gap may lose its turn, and of many thousands some lose it more than once.
            for (Instant until = now + 6 * HeldRows.AskInterval; now < until;)
            {
                now += passMilliseconds * Millisecond;
                held.MoveUncovered(coverage, start, now, due);
            }

            foreach (DueRow row in due)
            {
                Assert.True(left.Remove(row.Id), $"{row.Id} left twice.");
                Assert.Contains(row.Id, uncovered);
                Assert.Equal(start + TimeSpan.FromMicroseconds(row.Id), row.LastSeen);
                Assert.True(row.DueAt <= now);
            }

            due.Clear();
            Assert.Equal(before - uncovered.Count, held.Count);
        }
    }

    [Fact]
    public void Passes_in_quick_succession_ask_for_a_part_and_within_the_interval_for_all()
    {
        const int Rows = 20_000;
        var coverage = new FakeCoverage(new ServiceTime(TimeProvider.System));
        var held = NewHeldRows(Rows);
        var start = new Instant(1_000_000);
        for (int id = 0; id < Rows; id++)
        {
            held.TryAdd(id, start, start);
            coverage.Add(id);
        }

        var due = new List<DueRow>();
        held.MoveUncovered(coverage, start, start, due);
        Assert.Empty(due);
        coverage.Remove([.. Enumerable.Range(0, Rows).Select(id => (long)id)]);
        held.MoveUncovered(coverage, start, start + Millisecond, due);
        Assert.Equal(HeldRows.PassRowsMin + Rows / 100, due.Count);
        held.MoveUncovered(coverage, start, start + HeldRows.AskInterval, due);
        Assert.Equal(Rows, due.Count);
    }

    [Fact]
    public void What_is_read_again_is_forgotten()
    {
        var held = NewHeldRows(100);
        for (int id = 0; id < 100; id++)
            held.TryAdd(id, new Instant(id), new Instant(0));
        Assert.True(held.HasAny(new Instant(99)));
        Assert.False(held.HasAny(new Instant(100)));
        held.Forget(new Instant(40), new Instant(90));
        Assert.Equal(50, held.Count);
        var due = new List<DueRow>();
        held.MoveUncovered(new FakeCoverage(new ServiceTime(TimeProvider.System)), new Instant(0), new Instant(0), due);
        Assert.Equal(Enumerable.Range(0, 40).Concat(Enumerable.Range(90, 10)).Select(id => (long)id), due.Select(row => row.Id).Order());
    }

    static HeldRows NewHeldRows(int rows) => new(rows, new GracePeriod(new ServiceTime(TimeProvider.System), TimeSpan.FromSeconds(30)));
}
