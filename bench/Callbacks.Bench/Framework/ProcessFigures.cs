using System.Globalization;

namespace Callbacks.Bench.Framework;

/// <summary>What processes have used, as <c>/proc</c> has it.</summary>
static class ProcessFigures
{
    /// <summary>The kernel's unit for times that it shows to programs; the same on every Linux of our time.</summary>
    const double TicksPerSecond = 100;

    // Fields of /proc/PID/stat behind the name in brackets, which may hold spaces.
    const int ParentField = 1, OwnUserField = 11, ChildrenSystemField = 14;

    public static double Mebibytes(int process)
    {
        const string Line = "VmRSS:";
        string? line = File.ReadLines($"/proc/{process}/status").FirstOrDefault(line => line.StartsWith(Line, StringComparison.Ordinal));
        return line is null ? double.NaN : int.Parse(line[Line.Length..].Replace("kB", "", StringComparison.Ordinal), NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite) / 1024.0;
    }

    public static double CpuSeconds(int process) => Sum(Fields(process), OwnUserField, OwnUserField + 1);

    /// <summary>With its children, those that have ended included.</summary>
    public static double CpuSecondsOfTree(int root)
    {
        double seconds = Sum(Fields(root), OwnUserField, ChildrenSystemField);
        foreach (string folder in Directory.GetDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out int process))
                continue;
            try
            {
                string[] fields = Fields(process);
                if (int.Parse(fields[ParentField], CultureInfo.InvariantCulture) == root)
                    seconds += Sum(fields, OwnUserField, OwnUserField + 1);
            }
            catch (IOException)
            {
                // It has ended meanwhile, and counts with its parent's ended children.
            }
        }

        return seconds;
    }

    static string[] Fields(int process)
    {
        string text = File.ReadAllText($"/proc/{process}/stat");
        return text[(text.LastIndexOf(')') + 2)..].Split(' ');
    }

    static double Sum(string[] fields, int first, int last)
    {
        long ticks = 0;
        for (int i = first; i <= last; i++)
            ticks += long.Parse(fields[i], CultureInfo.InvariantCulture);
        return ticks / TicksPerSecond;
    }
}
