using System.Net;
using Callbacks.SystemTests.Acceptance;

namespace Callbacks.SystemTests.Faults;

/// <summary>G6 on a disk that is full: 503 in time, settling and deleting go on, and it resumes by itself.</summary>
[Alone]
public sealed class DiskFullTests(ITestOutputHelper output)
{
    static readonly TimeSpan FullDeadline = TimeSpan.FromSeconds(20);
    static readonly TimeSpan ResumeDeadline = TimeSpan.FromSeconds(5);

    /// <summary>Until something is looked up, stored, settled, and a segment deleted for it.</summary>
    static readonly TimeSpan SettleDeadline = TimeSpan.FromSeconds(12);

    static readonly TimeSpan AppendTimeout = TimeSpan.FromMilliseconds(900);
    static readonly TimeSpan TimerSlack = TimeSpan.FromMilliseconds(10);

    readonly TimeProvider _time = TimeProvider.System;

    [Fact]
    public async Task A_full_disk_is_answered_503_settling_goes_on_and_accepting_resumes_by_itself()
    {
        await using SmallDisk disk = await SmallDisk.MountAsync();
        await using ServiceRig rig = await ServiceRig.StartAsync(
            new RigOptions
            {
                Retention = TimeSpan.FromSeconds(20),
                Upstream = ["--latency-min", "100", "--latency-max", "1000"],
                Within = disk.Enter,
                Service = [$"--Journal:Directory={disk.Journal}", "--Journal:SegmentBytes=262144"],
            },
            output);
        using var client = new HttpClient { BaseAddress = rig.Service.Url, Timeout = TimeSpan.FromSeconds(10) };
        using var enough = new CancellationTokenSource();

        // Nothing settles while the upstream is away, so the room that is left is used up.
        await rig.Upstream.ControlAsync("""{"away":true}""");
        disk.Fill(bytesLeft: 1 << 20);
        Task<SendFigures> sending = rig.SendAsync(["--rate", "120", "--ids", "100", "--id-range", "500", "--timeout", "5s"], TimeSpan.FromMinutes(2), enough: enough.Token);
        await AnsweredAsync(client, HttpStatusCode.ServiceUnavailable, FullDeadline);

        disk.Empty();
        output.WriteLine($"room by somebody else: accepts after {await AnsweredAsync(client, HttpStatusCode.Accepted, ResumeDeadline)}");

        disk.Fill(bytesLeft: 0);
        await AnsweredAsync(client, HttpStatusCode.ServiceUnavailable, FullDeadline);
        long settled = (await rig.Service.StatusAsync()).Balance.Stored;
        await rig.Upstream.ControlAsync("{}");
        output.WriteLine($"room by settling: accepts after {await AnsweredAsync(client, HttpStatusCode.Accepted, SettleDeadline)}");
        Assert.True((await rig.Service.StatusAsync()).Balance.Stored > settled);

        await enough.CancelAsync();
        SendFigures sent = await sending;
        Assert.Empty(sent.NoAnswer);
        Assert.True(sent.Answered["503"] > 0);
        Assert.Equal(sent.Sent, sent.Accepted + sent.Answered["503"]);
        await rig.AssertGoodAsync();
    }

    /// <summary>Posts callbacks without ids until one is answered like that. A 503 has to come in its own time and say when to come again.</summary>
    async Task<TimeSpan> AnsweredAsync(HttpClient client, HttpStatusCode expected, TimeSpan deadline)
    {
        long start = _time.GetTimestamp();
        await Eventually.TrueAsync(PostAsync, deadline, () => $"it answers {expected}.");
        return _time.GetElapsedTime(start);

        async Task<bool> PostAsync()
        {
            long sent = _time.GetTimestamp();
            using var body = new StringContent("""{"object_ids":[]}""");
            using HttpResponseMessage response = await client.PostAsync(new Uri("callback", UriKind.Relative), body);
            if (response.StatusCode == HttpStatusCode.ServiceUnavailable)
            {
                Assert.True(response.Headers.RetryAfter?.Delta > TimeSpan.Zero, $"Retry-After is {response.Headers.RetryAfter}.");
                Assert.InRange(_time.GetElapsedTime(sent), AppendTimeout - TimerSlack, AppendTimeout * 5);
            }

            return response.StatusCode == expected;
        }
    }
}
