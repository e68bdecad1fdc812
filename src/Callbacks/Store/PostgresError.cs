using Npgsql;

namespace Callbacks.Store;

static class PostgresError
{
    /// <summary>The other side had the row; the same statement goes through the next time. No sign of an outage.</summary>
    public static bool IsConflict(Exception exception) => exception is PostgresException
    {
        SqlState: PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure,
    };

    /// <summary>Somebody's transaction keeps a row, or the table, locked.</summary>
    static bool IsLocked(Exception exception) => exception is PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable };

    /// <summary>It is about rows of the batch: locked, not allowed by a constraint or a trigger. Another batch may go through.</summary>
    public static bool IsAboutRows(Exception exception) => IsLocked(exception) || exception is PostgresException { SqlState: ['2', '2' or '3', ..] or ['P', '0', ..] };

    /// <summary>A statement ran out of time.</summary>
    public static bool IsTooSlow(Exception exception) => exception is TimeoutException or PostgresException { SqlState: PostgresErrorCodes.QueryCanceled };

    public static bool IsTableMissing(Exception exception) => exception is PostgresException { SqlState: PostgresErrorCodes.UndefinedTable };

    /// <summary>
    /// The statement failed, and the session has nothing to do with it. Any other may have begun on a read-only server, or on one that is the
    /// replica now, and would stay what it is.
    /// </summary>
    public static bool IsSessionWell(Exception exception) =>
        IsConflict(exception) || IsLocked(exception) || exception is PostgresException { SqlState: PostgresErrorCodes.QueryCanceled };

    /// <summary>A smaller batch may go through: the server was too slow for this one, or refuses a row of it, or cannot have one's lock.</summary>
    public static bool MaySpareOthers(Exception exception) => !IsConflict(exception) && exception is TimeoutException or PostgresException;

    /// <summary>
    /// One sentence, ending in a full stop. Of a server's error only code and message: its detail may hold row values. Npgsql's own
    /// messages name host and port, never the password.
    /// </summary>
    public static string Describe(Exception exception)
    {
        string text = exception switch
        {
            PostgresException e => $"{e.SqlState}: {e.MessageText}",
            NpgsqlException { InnerException: { } inner } e => $"{e.Message.TrimEnd('.')} ({inner.Message.TrimEnd('.')})",
            _ => exception.Message,
        };
        return text.ReplaceLineEndings(" ").TrimEnd('.', ' ') + ".";
    }
}
