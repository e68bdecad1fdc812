using Callbacks.Tester.Records;
using Callbacks.Tester.Send;

namespace Callbacks.Tests.Tester;

public sealed class SendOverHttp
{
    [Fact]
    public async Task A_202_is_recorded_with_its_id_and_receive_time()
    {
        await using RawServer server = RawServer.Start(number => Task.FromResult<string?>(RawServer.Accepted(number)));
        using CallbackClient client = Client(server.Address);
        PostRecord post = await client.PostAsync([1, 2]);
        Assert.True(post.IsAcknowledged);
        Assert.Equal("t-1", post.CallbackId);
        Assert.Equal("2026-01-01T00:00:00.000001Z", Moment.Text(post.ReceivedAt));
        Assert.True(post.SendEnd >= post.SendStart);
    }

    [Fact]
    public async Task A_post_whose_kept_alive_connection_is_closed_under_it_is_not_sent_again()
    {
        // The first is answered, so that the second one goes out on a kept-alive connection, where SocketsHttpHandler would like to try again.
        await using RawServer server = RawServer.Start(number => Task.FromResult(number == 2 ? null : RawServer.Accepted(number)));
        using CallbackClient client = Client(server.Address);
        Assert.Equal(PostOutcome.Answered, (await client.PostAsync([1])).Outcome);
        PostRecord second = await client.PostAsync([2]);
        Assert.Equal(PostOutcome.Closed, second.Outcome);
        Assert.True(second.MayCount);
        Assert.Equal(1, server.Connections);
        Assert.Equal(PostOutcome.Answered, (await client.PostAsync([3])).Outcome);
        Assert.Equal(3, server.Requests);
    }

    [Fact]
    public async Task Fresh_connections_are_one_a_post()
    {
        await using RawServer server = RawServer.Start(number => Task.FromResult<string?>(RawServer.Accepted(number)));
        using CallbackClient client = Client(server.Address, plan => plan with { FreshConnections = true });
        for (int number = 0; number < 5; number++)
            Assert.Equal(PostOutcome.Answered, (await client.PostAsync([1])).Outcome);
        Assert.Equal(5, server.Connections);
    }

    [Fact]
    public async Task Patience_ends_without_an_answer()
    {
        var never = new TaskCompletionSource<string?>();
        await using RawServer server = RawServer.Start(_ => never.Task);
        using CallbackClient client = Client(server.Address, plan => plan with { Patience = TimeSpan.FromSeconds(2) });
        PostRecord post = await client.PostAsync([1]);
        Assert.Equal(PostOutcome.Timeout, post.Outcome);
        Assert.InRange(post.SendEnd - post.SendStart, 1_900 * Moment.PerMillisecond, 30 * Moment.PerSecond);
        Assert.Equal(1, server.Requests);
        never.SetResult(null);
    }

    [Fact]
    public async Task A_refused_connection_has_no_effect()
    {
        Uri nobody;
        await using (RawServer server = RawServer.Start(_ => Task.FromResult<string?>(null)))
            nobody = server.Address;
        using CallbackClient client = Client(nobody);
        PostRecord post = await client.PostAsync([1]);
        Assert.Equal(PostOutcome.Refused, post.Outcome);
        Assert.False(post.MayCount);
    }

    [Fact]
    public async Task A_late_answer_does_not_delay_the_next_callback()
    {
        var held = new TaskCompletionSource<string?>();
        await using RawServer server = RawServer.Start(number =>
        {
            // All of them wait until the last has come.
            if (number == 10)
                held.SetResult(RawServer.Accepted(number));
            return held.Task;
        });
        SendPlan plan = Plan(server.Address) with { Rate = 100, Duration = TimeSpan.FromMilliseconds(95), Patience = TimeSpan.FromSeconds(20) };
        using var client = new CallbackClient(plan, TimeProvider.System);
        var sender = new Sender(plan, client, ledger: null, TimeProvider.System);
        await sender.RunAsync(CancellationToken.None);
        Assert.Equal(10, server.Requests);
        Assert.Contains("202: 10", new SendReport(plan, sender.Summary.Take()).ToText(), StringComparison.Ordinal);
    }

    static SendPlan Plan(Uri url) => new() { Url = url, IdsPerCallback = new IntRange(1, 3), Patience = TimeSpan.FromSeconds(10) };

    static CallbackClient Client(Uri url, Func<SendPlan, SendPlan>? with = null) => new((with ?? (plan => plan))(Plan(url)), TimeProvider.System);
}
