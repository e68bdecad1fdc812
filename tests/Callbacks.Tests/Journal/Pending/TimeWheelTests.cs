using Callbacks.Journal.Pending;

namespace Callbacks.Tests.Journal.Pending;

public sealed class TimeWheelTests
{
    const long Tick = 1_000;
    const long Start = 1_767_225_600_000_000;

    readonly PendingIds _entries = new(2_001);

    [Fact]
    public void An_empty_one_has_neither_an_oldest_nor_a_newest()
    {
        var wheel = new TimeWheel(_entries, Tick);
        Assert.Equal(0, wheel.PeekOldest(out long time));
        Assert.Equal(0, time);
        Assert.Equal(0, wheel.PeekNewest());
        Assert.Equal(0, wheel.Count);
    }

    [Fact]
    public void Within_a_tick_the_order_is_that_of_adding()
    {
        var wheel = new TimeWheel(_entries, Tick);
        wheel.Add(3, Start + 900);
        wheel.Add(1, Start + 100);
        wheel.Add(2, Start);
        Assert.Equal(3, wheel.PeekOldest(out long time));
        Assert.Equal(Start, time);
        Assert.Equal(2, wheel.PeekNewest());
        wheel.Remove(3);
        Assert.Equal(1, wheel.PeekOldest(out _));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(TimeWheel.Buckets - 1)]
    public void Two_that_lie_apart_are_the_oldest_and_the_newest_wherever_the_wheel_stands(int apart)
    {
        for (int turn = 0; turn < TimeWheel.Buckets; turn += 31)
        {
            var wheel = new TimeWheel(_entries, Tick);
            long time = Start + turn * Tick;
            wheel.Add(1, time);
            wheel.Add(2, time + apart * Tick);
            Assert.Equal(1, wheel.PeekOldest(out long oldest));
            Assert.Equal(time, oldest);
            Assert.Equal(2, wheel.PeekNewest());
            wheel.Remove(1);
            Assert.Equal(2, wheel.PeekOldest(out oldest));
            Assert.Equal(time + apart * Tick, oldest);
            wheel.Add(1, time);
            wheel.Remove(2);
            Assert.Equal(1, wheel.PeekNewest());
            Assert.Equal(1, wheel.PeekOldest(out _));
        }
    }

    [Fact]
    public void What_is_older_than_it_spans_counts_as_the_oldest()
    {
        var wheel = new TimeWheel(_entries, Tick);
        wheel.Add(1, Start);
        wheel.Add(2, Start - 5_000 * Tick);
        Assert.Equal(2, wheel.PeekOldest(out long time));
        Assert.Equal(Start - (TimeWheel.Buckets - 1) * Tick, time);
        Assert.Equal(1, wheel.PeekNewest());
        wheel.Remove(2);
        Assert.Equal(1, wheel.PeekOldest(out time));
        Assert.Equal(Start, time);
    }

    [Fact]
    public void It_does_what_a_sorted_list_does_while_time_goes_on()
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var wheel = new TimeWheel(_entries, Tick);
        // Tick, order of adding: what a wheel is a quick form of, as long as nothing lies further apart than it spans.
        var model = new SortedSet<(long Tick, long Order, int Index)>();
        var places = new Dictionary<int, (long Tick, long Order, int Index)>();
        long now = Start;
        for (int step = 0; step < 100_000; step++)
        {
            now += random.Next(3) * Tick / 2;
            while (model.Count > 0 && model.Min.Tick < now / Tick - TimeWheel.Buckets / 2)
                Remove(model.Min.Index);

            int index = random.Next(1, _entries.Length);
            if (places.ContainsKey(index))
            {
                Remove(index);
            }
            else
            {
                long time = now + random.NextInt64(-TimeWheel.Buckets / 2 * Tick, (TimeWheel.Buckets / 2 - 1) * Tick);
                time = Math.Max(time, (now / Tick - TimeWheel.Buckets / 2) * Tick);
                wheel.Add(index, time);
                places[index] = (time / Tick, step, index);
                model.Add(places[index]);
            }

            Assert.Equal(model.Count, wheel.Count);
            Assert.Equal(model.Count == 0 ? 0 : model.Min.Index, wheel.PeekOldest(out long oldest));
            if (model.Count > 0)
                Assert.Equal(model.Min.Tick * Tick, oldest);
            Assert.Equal(model.Count == 0 ? 0 : model.Max.Index, wheel.PeekNewest());
        }

        void Remove(int index)
        {
            wheel.Remove(index);
            model.Remove(places[index]);
            places.Remove(index);
        }
    }
}
