using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Callbacks.Local;
using Callbacks.SystemTests.Acceptance;

namespace Callbacks.SystemTests.Dashboard;

/// <summary>
/// Chromium without a window, with one page, driven by its own DevTools protocol: nothing has to be downloaded for it. What the page asks
/// for and complains of is kept.
/// </summary>
sealed class Browser : IAsyncDisposable
{
    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

    readonly ChildProcess _process;
    readonly string _profile;
    readonly ClientWebSocket _socket = new();
    readonly CancellationTokenSource _ending = new();
    readonly SemaphoreSlim _sending = new(1);
    readonly ConcurrentDictionary<int, TaskCompletionSource<JsonNode>> _asked = new();
    Task _receiving = Task.CompletedTask;
    string _session = "";
    int _last;

    Browser(ChildProcess process, string profile) => (_process, _profile) = (process, profile);

    /// <summary>Addresses that the page asked for.</summary>
    public ConcurrentQueue<Uri> Requests { get; } = new();

    /// <summary>Errors and warnings of the page's console, exceptions, and what its security policy refused.</summary>
    public ConcurrentQueue<string> Complaints { get; } = new();

    /// <summary>Skips the calling test where no Chromium is; fails it in CI.</summary>
    public static async Task<Browser> StartAsync()
    {
        string? program = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
            .SelectMany(folder => Names.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
        if (program is null)
        {
            const string Message = "Chromium is needed to look at the dashboard: install it (Debian: apt-get install chromium).";
            Assert.SkipWhen(Environment.GetEnvironmentVariable("CI") is not "true", Message);
            Assert.Fail(Message);
        }

        string profile = Directory.CreateTempSubdirectory("callback-test-browser-").FullName;
        var address = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        var lines = new Transcript();
        // A sandbox needs rights that root in a container hasn't got; the page is ours.
        ChildProcess process = ChildProcess.Start(new ChildStart(
            program!, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run", "--disable-background-networking",
            "--remote-debugging-port=0", $"--user-data-dir={profile}", "about:blank")
        { OnLine = OnLine });
        var browser = new Browser(process, profile);
        try
        {
            await Task.WhenAny(address.Task, process.Exited).WaitAsync(Deadline);
            Assert.True(address.Task.IsCompleted, $"Chromium did not start. It said:\n{lines}");
            await browser.ConnectAsync(await address.Task);
            return browser;
        }
        catch
        {
            await browser.DisposeAsync();
            throw;
        }

        void OnLine(string line)
        {
            const string Listening = "DevTools listening on ";
            lines.Add(line);
            if (line.StartsWith(Listening, StringComparison.Ordinal))
                address.TrySetResult(new Uri(line[Listening.Length..]));
        }
    }

    /// <summary>Returns when the page's own script has run.</summary>
    public async Task OpenAsync(Uri page)
    {
        await AskAsync("Page.navigate", new JsonObject { ["url"] = page.AbsoluteUri });
        await UntilAsync($"document.readyState === 'complete' && location.href === '{page.AbsoluteUri}'", "the page is loaded");
    }

    /// <param name="width">In CSS pixels.</param>
    /// <param name="isDark">What the user prefers.</param>
    public async Task LookAsync(int width, int height, bool isDark)
    {
        await AskAsync("Emulation.setDeviceMetricsOverride", new JsonObject { ["width"] = width, ["height"] = height, ["deviceScaleFactor"] = 1, ["mobile"] = false });
        await AskAsync("Emulation.setEmulatedMedia", new JsonObject
        {
            ["features"] = new JsonArray(new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = isDark ? "dark" : "light" }),
        });
    }

    /// <summary>The value of an expression in the page.</summary>
    /// <exception cref="InvalidOperationException">It threw.</exception>
    public async Task<T> EvaluateAsync<T>(string expression)
    {
        JsonNode answer = await AskAsync("Runtime.evaluate", new JsonObject { ["expression"] = expression, ["returnByValue"] = true, ["awaitPromise"] = true });
        if (answer["exceptionDetails"] is { } thrown)
            throw new InvalidOperationException(thrown.ToJsonString());
        return answer["result"]!["value"].Deserialize<T>()!;
    }

    public Task<string> TextAsync(string selector) => EvaluateAsync<string>($"document.querySelector('{selector}')?.textContent ?? ''");

    /// <summary>Waits until an expression in the page is true.</summary>
    public Task UntilAsync(string condition, string what, TimeSpan? deadline = null) =>
        Eventually.TrueAsync(() => EvaluateAsync<bool>(condition), deadline ?? Deadline, () => $"{what} ({condition}). Complaints: {string.Join('\n', Complaints)}");

