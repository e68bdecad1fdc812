using Callbacks.Journal;

namespace Callbacks.Tests.Journal;

public sealed class VisitYieldTests
{
    const int Large = 100;

    readonly VisitYield _yield = new();

    [Fact]
    public void Every_group_is_visited_as_long_as_visits_settle_something()
    {
        for (int group = 0; group < 100; group++)
        {
            Assert.True(_yield.IsDue(Large));
            _yield.Record(new GroupVisit(Settled: 4, Pending: Large - 4));
        }
    }

    [Fact]
    public void Where_next_to_nothing_is_settled_one_group_in_sixteen_is_visited()
    {
        _yield.Record(new GroupVisit(Settled: 1, Pending: Large - 1));
        Assert.Equal(10, Enumerable.Range(0, 160).Count(_ => _yield.IsDue(Large)));
    }

    [Fact]
    public void One_good_visit_brings_all_of_them_back()
    {
        _yield.Record(new GroupVisit(Settled: 0, Pending: Large));
        Assert.False(_yield.IsDue(Large));
        _yield.Record(new GroupVisit(Settled: Large, Pending: 0));
        Assert.True(_yield.IsDue(Large));
    }

    [Fact]
    public void A_small_group_is_always_visited()
    {
        _yield.Record(new GroupVisit(Settled: 0, Pending: Large));
        Assert.All(Enumerable.Range(0, 100), _ => Assert.True(_yield.IsDue(callbacks: 31)));
    }
}
