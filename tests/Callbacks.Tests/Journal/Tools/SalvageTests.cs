using System.Globalization;
using Callbacks.Journal.Disk;
using Callbacks.Tests.Intake;

namespace Callbacks.Tests.Journal.Tools;

/// <summary>A segment of <c>Format1</c> with eight pending callbacks of 114 to 600 ids, offered to the real intake.</summary>
public sealed class SalvageTests : IDisposable
{
    const string Segment = "00000000000000000007.journal";

    static readonly string Kept = Path.Combine(AppContext.BaseDirectory, "Journal", "Format1");

    static readonly long[][] Pending =
    [
        .. File.ReadAllLines(Path.Combine(Kept, "pending.txt")).Select(line => line.Split(' ').Select(word => long.Parse(word, CultureInfo.InvariantCulture)).ToArray())
            .Take(8).Select(numbers => Enumerable.Range(0, (int)numbers[3]).Select(i => numbers[2] + i).ToArray()),
    ];

    readonly string _folder = Directory.CreateTempSubdirectory("callback-salvage-").FullName;
    readonly FakeLog _log = new();
    readonly string _file;

    public SalvageTests()
    {
        _file = Path.Combine(_folder, "00000000000000000007.damaged");
        File.Copy(Path.Combine(Kept, Segment), _file);
        File.Copy(Path.Combine(Kept, "00000000000000000008.journal"), Path.Combine(_folder, "00000000000000000008.journal"));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Without_being_told_so_nothing_is_sent_and_it_is_said_what_would_be_and_what_that_means()
    {
        await using IntakeHost service = await IntakeHost.StartAsync(_log);
        ToolRun run = await SalvageAsync(service);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("8 are known to be settled. To be sent: 8 callbacks with ", run.Output, StringComparison.Ordinal);
        Assert.Contains("Nothing was sent.", run.Output, StringComparison.Ordinal);
        Assert.Empty(_log.Appended);
    }

    [Fact]
    public async Task What_is_not_settled_is_sent_and_more_ids_than_a_callback_may_have_in_parts()
    {
        await using IntakeHost service = await IntakeHost.StartAsync(_log, ["--Intake:IdsMax=500"]);
        ToolRun run = await SalvageAsync(service, "--as-new");
        Assert.True(run.ExitCode == 0, run.Output);
        Assert.Equal(Pending.SelectMany(ids => ids.Chunk(500)), _log.Appended);
        Assert.Contains("0865e4b2-121 accepted as 00f39c21-1, 00f39c21-2: 600 ids", run.Lines, StringComparer.Ordinal);
        Assert.Equal("All 8 callbacks accepted.", run.Lines[^1]);
    }

    [Fact]
    public async Task What_is_settled_is_sent_only_if_that_is_wanted()
    {
        await using IntakeHost service = await IntakeHost.StartAsync(_log);
        ToolRun run = await SalvageAsync(service, "--as-new", "--all", "--ids-max", "10000");
        Assert.True(run.ExitCode == 0, run.Output);
        Assert.Equal(16, _log.Appended.Count);
    }

    [Fact]
    public async Task A_callback_that_could_not_be_made_durable_is_sent_again()
    {
        _log.IsDurable = false;
        _log.Delay = () =>
        {
            _log.IsDurable = true;
            return Task.CompletedTask;
        };
        await using IntakeHost service = await IntakeHost.StartAsync(_log);
        ToolRun run = await SalvageAsync(service, "--as-new", "--after", "0865e4b2-127");
        Assert.True(run.ExitCode == 0, run.Output);
        Assert.Equal([Pending[7], Pending[7]], _log.Appended);
        Assert.Contains("0865e4b2-128 accepted as 00f39c21-2: 233 ids", run.Lines, StringComparer.Ordinal);
    }

    [Fact]
    public async Task An_interrupted_salvage_goes_on_where_it_was()
    {
        string progress = Path.Combine(_folder, "progress");
        await using IntakeHost service = await IntakeHost.StartAsync(_log, ["--Intake:IdsMax=550"]);
        // 122 to 125 are small enough, and 126 is refused for good.
        ToolRun first = await SalvageAsync(service, "--as-new", "--after", "0865e4b2-121", "--ids-max", "1000", "--progress", progress);
        Assert.Equal(1, first.ExitCode);
        Assert.Contains("422", first.Output, StringComparison.Ordinal);
        Assert.EndsWith("4 callbacks of 7 accepted. Go on with --after 0865e4b2-125, or the same --progress.", first.Lines[^1], StringComparison.Ordinal);

        // What a crash leaves of a line.
        await File.AppendAllTextAsync(progress, "0865e4b2-1");
        ToolRun second = await SalvageAsync(service, "--as-new", "--progress", progress);
        Assert.True(second.ExitCode == 0, second.Output);
        Assert.Equal(Pending[1..].SelectMany(ids => ids.Chunk(500)), _log.Appended);
        Assert.Equal(Enumerable.Range(122, 7).Select(number => $"0865e4b2-{number}"), await File.ReadAllLinesAsync(progress), StringComparer.Ordinal);

        ToolRun third = await SalvageAsync(service, "--as-new", "--progress", progress);
        Assert.Equal("All 0 callbacks accepted.", third.Lines[^1]);
    }

    [Fact]
    public async Task Going_on_after_a_callback_of_another_file_is_refused()
    {
        await using IntakeHost service = await IntakeHost.StartAsync(_log);
        foreach (string id in new[] { "0865e4b2-129", "12345678-122", "122" })
            Assert.Equal(2, (await SalvageAsync(service, "--as-new", "--after", id)).ExitCode);
        Assert.Empty(_log.Appended);
    }

    [Fact]
    public async Task Not_more_is_sent_in_a_second_than_was_said()
    {
        await using IntakeHost service = await IntakeHost.StartAsync(_log);
        long start = TimeProvider.System.GetTimestamp();
        ToolRun run = await ToolRun.RunAsync(_folder, "salvage", _file, "--as-new", "--ids-max", "1000", "--rate", "20", "--url", $"http://{service.EndPoint}");
        Assert.True(run.ExitCode == 0, run.Output);
        // Eight posts are seven pauses of 50 ms.
        Assert.InRange(TimeProvider.System.GetElapsedTime(start).TotalSeconds, 0.349, double.MaxValue);
    }

    [Fact]
    public async Task A_copy_of_another_name_is_read_by_its_header_or_by_the_number_that_is_given()
    {
        string copy = Path.Combine(_folder, "copy.bin");
        File.Copy(_file, copy);
        Assert.Contains("16 whole callbacks", (await ToolRun.RunAsync(_folder, "salvage", copy)).Output, StringComparison.Ordinal);
        byte[] bytes = await File.ReadAllBytesAsync(copy);
        bytes[20] ^= 0xFF;
        await File.WriteAllBytesAsync(copy, bytes);
        ToolRun refused = await ToolRun.RunAsync(_folder, "salvage", copy);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("--number", refused.Error, StringComparison.Ordinal);
        Assert.Contains("16 whole callbacks", (await ToolRun.RunAsync(_folder, "salvage", copy, "--number", "7")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_segment_that_a_running_service_reads_by_itself_is_not_sent()
    {
        using var disk = new LinuxDisk(_folder);
        Assert.True(disk.TryLock());
        ToolRun run = await ToolRun.RunAsync(_folder, "salvage", Path.Combine(_folder, "00000000000000000008.journal"));
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("reads what is whole in it by itself", run.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await ToolRun.RunAsync(_folder, "salvage", _file)).ExitCode);
    }

    [Fact]
    public async Task Only_whole_groups_are_taken()
    {
        byte[] bytes = await File.ReadAllBytesAsync(_file);
        bytes[12_300] ^= 0xFF;
        await File.WriteAllBytesAsync(_file, bytes);
        ToolRun run = await ToolRun.RunAsync(_folder, "salvage", _file);
        Assert.Contains("12 whole callbacks", run.Output, StringComparison.Ordinal);
        Assert.Contains("damaged from byte 4096 to 16384", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_no_segment_is_refused()
    {
        string file = Path.Combine(_folder, "00000000000000000099.damaged");
        await File.WriteAllBytesAsync(file, new byte[65_536]);
        Assert.Equal(2, (await ToolRun.RunAsync(_folder, "salvage", file)).ExitCode);
        Assert.Equal(2, (await ToolRun.RunAsync(_folder, "salvage", file + "x")).ExitCode);
    }

    Task<ToolRun> SalvageAsync(IntakeHost service, params string[] options) =>
        ToolRun.RunAsync(_folder, ["salvage", _file, "--url", $"http://{service.EndPoint}", "--rate", "10000", .. options]);
}
