using System.Diagnostics;
using Callbacks.Fixtures;

namespace Callbacks.Tests.Support;

/// <summary>Prometheus' own checks, on PATH or where the launcher puts them.</summary>
static class Promtool
{
    static readonly string? Program = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Append(Path.Combine(Repository.Folder, "artifacts", "tools")).Select(folder => Path.Combine(folder, "promtool")).FirstOrDefault(File.Exists);

    /// <summary>Runs it, and skips the calling test where there is none; fails it in CI.</summary>
    public static Task<(int ExitCode, string Said)> RunAsync(string[] arguments, string? input = null)
    {
        if (Program is null)
        {
            const string Message = "promtool is needed: ./callback test fetches it (of Debian's package prometheus).";
            Assert.SkipWhen(Environment.GetEnvironmentVariable("CI") is not "true", Message);
            Assert.Fail(Message);
        }

        return Tool.RunAsync(Program!, arguments, input);
    }
}

/// <summary>A program that says what it thinks of a file.</summary>
static class Tool
{
    public static async Task<(int ExitCode, string Said)> RunAsync(string program, string[] arguments, string? input = null)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        string said = await process.StandardOutput.ReadToEndAsync() + await errors;
        await process.WaitForExitAsync();
        return (process.ExitCode, said);
    }
}
