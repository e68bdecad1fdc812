using System.Globalization;
using Callbacks.Local;

namespace Callbacks.SystemTests.Acceptance;

/// <summary>The service, which may be killed, stopped and started again on the same journal.</summary>
/// <param name="port">Where it listens; <paramref name="socket"/>'s when there is one.</param>
/// <param name="socket">Held for it while it is down; null: connections are refused meanwhile.</param>
sealed class ServiceProcess(int port, HeldSocket? socket, string[] arguments) : IAsyncDisposable
{
    static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(60);
    static readonly TimeSpan StopDeadline = TimeSpan.FromSeconds(20);

    // A connection per question: none is left over from a process that has ended.
    readonly HttpClient _client = new(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero }) { Timeout = TimeSpan.FromSeconds(5) };
    ChildProcess? _process;

    public Uri Url { get; } = new($"http://localhost:{port}/");

    public Transcript Lines { get; } = new();

    /// <summary>File descriptors that it may hold; null: as many as this process.</summary>
    public int? FilesMax { get; init; }

    public int Id => _process!.Id;

    /// <summary>Returns when it says that it is ready.</summary>
    public async Task StartAsync()
    {
        string[] urls = socket is null ? [$"--urls={Url}"] : [];
        ChildStart start = Programs.Service([.. urls, .. arguments]);
        if (FilesMax is { } filesMax)
            start = Programs.WithFiles(start, filesMax);
        ChildProcess process = ChildProcess.Start(start with { Socket = socket, OnLine = Lines.Add });
        _process = process;
        await Eventually.TrueAsync(IsReadyAsync, StartDeadline, () => $"the service is ready. It said:\n{Lines}");

        async Task<bool> IsReadyAsync()
        {
            if (process.Exited.IsCompleted)
                throw new InvalidOperationException($"The service ended with {await process.Exited}. It said:\n{Lines}");
            using HttpResponseMessage response = await _client.GetAsync(new Uri(Url, "readyz"));
            return response.IsSuccessStatusCode;
        }
    }

    public async Task KillAsync()
    {
        _process!.Send(Signal.Kill);
        await _process.Exited.WaitAsync(StopDeadline);
    }

    public async Task StopAsync()
    {
        int exitCode = await _process!.StopAsync(Signal.Terminate, StopDeadline);
        Assert.True(exitCode == 0, $"Asked to stop, the service ended with {exitCode}. It said:\n{Lines}");
    }

    public async Task<ServiceStatus> StatusAsync() => ServiceStatus.Parse(await _client.GetStringAsync(new Uri(Url, "status")));

    /// <summary>From <c>/proc</c>; the process runs under its own id from the start.</summary>
    public double ResidentMebibytes()
    {
        const string Line = "VmRSS:";
        string line = File.ReadLines($"/proc/{_process!.Id}/status").First(line => line.StartsWith(Line, StringComparison.Ordinal));
        return int.Parse(line[Line.Length..].Replace("kB", "", StringComparison.Ordinal), NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite) / 1024.0;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await _process.DisposeAsync();
        _client.Dispose();
    }
}
