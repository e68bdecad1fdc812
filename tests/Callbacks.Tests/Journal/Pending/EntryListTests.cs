using Callbacks.Journal.Pending;

namespace Callbacks.Tests.Journal.Pending;

public sealed class EntryListTests
{
    [Fact]
    public void It_does_what_a_linked_list_does()
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var entries = new PendingIds(51);
        var list = new EntryList();
        var model = new LinkedList<int>();
        for (int step = 0; step < 20_000; step++)
        {
            int index = random.Next(1, entries.Length);
            if (model.Remove(index))
            {
                list.Remove(entries, index);
            }
            else
            {
                list.AddLast(entries, index);
                model.AddLast(index);
            }

            Assert.Equal(model.Count == 0, list.IsEmpty);
            Assert.Equal(model.First?.Value ?? 0, list.First);
            Assert.Equal(model.Last?.Value ?? 0, list.Last);
            Assert.Equal(model, Walk(entries, list));
        }
    }

    static List<int> Walk(PendingIds entries, EntryList list)
    {
        var indices = new List<int>();
        for (int index = list.First; index != 0; index = entries.DetailsOf(index).Next)
            indices.Add(index);
        return indices;
    }
}
