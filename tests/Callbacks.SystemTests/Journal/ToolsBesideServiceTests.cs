using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Callbacks.Fixtures;
using Callbacks.Local;
using Callbacks.SystemTests.Acceptance;

namespace Callbacks.SystemTests.Journal;

/// <summary>
/// <c>callback journal</c> beside the service. Neither PostgreSQL nor the upstream is there: callbacks are accepted, expire after a second, and their small
/// segments come and go.
/// </summary>
public sealed class ToolsBesideServiceTests : IAsyncDisposable
{
    const int Block = 4096;

    static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    static readonly long[] Ids = [.. Enumerable.Range(0, 200).Select(id => (long)id)];

    readonly string _folder = Directory.CreateTempSubdirectory($"callback-test-{Environment.ProcessId}-tools-").FullName;
    readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(10) };
    readonly int _port = FreePort.Take();

    string Journal => Path.Combine(_folder, "journal");

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Beside_a_service_under_load_every_command_finds_all_whole_and_the_service_notices_nothing()
    {
        await using ServiceProcess service = Service(retention: 1);
        await service.StartAsync();
        using var enough = new CancellationTokenSource();
        Task<int> load = LoadAsync(service, enough.Token);
        ulong oldest = await OldestAsync();
        // Until segments have been deleted while it was read, a few times over.
        for (ulong deletions = 0, rounds = 0; deletions < 5 || rounds < 3; rounds++)
        {
            foreach (string[] command in new[] { ["status"], ["list"], ["list", "--pending"], new[] { "export" } })
                await ToolAsync(0, command);
            Assert.Contains("all whole.", await ToolAsync(0, "verify"), StringComparison.Ordinal);
            deletions = await OldestAsync() - oldest;
            if (load.IsCompleted)
                await load;
        }

        Assert.True(JsonElement.Parse(await ToolAsync(0, "status", "--json")).GetProperty("locked_by").GetInt32() > 0);
        await enough.CancelAsync();
        Assert.True(await load > 30, "Hardly anything was sent.");
        Assert.Equal("up", (await service.StatusAsync()).Journal.State);
        await service.StopAsync();
        Assert.All(Directory.EnumerateFiles(Journal), file => Assert.True(file.EndsWith(".journal", StringComparison.Ordinal) || Path.GetFileName(file) == "lock", file));
    }

    [Fact]
    public async Task A_start_is_not_refused_however_often_the_folder_is_looked_at()
    {
        using var enough = new CancellationTokenSource();
        await using ServiceProcess service = Service(retention: 1);
        await service.StartAsync();
        Task looking = LookAsync();
        for (int i = 0; i < 3; i++)
        {
            await service.StopAsync();
            await service.StartAsync();
        }

        await enough.CancelAsync();
        await looking;

        async Task LookAsync()
        {
            while (!enough.IsCancellationRequested)
                await ToolAsync(0, "status");
        }
    }

    [Fact]
    public async Task A_segment_that_was_damaged_and_set_aside_is_salvaged_and_what_is_whole_in_it_accepted_again()
    {
        await using (ServiceProcess first = Service(retention: 600))
        {
            await first.StartAsync();
            for (int i = 0; i < 5; i++)
            {
                // One that the disk takes too late is written all the same.
                using HttpResponseMessage answer = await PostAsync(first, [i]);
                Assert.True(answer.IsSuccessStatusCode || answer.StatusCode == HttpStatusCode.ServiceUnavailable, $"{answer.StatusCode}");
            }

            await first.KillAsync();
        }

        string segment = Path.Combine(Journal, "00000000000000000001.journal"), aside = Path.ChangeExtension(segment, ".damaged");
        await using (FileStream file = File.OpenWrite(segment))
        {
            file.Position = 3 * Block + 60;
            file.Write(new byte[8] { 0xA5, 0xA5, 0xA5, 0xA5, 0xA5, 0xA5, 0xA5, 0xA5 });
        }

        Assert.Contains("00000000000000000001.journal: damaged from byte 12288 to 16384.", await ToolAsync(1, "verify"), StringComparison.Ordinal);

        // What is whole is too old by now, and the file is set aside.
        await using ServiceProcess second = Service(retention: 1);
        await second.StartAsync();
        await Eventually.TrueAsync(() => Task.FromResult(File.Exists(aside)), Deadline, () => $"the segment is set aside. The service said:\n{second.Lines}");
        Assert.Contains("00000000000000000001.damaged was set aside", await ToolAsync(1, "verify"), StringComparison.Ordinal);

        Assert.Contains("Nothing was sent.", await ToolAsync(0, "salvage", aside, "--all"), StringComparison.Ordinal);
        Assert.Equal(0, (await second.StatusAsync()).Callbacks.Acknowledged);
        Assert.Contains("All 4 callbacks accepted.", await ToolAsync(0, "salvage", aside, "--all", "--as-new", "--url", $"{second.Url}"), StringComparison.Ordinal);
        Assert.Equal(4, (await second.StatusAsync()).Callbacks.Acknowledged);
        long[] salvaged = [.. (await ToolAsync(0, "export")).Split('\n').SelectMany(line => JsonElement.Parse(line).GetProperty("object_ids").EnumerateArray()).Select(id => id.GetInt64())];
        Assert.Equal([0, 1, 3, 4], salvaged);
        File.Move(aside, Path.Combine(_folder, "done"));
        Assert.Contains("all whole.", await ToolAsync(0, "verify"), StringComparison.Ordinal);
        await second.StopAsync();
    }

    // Nobody listens on port 1.
    ServiceProcess Service(int retention) => new(_port, socket: null,
    [
        $"--Journal:Directory={Journal}", "--Journal:SegmentBytes=65536", "--Intake:IdsMax=1000", $"--Sweep:Retention=00:{retention / 60:00}:{retention % 60:00}",
        "--Store:ConnectionString=Host=127.0.0.1;Port=1;Username=nobody;Database=none", "--Lookup:BaseUrl=http://127.0.0.1:1/",
    ]);

    async Task<string> ToolAsync(int expected, params string[] arguments)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        string[] directory = arguments[0] == "salvage" ? [] : ["--directory", Journal];
        (int exitCode, string said) = await ChildProcess.RunAsync(Programs.Service(["journal", .. arguments, .. directory]), deadline.Token);
        Assert.True(exitCode == expected, $"journal {string.Join(' ', arguments)} ended with {exitCode}: {said}");
        return said;
    }

    async Task<ulong> OldestAsync() => JsonElement.Parse(await ToolAsync(0, "list", "--json"))[0].GetProperty("number").GetUInt64();

    async Task<int> LoadAsync(ServiceProcess service, CancellationToken enough)
    {
        int sent = 0;
        while (!enough.IsCancellationRequested)
        {
            using HttpResponseMessage answer = await PostAsync(service, Ids);
            // Where everything else runs beside it a disk may take too long for one of them.
            if (answer.StatusCode == HttpStatusCode.ServiceUnavailable)
                continue;
            answer.EnsureSuccessStatusCode();
            sent++;
        }

        return sent;
    }

    async Task<HttpResponseMessage> PostAsync(ServiceProcess service, long[] ids) =>
        await _client.PostAsJsonAsync(new Uri(service.Url, "callback"), new Dictionary<string, long[]>(StringComparer.Ordinal) { ["object_ids"] = ids });
}
