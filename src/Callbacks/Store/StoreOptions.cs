using Callbacks.Configuration;
using Npgsql;

namespace Callbacks.Store;

/// <summary>Which sightings are kept as rows.</summary>
enum Keep
{
    /// <summary>A sighting answered online is stored, one answered offline changes nothing.</summary>
    Online,

    /// <summary>Every sighting with a good answer is stored, with its flag.</summary>
    All,
}

sealed class StoreOptions : ICheckedOptions
{
    public const string Section = "Store";

    /// <summary>
    /// Npgsql's own format. Pool sizes, timeouts and <c>synchronous_commit</c> in it are overruled (<see cref="StoreConnections"/>).
    /// </summary>
    public string ConnectionString { get; set; } = "";

    public Keep Keep { get; set; } = Keep.Online;

    /// <summary>Most rows of one statement, 1 to 100,000. More than 10,000 gained nothing in measurements, and a batch locks its rows.</summary>
    public int BatchRowsMax { get; set; } = 10_000;

    /// <summary>How long a connection may take to open, 1 s to 60 s, in whole seconds as Npgsql counts it.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a statement may take before its connection is given up and the batch written again, 1 s to 60 s, in whole seconds.</summary>
    public TimeSpan CommandTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public IEnumerable<string> FindErrors()
    {
        if (DescribeConnectionString() is { } error)
            yield return error;
        if (!Enum.IsDefined(Keep))
            yield return $"{Section}:{nameof(Keep)} is {Keep}; it must be Online or All.";
        if (BatchRowsMax is < 1 or > 100_000)
            yield return $"{Section}:{nameof(BatchRowsMax)} is {BatchRowsMax}; it must be 1 to 100,000.";
        if (!IsWholeSeconds(ConnectTimeout))
            yield return $"{Section}:{nameof(ConnectTimeout)} is {ConnectTimeout}; it must be 00:00:01 to 00:01:00, in whole seconds.";
        if (!IsWholeSeconds(CommandTimeout))
            yield return $"{Section}:{nameof(CommandTimeout)} is {CommandTimeout}; it must be 00:00:01 to 00:01:00, in whole seconds.";
    }

    static bool IsWholeSeconds(TimeSpan timeout) =>
        timeout >= TimeSpan.FromSeconds(1) && timeout <= TimeSpan.FromMinutes(1) && timeout.Ticks % TimeSpan.TicksPerSecond == 0;

    string? DescribeConnectionString()
    {
        const string Wanted = "it must be like Host=localhost;Port=5432;Database=callbacks;Username=callbacks;Password=...";
        const string Key = $"{Section}:{nameof(ConnectionString)}";
        if (string.IsNullOrWhiteSpace(ConnectionString))
            return $"{Key} is empty; {Wanted}.";

        NpgsqlConnectionStringBuilder builder;
        try
        {
            builder = new NpgsqlConnectionStringBuilder(ConnectionString);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException)
        {
            // Neither the value nor the parser's message is repeated: either may hold the password.
            return $"{Key} can't be parsed; {Wanted}.";
        }

        if (!string.IsNullOrEmpty(builder.Host))
            return null;
        if (builder.Password is not null)
            builder.Password = "***";
        return $"{Key} is '{builder.ConnectionString}', which names no Host; {Wanted}.";
    }
}
