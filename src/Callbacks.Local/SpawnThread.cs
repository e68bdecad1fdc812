using System.Collections.Concurrent;

namespace Callbacks.Local;

/// <summary>
/// The one thread that starts children. The kernel sends a child its death signal when the <em>thread</em> that started it ends, and
/// the thread pool ends threads at will; this one lives as long as the process, so "the parent is gone" means just that.
/// </summary>
static class SpawnThread
{
    static readonly BlockingCollection<Action> Requests = Start();

    /// <summary>Runs on the thread and returns, or throws, what came of it.</summary>
    public static T Run<T>(Func<T> spawn)
    {
        var outcome = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Requests.Add(() =>
        {
            try
            {
                outcome.SetResult(spawn());
            }
            catch (Exception e)
            {
                outcome.SetException(e);
            }
        });
        return outcome.Task.GetAwaiter().GetResult();
    }

    static BlockingCollection<Action> Start()
    {
        var requests = new BlockingCollection<Action>();
        var thread = new Thread(() =>
        {
            foreach (Action request in requests.GetConsumingEnumerable())
                request();
        })
        {
            IsBackground = true,
            Name = "spawn",
        };
        thread.Start();
        return requests;
    }
}
