using Callbacks.Local.Up;

namespace Callbacks.SystemTests.Local;

public sealed class OutputTests
{
    [Fact]
    public async Task Nobody_waits_for_a_paused_terminal()
    {
        using var paused = new PausedWriter();
        var terminal = new Terminal(paused);
        for (int i = 0; i < 100_000; i++)
            terminal.Say("line");
        paused.Resume();
        await terminal.DisposeAsync();
        Assert.InRange(paused.Lines, 1, 2000);
    }

    [Fact]
    public void A_log_file_keeps_the_newest_lines_within_its_bounds()
    {
        string folder = Directory.CreateTempSubdirectory("callback-test-").FullName;
        string path = Path.Combine(folder, "x.log");
        string line = new('x', 1 << 20);
        using (var log = new LogFile(path))
        {
            for (int i = 0; i < 17; i++)
                log.Write(i + line);
        }

        Assert.Equal([path, path + ".1"], Directory.GetFiles(folder).Order(StringComparer.Ordinal), StringComparer.Ordinal);
        Assert.All(Directory.GetFiles(folder), file => Assert.InRange(new FileInfo(file).Length, 1, 7 << 20));
        Assert.StartsWith("16x", File.ReadLines(path).Last(), StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void A_log_file_that_somebody_took_away_is_begun_anew()
    {
        string folder = Directory.CreateTempSubdirectory("callback-test-").FullName;
        string path = Path.Combine(folder, "x.log");
        using (var log = new LogFile(path))
        {
            log.Write("first");
            File.Delete(path);
            log.Write(new string('x', 6 << 20));
            log.Write("last");
        }

        Assert.Equal("last", File.ReadLines(path).Last());
        Directory.Delete(folder, recursive: true);
    }

    sealed class PausedWriter : StringWriter
    {
        readonly TaskCompletionSource _resumed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Lines { get; private set; }

        public void Resume() => _resumed.SetResult();

        public override async Task WriteLineAsync(string? value)
        {
            await _resumed.Task;
            Lines++;
        }
    }
}
