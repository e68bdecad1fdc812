using System.Net;
using Callbacks.Local;

namespace Callbacks.SystemTests.Acceptance;

/// <summary>The tester's upstream, whose behaviour can be changed while it runs.</summary>
sealed class UpstreamProcess(string logPath, string[] arguments) : IAsyncDisposable
{
    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    readonly HttpClient _client = new() { Timeout = Deadline };
    readonly Uri _controlUrl = new($"http://localhost:{Fixtures.FreePort.Take()}/");
    ChildProcess? _process;

    public Uri Url { get; } = new($"http://localhost:{Fixtures.FreePort.Take()}/");

    public async Task StartAsync()
    {
        var lines = new Transcript();
        var listens = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _process = ChildProcess.Start(
            Programs.Tester(["serve", "--url", $"{Url}", "--control-url", $"{_controlUrl}", "--log", logPath, .. arguments]) with { OnLine = OnLine });
        await Task.WhenAny(listens.Task, _process.Exited).WaitAsync(Deadline);
        Assert.True(listens.Task.IsCompleted, $"The upstream did not start. It said:\n{lines}");

        void OnLine(string line)
        {
            lines.Add(line);
            if (line.StartsWith("Objects on ", StringComparison.Ordinal))
                listens.TrySetResult();
        }
    }

    /// <param name="behaviour">JSON; what it doesn't name is as at the start.</param>
    public async Task ControlAsync(string behaviour)
    {
        using var content = new StringContent(behaviour);
        using HttpResponseMessage response = await _client.PutAsync(new Uri(_controlUrl, "control"), content);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    /// <summary>Ends it, its log complete.</summary>
    public async Task StopAsync() => Assert.Equal(0, await _process!.StopAsync(Signal.Terminate, Deadline));

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await _process.DisposeAsync();
        _client.Dispose();
    }
}
