namespace Callbacks.SystemTests.Faults;

/// <summary>Mounts, other people's folders: some faults can be made by root only.</summary>
static class Root
{
    public static bool IsRoot => Environment.IsPrivilegedProcess;

    /// <summary>Skips the calling test for everybody else; fails it in CI, where root is there.</summary>
    public static void Require()
    {
        if (IsRoot)
            return;
        const string Message = "Only root can make this fault.";
        if (Environment.GetEnvironmentVariable("CI") is "true")
            Assert.Fail(Message);
        Assert.Skip(Message);
    }
}
