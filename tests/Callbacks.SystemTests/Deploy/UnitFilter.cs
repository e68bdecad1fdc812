using Callbacks.Fixtures;
using Callbacks.Local;

namespace Callbacks.SystemTests.Deploy;

/// <summary>The system calls that <c>callback.service</c> allows: its <c>SystemCallFilter=</c> lines, with systemd's own groups taken apart.</summary>
static class UnitFilter
{
    const string Key = "SystemCallFilter=";

    public static async Task<HashSet<string>> ReadAsync()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/systemd-analyze") || Environment.GetEnvironmentVariable("CI") is "true", "systemd-analyze is needed (Debian: apt-get install systemd).");
        Dictionary<string, string[]> groups = Parse((await ChildProcess.RunAsync(new ChildStart("systemd-analyze", "syscall-filter", "--no-pager"))).Output);
        var allowed = new HashSet<string>(StringComparer.Ordinal);
        foreach (string line in File.ReadLines(Path.Combine(Repository.Folder, "deploy/systemd/callback.service")).Where(line => line.StartsWith(Key, StringComparison.Ordinal)))
        {
            bool isTakenAway = line[Key.Length] == '~';
            IEnumerable<string> calls = line[Key.Length..].TrimStart('~').Split(' ').SelectMany(name => Flatten(name, groups));
            if (isTakenAway)
                allowed.ExceptWith(calls);
            else
                allowed.UnionWith(calls);
        }

        return allowed;
    }

    static IEnumerable<string> Flatten(string name, Dictionary<string, string[]> groups) =>
        name[0] == '@' ? groups[name].SelectMany(member => Flatten(member, groups)) : [name];

    /// <summary>A group's name stands at the margin, its members and a remark below it.</summary>
    static Dictionary<string, string[]> Parse(string listing)
    {
        var groups = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        List<string> members = [];
        foreach (string line in listing.Split('\n').Where(line => line.Length > 0))
        {
            string word = line.Trim();
            if (line[0] == '@')
                groups[word] = members = [];
            else if (word.Length > 0 && word[0] != '#')
                members.Add(word);
        }

        return groups.ToDictionary(group => group.Key, group => group.Value.ToArray(), StringComparer.Ordinal);
    }
}
