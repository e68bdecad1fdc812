using Callbacks.Lookup;

namespace Callbacks.Tests.Lookup;

public sealed class ConnectionRemainsTests
{
    const long Max = ConnectionRemains.OpenedMax;

    [Fact]
    public void A_collection_is_due_when_so_many_connections_were_opened_since_the_last_whoever_asked_for_that()
    {
        using var upstream = new Upstream(new LookupOptions(), TimeProvider.System);
        using var remains = new ConnectionRemains(upstream, TimeProvider.System);
        Assert.False(remains.IsDue(collections: 0, opened: Max - 1));
        Assert.True(remains.IsDue(collections: 0, opened: Max));
        Assert.False(remains.IsDue(collections: 1, opened: Max + 10));
        Assert.False(remains.IsDue(collections: 1, opened: 2 * Max + 9));
        Assert.False(remains.IsDue(collections: 2, opened: 2 * Max + 10));
        Assert.True(remains.IsDue(collections: 2, opened: 3 * Max + 10));
    }
}
