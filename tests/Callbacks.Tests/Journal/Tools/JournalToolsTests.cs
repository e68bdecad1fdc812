using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Callbacks.Journal.Disk;

namespace Callbacks.Tests.Journal.Tools;

/// <summary>The commands on a real folder: the journal that is kept in <c>Format1</c>, whose pending callbacks are listed beside it.</summary>
public sealed class JournalToolsTests : IDisposable
{
    const string First = "00000000000000000007.journal";

    static readonly string Kept = Path.Combine(AppContext.BaseDirectory, "Journal", "Format1");

    static readonly long[][] Pending =
        [.. File.ReadAllLines(Path.Combine(Kept, "pending.txt")).Select(line => line.Split(' ').Select(word => long.Parse(word, CultureInfo.InvariantCulture)).ToArray())];

    readonly string _folder = Directory.CreateTempSubdirectory("callback-tools-").FullName;

    public JournalToolsTests()
    {
        foreach (string segment in Directory.EnumerateFiles(Kept, "*.journal"))
            File.Copy(segment, Path.Combine(_folder, Path.GetFileName(segment)));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Status_tells_what_is_in_the_journal_and_what_is_pending()
    {
        JsonElement status = await JsonAsync("status", "--json");
        Assert.Equal(2, status.GetProperty("segments").GetInt32());
        Assert.Equal(1, status.GetProperty("spares").GetInt32());
        Assert.Equal(Pending.Length, status.GetProperty("pending_callbacks").GetInt64());
        Assert.Equal(Pending.Sum(callback => callback[3]), status.GetProperty("pending_sightings").GetInt64());
        Assert.Equal((ulong)Pending[^1][0], status.GetProperty("last_number").GetUInt64());
        Assert.Equal(JsonValueKind.Null, status.GetProperty("locked_by").ValueKind);
        Assert.Empty(status.GetProperty("damage").EnumerateArray());
        Assert.Contains("pending    20 callbacks with 7,010 ids", (await ToolRun.RunAsync(_folder, "status")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_folder_it_says_so()
    {
        ToolRun run = await ToolRun.RunAsync(_folder, "status", "--directory", "");
        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith("There is no folder ''.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_has_a_line_for_each_segment_and_one_for_each_pending_callback()
    {
        JsonElement[] segments = [.. (await JsonAsync("list", "--json")).EnumerateArray()];
        Assert.Equal([7, 8, 9], segments.Select(segment => segment.GetProperty("number").GetInt32()));
        Assert.Equal(["in use", "in use", "spare"], segments.Select(segment => segment.GetProperty("state").GetString()!), StringComparer.Ordinal);
        Assert.Equal(4, (await ToolRun.RunAsync(_folder, "list")).Lines.Length);

        string[] pending = (await ToolRun.RunAsync(_folder, "list", "--pending")).Lines;
        Assert.Equal(Pending.Select(callback => $"-{callback[0]} "), pending.Select(line => line[8..(line.IndexOf(' ', StringComparison.Ordinal) + 1)]), StringComparer.Ordinal);
    }

    [Fact]
    public async Task Export_has_every_callback_with_its_ids_and_whether_it_is_settled()
    {
        JsonElement[] all = await ExportAsync();
        Assert.Equal(28, all.Length);
        JsonElement[] pending = [.. all.Where(callback => !callback.GetProperty("settled").GetBoolean())];
        Assert.Equal(Pending.Select(Expected), pending.Select(Read));
        Assert.Equal(Pending.Select(Expected), (await ExportAsync("--pending")).Select(Read));
    }

    [Fact]
    public async Task Export_takes_a_stretch_of_time_or_one_segment()
    {
        JsonElement[] all = await ExportAsync();
        string from = all[5].GetProperty("received_at").GetString()!, to = all[9].GetProperty("received_at").GetString()!;
        Assert.Equal(all[5..9].Select(Read), (await ExportAsync("--from", from, "--to", to)).Select(Read));
        Assert.Equal(all[16..].Select(Read), (await ExportAsync("--segment", "8")).Select(Read));
        Assert.Equal(2, (await ToolRun.RunAsync(_folder, "export", "--segment", "99")).ExitCode);
        Assert.Equal(2, (await ToolRun.RunAsync(_folder, "export", "--from", "yesterday")).ExitCode);
    }

    [Fact]
    public async Task Verify_finds_all_whole_or_names_file_offset_and_cost_of_what_is_not()
    {
        ToolRun whole = await ToolRun.RunAsync(_folder, "verify");
        Assert.Equal((0, "2 segments with 10 groups checked: all whole."), (whole.ExitCode, whole.Output.Trim()));

        Damage(First, 12_300);
        ToolRun damaged = await ToolRun.RunAsync(_folder, "verify");
        Assert.Equal(1, damaged.ExitCode);
        Assert.StartsWith($"{First}: damaged from byte 4096 to 16384. It held at most ", damaged.Lines[0], StringComparison.Ordinal);
        JsonElement hole = (await JsonAsync("verify", "--json")).GetProperty("damage")[0].GetProperty("holes")[0];
        Assert.Equal((4096, 16384), (hole.GetProperty("from").GetInt32(), hole.GetProperty("to").GetInt32()));
    }

    [Fact]
    public async Task A_file_that_was_set_aside_is_damage_until_it_is_moved_away()
    {
        File.Move(Path.Combine(_folder, First), Path.Combine(_folder, "00000000000000000007.damaged"));
        ToolRun verified = await ToolRun.RunAsync(_folder, "verify");
        Assert.Equal(1, verified.ExitCode);
        Assert.Contains("was set aside", verified.Output, StringComparison.Ordinal);
        Assert.Equal("set aside", (await JsonAsync("list", "--json"))[0].GetProperty("state").GetString());
        Assert.Equal(16, (await ExportAsync("--segment", "7")).Length);
        Assert.Equal(12, (await ExportAsync()).Length);
    }

    [Fact]
    public async Task A_missing_segment_is_damage()
    {
        File.Move(Path.Combine(_folder, "00000000000000000008.journal"), Path.Combine(_folder, "away"));
        File.Move(Path.Combine(_folder, "00000000000000000009.journal"), Path.Combine(_folder, "00000000000000000010.journal"));
        ToolRun verified = await ToolRun.RunAsync(_folder, "verify");
        Assert.Equal(1, verified.ExitCode);
        Assert.Contains("00000000000000000009.journal is missing", verified.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_command_changes_anything_in_the_folder()
    {
        string[] before = ReadAll();
        foreach (string[] command in new[] { ["status"], ["list"], ["list", "--pending"], ["verify"], ["export"], new[] { "salvage", Path.Combine(_folder, First) } })
            Assert.Equal(0, (await ToolRun.RunAsync(_folder, command)).ExitCode);
        Assert.Equal(before, ReadAll());
    }

    [Fact]
    public async Task A_folder_that_is_not_there_is_said_and_not_made()
    {
        string missing = Path.Combine(_folder, "missing");
        ToolRun run = await ToolRun.RunAsync(missing, "status");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(missing, run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(missing));
    }

    [Fact]
    public async Task The_process_that_holds_the_lock_is_named_without_trying_the_lock()
    {
        using (var disk = new LinuxDisk(_folder))
        {
            Assert.True(disk.TryLock());
            Assert.Equal(Environment.ProcessId, (await JsonAsync("status", "--json")).GetProperty("locked_by").GetInt32());
        }

        Assert.Equal(JsonValueKind.Null, (await JsonAsync("status", "--json")).GetProperty("locked_by").ValueKind);
    }

    static (string Id, string Ids) Expected(long[] pending) =>
        ($"0865e4b2-{pending[0]}", string.Join(',', Enumerable.Range(0, (int)pending[3]).Select(i => pending[2] + i)));

    static (string Id, string Ids) Read(JsonElement callback) => (
        callback.GetProperty("id").GetString()!, string.Join(',', callback.GetProperty("object_ids").EnumerateArray().Select(id => id.GetInt64())));

    async Task<JsonElement[]> ExportAsync(params string[] options)
    {
        ToolRun run = await ToolRun.RunAsync(_folder, ["export", .. options]);
        Assert.True(run.ExitCode == 0, run.Error);
        return [.. run.Lines.Select(line => JsonElement.Parse(line))];
    }

    async Task<JsonElement> JsonAsync(params string[] arguments) => JsonElement.Parse((await ToolRun.RunAsync(_folder, arguments)).Output);

    void Damage(string name, int offset)
    {
        string path = Path.Combine(_folder, name);
        byte[] bytes = File.ReadAllBytes(path);
        bytes[offset] ^= 0xFF;
        File.WriteAllBytes(path, bytes);
    }

    string[] ReadAll() => [.. Directory.EnumerateFiles(_folder).Order(StringComparer.Ordinal)
        .Select(file => $"{file} {File.GetLastWriteTimeUtc(file):O} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)))}")];
}
