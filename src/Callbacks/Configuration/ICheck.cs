namespace Callbacks.Configuration;

/// <summary>Reaches for one thing that the configuration names, without changing anything, whether or not a service is running beside it.</summary>
interface ICheck
{
    /// <summary>The key, or the thing.</summary>
    string Subject { get; }

    /// <returns>Null when the configuration names no such thing.</returns>
    Task<CheckResult?> RunAsync(CancellationToken cancellationToken);
}

/// <param name="Text">Sentences: what was found and, if it failed, what to do.</param>
sealed record CheckResult(bool IsOk, string Text)
{
    public static CheckResult Ok(string text) => new(true, text);

    public static CheckResult Failed(string text) => new(false, text);
}
