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

    const string LikeThis = "like Host=localhost;Port=5432;Database=callbacks;Username=callbacks;Password=...";

    /// <summary>
    /// Npgsql's own format. Pool sizes, timeouts and <c>synchronous_commit</c> in it are overruled (<see cref="StoreConnections"/>).
    /// </summary>
    [Allowed(LikeThis)]
    public string ConnectionString { get; set; } = "";

    public Keep Keep { get; set; } = Keep.Online;

    /// <summary>Most rows of one statement, 1 to 100,000. More than 10,000 gained nothing in measurements, and a batch locks its rows.</summary>
    [Allowed("1 to 100,000")]
    public int BatchRowsMax { get; set; } = 10_000;

    /// <summary>How long a connection may take to open, 1 s to 60 s, in whole seconds as Npgsql counts it.</summary>
    [Allowed("00:00:01 to 00:01:00, in whole seconds")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a statement may take before its connection is given up and the batch written again, 1 s to 60 s, in whole seconds.</summary>
    [Allowed("00:00:01 to 00:01:00, in whole seconds")]
    public TimeSpan CommandTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public IEnumerable<string> FindErrors()
    {
        // Built with the timeouts, which are told of below.
        if (IsWholeSeconds(ConnectTimeout) && DescribeConnectionString() is { } error)
            yield return error;
        if (!Enum.IsDefined(Keep))
            yield return this.Refuse(Section, nameof(Keep), Keep);
        if (BatchRowsMax is < 1 or > 100_000)
            yield return this.Refuse(Section, nameof(BatchRowsMax), BatchRowsMax);
        if (!IsWholeSeconds(ConnectTimeout))
            yield return this.Refuse(Section, nameof(ConnectTimeout), ConnectTimeout);
        if (!IsWholeSeconds(CommandTimeout))
            yield return this.Refuse(Section, nameof(CommandTimeout), CommandTimeout);
    }

    static bool IsWholeSeconds(TimeSpan timeout) =>
        timeout >= TimeSpan.FromSeconds(1) && timeout <= TimeSpan.FromMinutes(1) && timeout.Ticks % TimeSpan.TicksPerSecond == 0;

    /// <inheritdoc/>
    public string? Mask(string property)
    {
        if (property != nameof(ConnectionString))
            return null;
        return Parse() is { } builder ? Mask(builder) : Secrets.Masked;
    }

    string? DescribeConnectionString()
    {
        const string Key = $"{Section}:{nameof(ConnectionString)}";
        const string Wanted = $"it must be {LikeThis}";
        if (string.IsNullOrWhiteSpace(ConnectionString))
            return $"{Key} is empty; {Wanted}.";
        // Neither the value nor the parser's message is repeated: either may hold the password.
        if (Parse() is not { } builder)
            return $"{Key} can't be parsed; {Wanted}.";
        if (string.IsNullOrEmpty(builder.Host))
            return $"{Key} is '{Mask(builder)}', which names no Host; {Wanted}.";
        return FindContradiction() is { } contradiction ? $"{Key} is '{Mask(builder)}', which can't be used: {contradiction}; {Wanted}." : null;
    }

    /// <summary>Values that are each allowed and don't go together are found by the client only when it's asked to use them.</summary>
    string? FindContradiction()
    {
        try
        {
            StoreConnections.Build(this, "check", 1, "").Dispose();
            return null;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or NotSupportedException)
        {
            return Secrets.Mask(e.Message).TrimEnd('.');
        }
    }

    NpgsqlConnectionStringBuilder? Parse()
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(ConnectionString);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException)
        {
            return null;
        }
    }

    static string Mask(NpgsqlConnectionStringBuilder builder)
    {
        if (builder.Password is not null)
            builder.Password = Secrets.Masked;
        if (builder.SslPassword is not null)
            builder.SslPassword = Secrets.Masked;
        return builder.ConnectionString;
    }
}
