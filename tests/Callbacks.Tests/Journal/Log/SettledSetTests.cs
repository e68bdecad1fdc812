using Callbacks.Journal.Log;

namespace Callbacks.Tests.Journal.Log;

public sealed class SettledSetTests
{
    [Fact]
    public void An_empty_one_holds_nothing_but_every_empty_run()
    {
        var set = new SettledSet();
        Assert.False(set.Contains(0));
        Assert.False(set.Contains(ulong.MaxValue));
        Assert.True(set.ContainsAll(5, 0));
        Assert.False(set.ContainsAll(5, 1));
    }

    [Fact]
    public void A_lower_number_may_come_after_a_higher_one()
    {
        var set = new SettledSet();
        set.Add(1_000);
        set.Add(3);
        set.Add(100_000);
        Assert.True(set.Contains(3) && set.Contains(1_000) && set.Contains(100_000));
        Assert.False(set.Contains(4) || set.Contains(999) || set.Contains(1_001) || set.Contains(64) || set.Contains(0));
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(1UL)]
    [InlineData(9_999_999_937UL)]
    [InlineData((1UL << 48) - 4_000)]
    public void It_does_what_a_hash_set_does(ulong first)
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var set = new SettledSet();
        var model = new HashSet<ulong>();
        for (int step = 0; step < 30_000; step++)
        {
            ulong number = first + (ulong)random.Next(3_000);
            set.Add(number);
            model.Add(number);
            ulong asked = first + (ulong)random.Next(3_200);
            Assert.Equal(model.Contains(asked), set.Contains(asked));
            int count = random.Next(300);
            if (step % 8 == 0)
                Assert.Equal(Enumerable.Range(0, count).All(i => model.Contains(asked + (ulong)i)), set.ContainsAll(asked, count));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(150)]
    [InlineData(255)]
    public void One_number_that_is_missing_is_noticed(int missing)
    {
        var set = new SettledSet();
        for (int i = 0; i < 256; i++)
        {
            if (i != missing)
                set.Add(1_000 + (ulong)i);
        }

        Assert.False(set.ContainsAll(1_000, 256));
        set.Add(1_000 + (ulong)missing);
        Assert.True(set.ContainsAll(1_000, 256));
        Assert.False(set.ContainsAll(999, 257));
        Assert.False(set.ContainsAll(1_000, 257));
    }
}
