using Callbacks.Fixtures;
using Callbacks.SystemTests;
using Callbacks.SystemTests.Acceptance;
using Callbacks.SystemTests.Benches;
using Callbacks.SystemTests.BrokenBuilds;
using Callbacks.SystemTests.Dashboard;
using Callbacks.SystemTests.Faults;
using Callbacks.SystemTests.Journal;
using Callbacks.SystemTests.Local;

[assembly: TestCollectionOrderer(typeof(LongestFirst))]

namespace Callbacks.SystemTests;

/// <summary>
/// Those of half a minute and more. Of those that wait for their turn first the ones with several trials and with a long retention, for which nobody has to wait
/// then; near the end, when nobody prepares anything any more, the one that judges how late rows go. The very last has to be a small one: the runner begins it first.
/// </summary>
sealed class LongestFirst() : ClassOrder(
    first:
    [
        typeof(ServiceBenchTests), typeof(InjectedErrorTests), typeof(DashboardTests), typeof(StageBenchTests), typeof(UpTests), typeof(ToolsBesideServiceTests),
        typeof(MisbehavingUpstreamTests), typeof(PausedProcessTests),
        typeof(RestartTests), typeof(PostgresFaultTests), typeof(MissedNothingTests), typeof(DiskFullTests),
    ],
    last: [typeof(BacklogTests), typeof(OnTimeTests), typeof(BrokenBuildTests)]);
