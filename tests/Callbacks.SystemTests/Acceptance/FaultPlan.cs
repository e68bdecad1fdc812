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
    static readonly TimeSpan Recovery = TimeSpan.FromSeconds(3);

    readonly List<PlannedFault> _faults = [];
    readonly TimeSpan _away;

    /// <param name="random">Draws the order and the moments.</param>
    /// <param name="duration">All stretches together.</param>
    /// <param name="kills">Of the service.</param>
    /// <param name="stops">Of PostgreSQL.</param>
    /// <param name="absences">Of the upstream.</param>
    /// <param name="away">How long PostgreSQL and the upstream stay away.</param>
    public FaultPlan(Random random, TimeSpan duration, int kills, int stops, int absences, TimeSpan away)
    {
        _away = away;
        Fault[] kinds =
        [
            .. Enumerable.Repeat(Fault.ServiceKilled, kills), .. Enumerable.Repeat(Fault.PostgresStopped, stops),
            .. Enumerable.Repeat(Fault.UpstreamAway, absences),
        ];
        random.Shuffle(kinds);
        TimeSpan stretch = duration / kinds.Length, slack = stretch - away - Recovery;
        for (int index = 0; index < kinds.Length; index++)
            _faults.Add(new PlannedFault(stretch * index + slack * random.NextDouble(), kinds[index]));
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
                Fault.PostgresStopped => rig.StopPostgresForAsync(_away),
                _ => rig.TakeUpstreamAwayForAsync(_away),
            });
        }
    }

    public override string ToString() => string.Join(", ", _faults.Select(planned => $"{planned.Fault} at {planned.At.TotalSeconds:F1} s"));
}
