using System.Globalization;
using Callbacks.Tester.Records;

namespace Callbacks.Tester.Verify;

/// <summary>
/// What a test did on purpose: a line <c>start,end,kind</c> each, where a moment is ISO 8601 or seconds since 1970 (<c>date +%s.%N</c>),
/// and the kind is <c>service</c>, <c>postgres</c>, <c>upstream</c> or <c>machine</c>. Empty lines and those that begin with # are skipped.
/// </summary>
static class OutageFile
{
    /// <exception cref="InvalidDataException">A line can't be read; which one.</exception>
    public static List<Outage> Read(string path)
    {
        var outages = new List<Outage>();
        int number = 0;
        foreach (string line in File.ReadLines(path))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line) || line[0] == '#')
                continue;
            if (line.Split(',', StringSplitOptions.TrimEntries) is not [var start, var end, var kind]
                || Time(start) is not { } from || Time(end) is not { } to || to < from
                || !Enum.TryParse(kind, ignoreCase: true, out OutageKind parsed))
                throw new InvalidDataException($"{path}, line {number}: '{line}' is not start,end,kind.");
            outages.Add(new Outage(from, to, parsed));
        }

        return outages;
    }

    static long? Time(string moment)
    {
        if (decimal.TryParse(moment, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal seconds))
            return (long)(seconds * Moment.PerSecond);
        return DateTimeOffset.TryParse(moment, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? Moment.From(time)
            : null;
    }
}
