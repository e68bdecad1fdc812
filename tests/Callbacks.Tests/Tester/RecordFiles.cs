using Callbacks.Tester.Records;

namespace Callbacks.Tests.Tester;

public sealed class RecordFiles : IDisposable
{
    readonly string _path = Path.Combine(Path.GetTempPath(), $"records-{Guid.NewGuid():N}");

    static readonly PostRecord[] Posts =
    [
        new(1, 2, PostOutcome.Answered, 202, 3, "7f3a9c21-17", [0, 1, -1, 8191, long.MinValue, long.MaxValue]),
        new(4, 5, PostOutcome.Timeout, 0, 0, "", []),
        new(6, 7, PostOutcome.Answered, 503, 0, "", [.. Enumerable.Range(0, 10_000)]),
    ];

    public void Dispose() => File.Delete(_path);

    [Fact]
    public async Task A_ledger_is_read_as_it_was_written()
    {
        await WriteAsync(Posts);
        Assert.Equivalent(Posts, LedgerFile.Read(_path).ToArray(), strict: true);
    }

    [Fact]
    public async Task A_ledger_torn_anywhere_is_read_up_to_the_last_whole_record_and_goes_on_from_there()
    {
        await WriteAsync(Posts[..2]);
        byte[] whole = await File.ReadAllBytesAsync(_path);
        for (int length = 8; length < whole.Length; length++)
        {
            await File.WriteAllBytesAsync(_path, whole[..length]);
            int left = LedgerFile.Read(_path).Count();
            Assert.InRange(left, 0, 1);
            if (length % 16 != 0)
                continue;
            await WriteAsync(Posts[2]);
            Assert.Equivalent(Posts[2], LedgerFile.Read(_path).ElementAt(left), strict: true);
        }
    }

    [Fact]
    public async Task A_torn_lookup_log_goes_on_from_its_last_whole_record()
    {
        LookupRecord first = new(-5, 10, 20, LookupOutcome.ErrorStatus, 503), second = new(6, 11, 21, LookupOutcome.Online);
        await using (RecordWriter<LookupRecord> log = LookupLog.Open(_path, TimeProvider.System))
        {
            await log.WriteAsync(first);
            await log.WriteAsync(second);
        }

        await using (FileStream file = File.OpenWrite(_path))
            file.SetLength(file.Length - 1);
        Assert.Equal([first], LookupLog.Read(_path));
        await using (RecordWriter<LookupRecord> log = LookupLog.Open(_path, TimeProvider.System))
            await log.WriteAsync(second);
        Assert.Equal([first, second], LookupLog.Read(_path));
    }

    [Fact]
    public async Task A_record_is_in_the_file_soon_and_without_closing_it()
    {
        await using RecordWriter<PostRecord> ledger = LedgerFile.Open(_path, TimeProvider.System);
        await ledger.WriteAsync(Posts[0]);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!LedgerFile.Read(_path).Any())
            await Task.Delay(10, deadline.Token);
    }

    [Fact]
    public async Task A_file_of_another_kind_is_refused()
    {
        await WriteAsync(Posts);
        Assert.Throws<InvalidDataException>(() => LookupLog.Read(_path));
        Assert.Throws<InvalidDataException>(() => LookupLog.Open(_path, TimeProvider.System));
    }

    async Task WriteAsync(params PostRecord[] posts)
    {
        await using RecordWriter<PostRecord> ledger = LedgerFile.Open(_path, TimeProvider.System);
        foreach (PostRecord post in posts)
            await ledger.WriteAsync(post);
    }
}
