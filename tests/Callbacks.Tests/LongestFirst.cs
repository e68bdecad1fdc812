using Callbacks.Fixtures;
using Callbacks.Tests;
using Callbacks.Tests.Intake;
using Callbacks.Tests.Journal;
using Callbacks.Tests.Journal.Pending;
using Callbacks.Tests.Journal.Simulation;
using Callbacks.Tests.Lookup;
using Callbacks.Tests.Store;
using Callbacks.Tests.Sweep;
using Callbacks.Tests.View;

[assembly: TestCollectionOrderer(typeof(LongestFirst))]

namespace Callbacks.Tests;

/// <summary>Those of ten seconds and more.</summary>
sealed class LongestFirst() : ClassOrder(
    first:
    [
        typeof(StoreFaultTests), typeof(LookupsTests), typeof(ThrottlingTests), typeof(PendingTableTests), typeof(ObjectSweeperTests), typeof(JournalFaultTests),
        typeof(CrashScheduleTests), typeof(SlowClientTests), typeof(SweepLoopTests), typeof(ObjectsEndpointsTests), typeof(SilenceTests), typeof(ObjectWriterTests),
    ],
    last: []);
