namespace Callbacks.Configuration;

/// <summary><c>callback check</c>: a line for each thing, whether it is as it should be.</summary>
static class CheckCommand
{
    const int SubjectColumns = 24;

    /// <summary>Reaches for everything at the same time, for what doesn't answer takes its time, and tells in a fixed order.</summary>
    /// <returns>Whether all is well.</returns>
    public static async Task<bool> RunAsync(IEnumerable<ICheck> checks, TextWriter output, CancellationToken cancellationToken)
    {
        (ICheck Check, Task<CheckResult?> Result)[] running =
            [.. checks.OrderBy(check => check.Subject, StringComparer.Ordinal).Select(check => (check, ReachAsync(check, cancellationToken)))];
        await SayAsync(output, isOk: true, "configuration", "Each key is known, and its value allowed.");
        bool isOk = true;
        foreach ((ICheck check, Task<CheckResult?> task) in running)
        {
            if (await task is { } result)
            {
                await SayAsync(output, result.IsOk, check.Subject, result.Text);
                isOk &= result.IsOk;
            }
        }

        return isOk;
    }

    /// <summary>When nothing can be reached for, as the configuration is wrong in itself.</summary>
    public static async Task RefuseAsync(IEnumerable<string> problems, TextWriter output)
    {
        foreach (string problem in problems)
            await SayAsync(output, isOk: false, "configuration", problem);
    }

    static async Task<CheckResult?> ReachAsync(ICheck check, CancellationToken cancellationToken)
    {
        try
        {
            return await check.RunAsync(cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // One thing that fails in a way that nobody thought of must not hide what is wrong with the others.
            return CheckResult.Failed($"{exception.GetType().Name}: {Secrets.Mask(exception.Message)}");
        }
    }

    static Task SayAsync(TextWriter output, bool isOk, string subject, string text) =>
        output.WriteLineAsync($"{(isOk ? "ok" : "FAILED"),-8}{subject.PadRight(SubjectColumns)} {text}");
}
