using System.Runtime.InteropServices;
using Callbacks.Journal;
using Callbacks.Journal.Log;
using Callbacks.Time;
using Microsoft.Data.Sqlite;

namespace Callbacks.Bench.Bare;

/// <summary>
/// The same promise kept with SQLite: WAL, <c>synchronous=FULL</c>, one writer thread that puts everything which arrived meanwhile into one
/// transaction.
/// </summary>
sealed class SqliteLog : ICallbackLog, IDisposable
{
    readonly object _gate = new();
    readonly ServiceTime _time;
    readonly SqliteConnection _connection;
    readonly Thread _thread;
    List<(PendingAppend Append, byte[] Ids)> _open = [];
    List<(PendingAppend Append, byte[] Ids)> _writing = [];
    ulong _lastNumber;
    bool _stopping;

    public SqliteLog(string path, ServiceTime time)
    {
        _time = time;
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ConnectionString);
        _connection.Open();
        Execute("pragma journal_mode=wal");
        Execute("pragma synchronous=full");
        Execute("create table log (number integer primary key, received_at integer not null, ids blob not null)");
        _thread = new Thread(Run) { IsBackground = true, Name = "sqlite writer" };
        _thread.Start();
    }

    public uint Tag => 0;

    public ValueTask<Receipt> AppendAsync(ReadOnlySpan<long> ids)
    {
        byte[] bytes = MemoryMarshal.AsBytes(ids).ToArray();
        Instant now = _time.Now;
        lock (_gate)
        {
            PendingAppend append = PendingAppend.Rent(++_lastNumber, now);
            _open.Add((append, bytes));
            if (_open.Count == 1)
                Monitor.Pulse(_gate);
            return append.Task;
        }
    }

    public long CountRows()
    {
        using SqliteCommand count = _connection.CreateCommand();
        count.CommandText = "select count(*) from log";
        return (long)count.ExecuteScalar()!;
    }

    /// <summary>Returns when everything appended is written.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _stopping = true;
            Monitor.Pulse(_gate);
        }

        _thread.Join();
    }

    public void Dispose()
    {
        Stop();
        _connection.Dispose();
    }

    void Run()
    {
        using SqliteCommand insert = _connection.CreateCommand();
        insert.CommandText = "insert into log values ($number, $received, $ids)";
        SqliteParameter number = insert.Parameters.Add("$number", SqliteType.Integer);
        SqliteParameter received = insert.Parameters.Add("$received", SqliteType.Integer);
        SqliteParameter blob = insert.Parameters.Add("$ids", SqliteType.Blob);
        insert.Prepare();
        while (TakeGroup())
        {
            using (SqliteTransaction transaction = _connection.BeginTransaction())
            {
                insert.Transaction = transaction;
                foreach ((PendingAppend append, byte[] ids) in _writing)
                {
                    number.Value = (long)append.Number;
                    received.Value = append.ReceivedAt.Microseconds;
                    blob.Value = ids;
                    insert.ExecuteNonQuery();
                }

                transaction.Commit();
            }

            foreach ((PendingAppend append, _) in _writing)
                append.Complete(isDurable: true);
            _writing.Clear();
        }
    }

    bool TakeGroup()
    {
        lock (_gate)
        {
            while (_open.Count == 0 && !_stopping)
                Monitor.Wait(_gate);
            (_open, _writing) = (_writing, _open);
            return _writing.Count > 0;
        }
    }

    void Execute(string sql)
    {
        using SqliteCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
