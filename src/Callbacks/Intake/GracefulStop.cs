namespace Callbacks.Intake;

/// <summary>
/// Goes before the server's own stop. First nothing more is accepted, and what waits in the kernel's queue is left to the next process on
/// the socket; then every answer closes its connection, and those connections get a short time from which a request may be on its way.
/// Only then is closed what is left, one by one: idle connections, of which HTTP/1.1 allows no better farewell. A request whose body has
/// not come by then is cut off, and then whoever doesn't read its answer: the next process, and all that wait for it, can't begin before they are gone.
/// </summary>
sealed partial class GracefulStop(
    GatedTransport transport, Connections connections, TimeProvider time, ILogger<GracefulStop> logger) : IHostedLifecycleService
{
    // Long enough for a client that posts several times a second to be told; those that wait for the next process wait as long.
    static readonly TimeSpan KeptAliveGrace = TimeSpan.FromMilliseconds(200);

    // Added for a client that has just connected and has sent nothing yet: on a crowded machine it may be off the processor for that long.
    static readonly TimeSpan FreshGrace = TimeSpan.FromMilliseconds(300);

    // From its beginning, for a request whose body is on its way: a packet sent again takes a fifth of a second, and senders wait for a second.
    static readonly TimeSpan BodyGrace = TimeSpan.FromSeconds(1);

    // After that, for the answers under way: a callback has got its own within 0.9 s.
    static readonly TimeSpan AnswerGrace = TimeSpan.FromSeconds(1);

    // Enough for a thousand; the rest are closed at once.
    static readonly TimeSpan ClosingMax = TimeSpan.FromMilliseconds(200);

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        long start = time.GetTimestamp();
        await transport.ShutAsync(cancellationToken);
        connections.CloseWithAnswers();
        int before = connections.Count;
        int recent = await connections.AwaitAsync(onlyFresh: false, KeptAliveGrace, cancellationToken);
        int fresh = recent == 0 ? 0 : await connections.AwaitAsync(onlyFresh: true, FreshGrace, cancellationToken);
        await connections.CloseOneByOneAsync(ClosingMax, cancellationToken);
        TimeSpan left = BodyGrace - time.GetElapsedTime(start);
        if (left > TimeSpan.Zero)
            await connections.AwaitAsync(onlyFresh: false, left, cancellationToken);
        connections.CutUnread();
        double milliseconds = time.GetElapsedTime(start).TotalMilliseconds;
        LogStopped(before, milliseconds, recent, fresh);
        int unread = await connections.CloseRestAsync(AnswerGrace, cancellationToken);
        if (unread > 0)
            LogUnread(unread);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(Level = LogLevel.Information, Message = "Accepting stopped with {Open} connections open; after {Milliseconds:F0} ms "
        + "all are told, but for {Recent} used within the last second, {Fresh} of them without any request.")]
    partial void LogStopped(int open, double milliseconds, int recent, int fresh);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Unread} connections whose clients did not read their answers in time were cut off.")]
    partial void LogUnread(int unread);
}
