using System.Buffers;
using System.Threading.Channels;

namespace Callbacks.Tester.Records;

/// <summary>
/// Appends records to a file from many threads: a bounded queue and one writer, which gathers for up to 50 ms. What was given to <see
/// cref="WriteAsync"/> is with the operating system at most 100 ms later (so it survives a kill of this process after that time), and all
/// of it is once <see cref="DisposeAsync"/> has returned. Nothing is flushed to the disk itself: the judge reads it on the same machine.
/// </summary>
sealed class RecordWriter<T> : IAsyncDisposable
{
    static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(50);

    readonly Channel<T> _queue = Channel.CreateBounded<T>(new BoundedChannelOptions(1 << 18) { SingleReader = true });
    readonly CancellationTokenSource _closing = new();
    readonly Stream _file;
    readonly Action<T, IBufferWriter<byte>> _encode;
    readonly TimeProvider _time;
    Task _writing = Task.CompletedTask;

    RecordWriter(Stream file, Action<T, IBufferWriter<byte>> encode, TimeProvider time) => (_file, _encode, _time) = (file, encode, time);

    public static RecordWriter<T> Start(Stream file, Action<T, IBufferWriter<byte>> encode, TimeProvider time)
    {
        var writer = new RecordWriter<T>(file, encode, time);
        writer._writing = Task.Run(writer.WriteAllAsync);
        return writer;
    }

    /// <summary>Ends when the writer has been disposed of; faulted as soon as the file can't be written.</summary>
    public Task Completion => _writing;

    /// <summary>Waits when the disk is behind: no record is dropped.</summary>
    /// <exception cref="ChannelClosedException">The file couldn't be written (the inner exception says why), or the writer is closed.</exception>
    public ValueTask WriteAsync(T record) => _queue.Writer.WriteAsync(record);

    public async ValueTask DisposeAsync()
    {
        if (!_queue.Writer.TryComplete())
            return;

        await _closing.CancelAsync();
        try
        {
            await _writing;
        }
        finally
        {
            await _file.DisposeAsync();
            _closing.Dispose();
        }
    }

    async Task WriteAllAsync()
    {
        var buffer = new ArrayBufferWriter<byte>(64 * 1024);
        try
        {
            while (await _queue.Reader.WaitToReadAsync())
            {
                while (_queue.Reader.TryRead(out T? record))
                    _encode(record, buffer);
                await _file.WriteAsync(buffer.WrittenMemory);
                buffer.ResetWrittenCount();
                // Thousands of records a second would otherwise be thousands of system calls.
                await Task.Delay(Gathering, _time, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        catch (Exception exception)
        {
            _queue.Writer.TryComplete(exception);
            throw;
        }
    }
}
