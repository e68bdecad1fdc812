using Callbacks.Intake;

namespace Callbacks.Tests.Intake;

public sealed class DistinctIdsTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(10_000)]
    public void Duplicates_are_merged_as_Distinct_merges_them(int count)
    {
        Random random = new(count);
        DistinctIds distinct = new((ulong)random.NextInt64());
        foreach (int range in new[] { 1, 10, count + 1, int.MaxValue })
        {
            long[] ids = [.. Enumerable.Range(0, count).Select(_ => random.NextInt64(-range, range))];
            long[] expected = [.. ids.Distinct()];

            int merged = distinct.Merge(ids);

            Assert.Equal(expected, ids[..merged]);
        }
    }

    [Fact]
    public void Ids_that_differ_only_in_their_high_bits_are_kept_apart()
    {
        long[] ids = [.. Enumerable.Range(0, 1024).Select(i => (long)i << 54)];

        Assert.Equal(ids.Length, new DistinctIds(0x9e37_79b9_7f4a_7c15).Merge(ids));
    }
}
