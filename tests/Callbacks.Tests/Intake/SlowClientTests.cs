using Callbacks.Fixtures;

namespace Callbacks.Tests.Intake;

public sealed class SlowClientTests : IAsyncLifetime
{
    readonly FakeLog _log = new();
    IntakeHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await IntakeHost.StartAsync(_log);

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [InlineData("POST /callback HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{\"object_ids\":[1]}")]
    [InlineData("POST /callback HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n12\r\n{\"object_ids\":[1]}\r\n")]
    [InlineData("POST /callback HTTP/1.1\r\nHost: a\r\n")]
    public async Task Who_stops_in_the_middle_is_told_and_loses_the_connection(string start)
    {
        using RawClient client = await _host.ConnectAsync();

        await client.SendAsync(start);

        Answer? answer = await client.ReadAnswerAsync();
        Assert.Equal(408, answer?.Status);
        Assert.True(answer!.Closes);
        Assert.True(await client.IsClosedAsync());
        Assert.Empty(_log.Appended);
    }
}
