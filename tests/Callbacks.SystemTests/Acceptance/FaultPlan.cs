namespace Callbacks.SystemTests.Acceptance;

enum Fault
{
    ServiceKilled,
    PostgresStopped,
    UpstreamAway,
}

sealed record PlannedFault(TimeSpan At, Fault Fault);

/// <summary>
/// Faults in a drawn order, one in each of as many equal stretches. Each ends before the next stretch begins, so that no sighting's
/// life is one long outage.
/// </summary>
sealed class FaultPlan
{
    /// <summary>How long PostgreSQL and the upstream stay away.</summary>
    public static readonly TimeSpan Away = TimeSpan.FromSeconds(5);

    // A fault, and coming back from it.
    static readonly TimeSpan Room = Away + TimeSpan.FromSeconds(3);

    readonly List<PlannedFault> _faults = [];

    public FaultPlan(Random random, TimeSpan duration, int kills, int stops, int absences)
    {
        Fault[] kinds =
        [
            .. Enumerable.Repeat(Fault.ServiceKilled, kills), .. Enumerable.Repeat(Fault.PostgresStopped, stops),
            .. Enumerable.Repeat(Fault.UpstreamAway, absences),
        ];
        random.Shuffle(kinds);
        TimeSpan stretch = duration / kinds.Length;
        for (int index = 0; index < kinds.Length; index++)
            _faults.Add(new PlannedFault(stretch * index + (stretch - Room) * random.NextDouble(), kinds[index]));
    }

    public async Task RunAsync(ServiceRig rig)
    {
        TimeProvider time = TimeProvider.System;
        long start = time.GetTimestamp();
        foreach (PlannedFault planned in _faults)
        {
            TimeSpan left = planned.At - time.GetElapsedTime(start);
            if (left > TimeSpan.Zero)
                await Task.Delay(left, time);
            await (planned.Fault switch
            {
                Fault.ServiceKilled => rig.KillServiceAsync(),
                Fault.PostgresStopped => rig.StopPostgresForAsync(Away),
                _ => rig.TakeUpstreamAwayForAsync(Away),
            });
        }
    }

    public override string ToString() => string.Join(", ", _faults.Select(planned => $"{planned.Fault} at {planned.At.TotalSeconds:F1} s"));
}
