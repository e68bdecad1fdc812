using System.Globalization;
using Callbacks.Journal;
using Callbacks.JournalDriver;

// callback-journal-driver FOLDER FIRST ROUNDS: opens the journal, settles what it finds, sends ROUNDS times four callbacks from index FIRST on, answers
// them now and then, settles all, and leaves some pending at its end. With ROUNDS 0 it sends nothing. A line each:
//
//   open                              callbacks are accepted
//   found ID MICROSECONDS             an id that was pending at the start, with its receive time
//   read                              that was all of them; they may be settled from now on
//   send INDEX COUNT                  COUNT callbacks may be in the journal from now on
//   durable INDEX NUMBER MICROSECONDS acknowledged, with number and receive time
//   refused INDEX MILLISECONDS        not acknowledged, after so long
//   answer                            everything sent so far may be settled from now on
//   settled                           all of that is settled
//   closed                            the journal was closed in good order
const int ExitUnusable = 78;
const int ExitLate = 70;
TimeSpan patience = TimeSpan.FromSeconds(40);

int rounds = int.Parse(args[2], CultureInfo.InvariantCulture);
using var said = new Said();
using var deadline = new CancellationTokenSource(patience);
using var driver = new Driver(said, args[0], long.Parse(args[1], CultureInfo.InvariantCulture), deadline.Token);
try
{
    await driver.RunAsync(rounds, leavesPending: rounds > 0);
    return 0;
}
catch (JournalUnusableException exception)
{
    await Console.Error.WriteLineAsync(exception.Message);
    return ExitUnusable;
}
catch (OperationCanceledException)
{
    await Console.Error.WriteLineAsync($"Not done after {patience.TotalSeconds} s.");
    return ExitLate;
}
