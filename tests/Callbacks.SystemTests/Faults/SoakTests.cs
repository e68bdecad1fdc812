using System.Globalization;
using Callbacks.Fixtures;
using Callbacks.SystemTests.Acceptance;

namespace Callbacks.SystemTests.Faults;

/// <summary>
/// Everything at once for as long as one likes, with fresh seeds: <c>./callback test soak --minutes N</c>. For two thirds of the time the
/// service is killed and stopped among the rest; then one life goes on through the faults of the others, and must not grow.
/// </summary>
[Alone]
public sealed class SoakTests(ITestOutputHelper output)
{
    const int MinutesByDefault = 30;
    const double KillingShare = 2.0 / 3;

    static readonly TimeSpan Able = TimeSpan.FromSeconds(10);
    static readonly TimeSpan Sampling = TimeSpan.FromSeconds(10);

    /// <summary>A young process grows to its working size.</summary>
    static readonly TimeSpan Warmup = TimeSpan.FromSeconds(40);

    static readonly string[] Misbehaviours =
    [
        """{"error_rate":0.3}""", """{"status":400,"status_rate":0.3}""", """{"hang_rate":0.02}""", """{"too_many_rate":0.2,"retry_after":"1"}""", """{"wrong_id_rate":0.3}""",
        """{"malformed_rate":0.3}""", """{"endless_rate":0.02}""", """{"reset_rate":0.1}""", """{"trickle_rate":0.02}""", """{"redirect_rate":0.3}""", """{"cut_rate":0.1}""",
    ];

    readonly Dictionary<string, int> _faults = [];

    [Fact(Explicit = true)]
    [Trait("length", "soak")]
    public async Task Everything_at_once_for_a_long_time_loses_nothing_and_grows_nothing()
    {
        double minutes = double.Parse(Environment.GetEnvironmentVariable("CALLBACK_SOAK_MINUTES") ?? $"{MinutesByDefault}", CultureInfo.InvariantCulture);
        TimeSpan duration = TimeSpan.FromMinutes(minutes);
        Random random = Seed.Draw(output);
        await using ServiceRig rig = await ServiceRig.StartAsync(
            new RigOptions
            {
                IsSocketHeld = true,
                InFlightMax = 8_000,
                Able = Able,
                Upstream = ["--changing", $"{random.Next()}", "--seed", $"{random.Next()}"],
            },
            output);

        using var enough = new CancellationTokenSource();
        Task<SendFigures[]> sending = Task.WhenAll(
            rig.SendAsync(["--rate", "50", "--ids", "1-100", "--id-range", "10000", "--seed", $"{random.Next()}"], duration + TimeSpan.FromMinutes(2), enough: enough.Token),
            rig.SendAsync(RareIds.Sender(random), duration + TimeSpan.FromMinutes(2), enough: enough.Token));
        await GoOnAsync(rig, random, duration * KillingShare, canEndService: true, []);
        var samples = new List<Sample>();
        await GoOnAsync(rig, random, duration * (1 - KillingShare), canEndService: false, samples);
        await enough.CancelAsync();
        Assert.All(await sending, sent => Assert.True(sent.Accepted > sent.Sent / 2, $"{sent}"));
        await rig.AssertGoodAsync();
        AssertFlat(samples);
    }

    /// <summary>One fault after another, each over before the next, with time to come back between them.</summary>
    async Task GoOnAsync(ServiceRig rig, Random random, TimeSpan duration, bool canEndService, List<Sample> samples)
    {
        TimeProvider time = TimeProvider.System;
        long start = time.GetTimestamp();
        using var over = new CancellationTokenSource();
        Task sampling = SampleAsync(rig, canEndService, samples, over.Token);
        while (time.GetElapsedTime(start) < duration)
        {
            await Task.Delay(Able + random.NextDouble() * Able, time);
            await MakeFaultAsync(rig, random, canEndService);
        }

        await over.CancelAsync();
        await sampling;
    }

    async Task MakeFaultAsync(ServiceRig rig, Random random, bool canEndService)
    {
        TimeSpan away = TimeSpan.FromSeconds(random.Next(1, 6));
        switch (random.Next(canEndService ? 6 : 4))
        {
            case 0:
                Count("stops of PostgreSQL");
                await rig.StopPostgresForAsync(away);
                break;
            case 1:
                Count("absences of the upstream");
                await rig.TakeUpstreamAwayForAsync(away);
                break;
            case 2:
                Count("misbehaviours of the upstream");
                await rig.Upstream.ControlAsync(Misbehaviours[random.Next(Misbehaviours.Length)]);
                await Task.Delay(2 * away, TimeProvider.System);
                await rig.Upstream.ControlAsync("{}");
                break;
            case 3:
                Count("pauses");
                await rig.BreakAsync("service", () => rig.Service.PauseForAsync(away / 2));
                break;
            case 4:
                Count("kills");
                await rig.KillServiceAsync();
                break;
            default:
                Count("restarts");
                await rig.RestartServiceAsync();
                break;
        }
    }

    void Count(string fault) => _faults[fault] = _faults.GetValueOrDefault(fault) + 1;

    async Task SampleAsync(ServiceRig rig, bool mayBeAway, List<Sample> samples, CancellationToken over)
    {
        for (int i = 0; !over.IsCancellationRequested; i++)
        {
            await Task.Delay(Sampling, TimeProvider.System, over).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            try
            {
                ServiceStatus status = await rig.Service.StatusAsync();
                var sample = new Sample(rig.Service.ResidentMebibytes(), rig.Service.CountFiles(), rig.Service.CountThreads());
                samples.Add(sample);
                output.WriteLine($"{sample}; {status.Balance}; {string.Join(", ", _faults.Select(fault => $"{fault.Value} {fault.Key}"))}");
                Assert.True(status.Balance.IsBalanced, $"{status.Balance}");
            }
            catch (Exception exception) when (mayBeAway && exception is HttpRequestException or IOException or OperationCanceledException)
            {
                output.WriteLine("The service is away or paused.");
            }
            catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
            {
                output.WriteLine("The service is paused.");
            }
        }
    }

    /// <summary>The last third of one life holds no more than the first: of memory its peak, of the rest what is always there.</summary>
    static void AssertFlat(List<Sample> samples)
    {
        Sample[] warm = [.. samples.Skip((int)(Warmup / Sampling))];
        if (warm.Length < 6)
            return;
        Sample[] first = warm[..(warm.Length / 3)], last = warm[^(warm.Length / 3)..];
        string all = string.Join('\n', samples);
        Assert.True(last.Max(sample => sample.Mebibytes) <= first.Max(sample => sample.Mebibytes) * 1.15 + 32, $"Memory grows:\n{all}");
        Assert.True(last.Min(sample => sample.Files) <= first.Min(sample => sample.Files) * 1.1 + 32, $"File descriptors leak:\n{all}");
        Assert.True(last.Min(sample => sample.Threads) <= first.Min(sample => sample.Threads) * 1.1 + 8, $"Threads leak:\n{all}");
    }

    readonly record struct Sample(double Mebibytes, int Files, int Threads)
    {
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Mebibytes:F0} MiB, {Files} file descriptors, {Threads} threads");
    }
}
