using Npgsql;

namespace Callbacks.Store;

static class PostgresError
{
    /// <summary>The other side had the row; the same statement goes through the next time. No sign of an outage.</summary>
    public static bool IsConflict(Exception exception) => exception is PostgresException
    {
        SqlState: PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure,
    };

    public static bool IsTableMissing(Exception exception) => exception is PostgresException { SqlState: PostgresErrorCodes.UndefinedTable };

    public static bool IsTimeout(Exception exception) => exception is NpgsqlException { InnerException: TimeoutException };

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
