using System.Net.Sockets;
using Callbacks.Fixtures;
using Callbacks.Intake;
using Callbacks.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Callbacks.Tests.Intake;

public sealed class ConnectionsTests : IAsyncLifetime
{
    const string Body = """{"object_ids":[1,2,3]}""";

    readonly ManualTime _time = new();
    readonly FakeLog _log = new();
    IntakeHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await IntakeHost.StartAsync(_log, ["--Intake:ConnectionsMax=40"], _time);

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    Connections Connections => _host.Services.GetRequiredService<Connections>();

    [Fact]
    public async Task Idle_connections_keep_no_newcomer_out_and_the_longest_idle_go_first()
    {
        List<RawClient> idle = [];
        try
        {
            for (int i = 0; i < 39; i++)
            {
                idle.Add(await _host.ConnectAsync());
                Assert.Equal(202, (await idle[^1].PostAsync(Body)).Status);
                _time.Advance(TimeSpan.FromMinutes(1));
            }

            // Each newcomer keeps its connection too.
            for (int i = 0; i < 20; i++)
            {
                idle.Add(await _host.ConnectAsync());
                Assert.Equal(202, (await idle[^1].PostAsync(Body)).Status);
                _time.Advance(TimeSpan.FromMinutes(1));
            }

            Assert.InRange(Connections.Count, 1, 40);
            for (int i = 0; i < 15; i++)
                Assert.True(await idle[i].IsClosedAsync(), $"connection {i}");

            Assert.Equal(202, (await idle[^2].PostAsync(Body)).Status);
        }
        finally
        {
            idle.ForEach(client => client.Dispose());
        }
    }

    [Fact]
    public async Task Connections_that_never_say_anything_keep_no_newcomer_out()
    {
        List<RawClient> silent = [];
        try
        {
            for (int i = 0; i < 200; i++)
                silent.Add(await _host.ConnectAsync());

            using RawClient client = await _host.ConnectAsync();
            Task<Answer> answer = client.PostAsync(Body);
            // The kernel has taken all of them; the newcomer's turn comes when those before it have been idle for long enough.
            while (!answer.IsCompleted)
            {
                _time.Advance(TimeSpan.FromSeconds(2));
                await Task.WhenAny(answer, Task.Delay(100));
            }

            Assert.Equal(202, (await answer).Status);
            Assert.InRange(Connections.Count, 1, 40);
        }
        finally
        {
            silent.ForEach(client => client.Dispose());
        }
    }

    [Fact]
    public async Task Connections_that_never_say_anything_go_before_those_kept_between_callbacks()
    {
        using RawClient kept = await _host.ConnectAsync();
        Assert.Equal(202, (await kept.PostAsync(Body)).Status);
        // Still in use when the last place is taken.
        _time.Advance(TimeSpan.FromSeconds(0.5));
        List<RawClient> others = [];
        try
        {
            for (int i = 0; i < 39; i++)
                others.Add(await _host.ConnectAsync());

            while (Connections.Count < 40)
                await Task.Delay(1);

            _time.Advance(TimeSpan.FromSeconds(2));
            for (int i = 0; i < 30; i++)
            {
                others.Add(await _host.ConnectAsync());
                Assert.Equal(202, (await others[^1].PostAsync(Body)).Status);
            }

            Assert.True(await others[0].IsClosedAsync());
            Assert.Equal(202, (await kept.PostAsync(Body)).Status);
        }
        finally
        {
            others.ForEach(client => client.Dispose());
        }
    }

    [Fact]
    public async Task More_busy_clients_than_places_take_turns()
    {
        _log.Delay = () => Task.Delay(1);
        int[] crossings = await Task.WhenAll(Enumerable.Range(0, 120).Select(async _ =>
        {
            int answered = 0, crossed = 0;
            RawClient? client = null;
            while (answered < 20)
            {
                client ??= await _host.ConnectAsync();
                Answer? answer = await TryPostAsync(client);
                answered += answer is null ? 0 : 1;
                crossed += answer is null ? 1 : 0;
                if (answer is not { Closes: false })
                {
                    client.Dispose();
                    client = null;
                }
            }

            client?.Dispose();
            return crossed;
        }));

        Assert.InRange(_log.Appended.Count, 2400, 2400 + crossings.Sum());
        // To a server that stood still for a second every connection looks idle, also one of which the next post is on its way.
        Assert.InRange(crossings.Sum(), 0, 12);

        static async Task<Answer?> TryPostAsync(RawClient client)
        {
            try
            {
                Answer answer = await client.PostAsync(Body);
                Assert.Equal(202, answer.Status);
                return answer;
            }
            catch (Exception exception) when (exception is IOException or SocketException)
            {
                return null;
            }
        }
    }

    [Fact]
    public async Task A_stop_ends_though_all_places_are_taken()
    {
        List<RawClient> clients = [];
        for (int i = 0; i < 60; i++)
            clients.Add(await _host.ConnectAsync());

        while (Connections.Count < 40)
            await Task.Delay(1);

        await _host.StopAsync().WaitAsync(TimeSpan.FromSeconds(20));

        Assert.Equal(0, Connections.Count);
        clients.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task A_request_under_way_is_not_cut_off_to_make_room()
    {
        TaskCompletionSource durable = new();
        _log.Delay = () => durable.Task;
        List<RawClient> clients = [];
        try
        {
            for (int i = 0; i < 40; i++)
            {
                clients.Add(await _host.ConnectAsync());
                await clients[^1].SendAsync(RawClient.Post(Body));
            }

            while (_log.Appended.Count < 40)
                await Task.Delay(1);

            _time.Advance(TimeSpan.FromMinutes(1));
            using RawClient newcomer = await _host.ConnectAsync();
            Task<Answer> answer = newcomer.PostAsync(Body);
            // Room is looked for again after a second; it must not be found among these.
            await Task.WhenAny(answer, Task.Delay(1200));
            Assert.False(answer.IsCompleted);

            durable.SetResult();
            foreach (RawClient client in clients)
                Assert.Equal(202, (await client.ReadAnswerAsync())?.Status);

            Assert.Equal(202, (await answer).Status);
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }
    }
}