    public async Task PressAsync(string key, string? text = null)
    {
        foreach (string type in new[] { "keyDown", "keyUp" })
        {
            var press = new JsonObject { ["type"] = type, ["key"] = key, ["code"] = key, ["windowsVirtualKeyCode"] = key == "Enter" ? 13 : key == "ArrowLeft" ? 37 : 0 };
            if (type == "keyDown" && text is not null)
                press["text"] = text;
            await AskAsync("Input.dispatchKeyEvent", press);
        }
    }

    public Task TypeAsync(string text) => AskAsync("Input.insertText", new JsonObject { ["text"] = text });

    /// <returns>The whole page as PNG.</returns>
    public async Task<byte[]> ScreenshotAsync()
    {
        JsonNode answer = await AskAsync("Page.captureScreenshot", new JsonObject { ["format"] = "png", ["captureBeyondViewport"] = true });
        return Convert.FromBase64String(answer["data"]!.GetValue<string>());
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _receiving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _socket.Dispose();
        await _process.StopAsync(Signal.Terminate, Deadline);
        await _process.DisposeAsync();
        _ending.Dispose();
        _sending.Dispose();
        // Its own children may still be writing.
        await Eventually.TrueAsync(() => Task.FromResult(TryDelete()), Deadline, () => $"{_profile} is deleted");
    }

    async Task ConnectAsync(Uri address)
    {
        await _socket.ConnectAsync(address, CancellationToken.None).WaitAsync(Deadline);
        _receiving = ReceiveAsync();
        JsonNode targets = await AskAsync("Target.getTargets", []);
        string page = targets["targetInfos"]!.AsArray().First(target => target!["type"]!.GetValue<string>() == "page")!["targetId"]!.GetValue<string>();
        _session = (await AskAsync("Target.attachToTarget", new JsonObject { ["targetId"] = page, ["flatten"] = true }))["sessionId"]!.GetValue<string>();
        foreach (string domain in new[] { "Page", "Runtime", "Network", "Log" })
            await AskAsync($"{domain}.enable", []);
    }

    async Task<JsonNode> AskAsync(string method, JsonObject parameters)
    {
        int id = Interlocked.Increment(ref _last);
        var answered = new TaskCompletionSource<JsonNode>(TaskCreationOptions.RunContinuationsAsynchronously);
        _asked[id] = answered;
        var message = new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters };
        if (_session.Length > 0)
            message["sessionId"] = _session;
        await _sending.WaitAsync();
        try
        {
            await _socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(message), WebSocketMessageType.Text, true, CancellationToken.None);
        }
        finally
        {
            _sending.Release();
        }

        return await answered.Task.WaitAsync(Deadline);
    }

    async Task ReceiveAsync()
    {
        byte[] buffer = new byte[1 << 16];
        using var whole = new MemoryStream();
        while (true)
        {
            WebSocketReceiveResult part = await _socket.ReceiveAsync(buffer, _ending.Token);
            whole.Write(buffer, 0, part.Count);
            if (!part.EndOfMessage)
                continue;
            JsonNode message = JsonNode.Parse(whole.ToArray())!;
            whole.SetLength(0);
            if (message["id"] is { } id && _asked.TryRemove(id.GetValue<int>(), out TaskCompletionSource<JsonNode>? asked))
                Complete(asked, message);
            else if (message["method"] is { } method)
                Note(method.GetValue<string>(), message["params"]!);
        }
    }

    static void Complete(TaskCompletionSource<JsonNode> asked, JsonNode message)
    {
        if (message["error"] is { } error)
            asked.SetException(new InvalidOperationException(error.ToJsonString()));
        else
            asked.SetResult(message["result"]!);
    }

    void Note(string method, JsonNode what)
    {
        switch (method)
        {
            case "Network.requestWillBeSent":
                Requests.Enqueue(new Uri(what["request"]!["url"]!.GetValue<string>()));
                break;
            case "Runtime.exceptionThrown":
            case "Runtime.consoleAPICalled" when what["type"]!.GetValue<string>() is "error" or "warning":
            case "Log.entryAdded" when what["entry"]!["level"]!.GetValue<string>() is "error" or "warning":
                Complaints.Enqueue(what.ToJsonString());
                break;
            default:
                break;
        }
    }

    bool TryDelete()
    {
        try
        {
            Directory.Delete(_profile, recursive: true);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
