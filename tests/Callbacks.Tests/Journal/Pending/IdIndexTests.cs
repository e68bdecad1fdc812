using Callbacks.Journal.Pending;

namespace Callbacks.Tests.Journal.Pending;

public sealed class IdIndexTests
{
    [Fact]
    public void The_ids_at_the_edges_are_found_and_forgotten()
    {
        long[] ids = [0, -1, 1, long.MinValue, long.MaxValue, int.MinValue, int.MaxValue, 1L << 32, -(1L << 32), long.MinValue + 1];
        var entries = new PendingIds(ids.Length + 1);
        var index = new IdIndex(entries, new Random(1));
        for (int i = 0; i < ids.Length; i++)
        {
            Assert.Equal(0, index.Find(ids[i]));
            entries[i + 1].Id = ids[i];
            index.Add(ids[i], i + 1);
        }

        for (int i = 0; i < ids.Length; i++)
            Assert.Equal(i + 1, index.Find(ids[i]));
        for (int i = 0; i < ids.Length; i++)
        {
            index.Remove(ids[i]);
            for (int j = 0; j < ids.Length; j++)
                Assert.Equal(j <= i ? 0 : j + 1, index.Find(ids[j]));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(16)]
    [InlineData(1_000)]
    public void It_does_what_a_dictionary_does(int capacity)
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var entries = new PendingIds(capacity + 1);
        var index = new IdIndex(entries, random);
        var model = new Dictionary<long, int>();
        var free = new Stack<int>(Enumerable.Range(1, capacity));
        for (int step = 0; step < 200_000; step++)
        {
            long id = Draw(random, capacity);
            Assert.Equal(model.GetValueOrDefault(id), index.Find(id));
            if (model.Remove(id, out int entry))
            {
                index.Remove(id);
                free.Push(entry);
                // As the table leaves it: the old id stays in a free entry, and must not be found there.
                Assert.Equal(0, index.Find(id));
            }
            else if (free.TryPop(out entry))
            {
                entries[entry].Id = id;
                index.Add(id, entry);
                model.Add(id, entry);
                Assert.Equal(entry, index.Find(id));
            }
        }

        foreach ((long id, int entry) in model)
            Assert.Equal(entry, index.Find(id));
    }

    [Fact]
    public void Ids_in_a_row_and_in_strides_are_as_quick_as_any()
    {
        // What would be a cluster of all entries with a poor hash is quadratic, which the deadline of a test run would show.
        foreach (int shift in new[] { 0, 20, 32, 43 })
        {
            var entries = new PendingIds(200_001);
            var index = new IdIndex(entries, new Random(1));
            for (int i = 1; i < entries.Length; i++)
            {
                entries[i].Id = (long)i << shift;
                index.Add(entries[i].Id, i);
            }

            for (int i = 1; i < entries.Length; i++)
                Assert.Equal(i, index.Find((long)i << shift));
        }
    }

    static long Draw(Random random, int capacity) => random.Next(4) switch
    {
        0 => random.Next(capacity * 2) - capacity,
        1 => (long)random.Next(capacity * 2) << 32,
        2 => long.MinValue + random.Next(capacity * 2),
        _ => long.MaxValue - random.Next(capacity * 2),
    };
}
