using Callbacks.Time;

namespace Callbacks.Journal.Tools;

/// <summary>What <c>journal status</c> shows; its properties are the fields of the JSON.</summary>
/// <param name="LockedBy">The process that uses the folder; null when none is seen.</param>
/// <param name="Segments">Those in use; spares are not among them.</param>
/// <param name="Lives">Tags of the lives of the service that wrote what is there, oldest first.</param>
/// <param name="OldestPendingAgeSeconds">By this machine's clock.</param>
sealed record JournalFigures(
    string Directory, int? LockedBy, int Segments, int Spares, long Bytes, IReadOnlyList<string> Lives,
    long Callbacks, ulong? FirstNumber, ulong? LastNumber, string? FirstReceivedAt, string? LastReceivedAt,
    long PendingCallbacks, long PendingSightings, string? OldestPendingReceivedAt, double? OldestPendingAgeSeconds, IReadOnlyList<string> SetAside, IReadOnlyList<string> Damage)
{
    public static JournalFigures Of(string directory, int? lockedBy, JournalSurvey survey, Instant now)
    {
        SurveyedSegment[] used = [.. survey.Live.Where(segment => !segment.IsSpare)];
        SurveyedSegment[] filled = [.. used.Where(segment => segment.Callbacks > 0)];
        Instant? oldest = used.Select(segment => segment.OldestPending).FirstOrDefault(pending => pending is not null);
        return new JournalFigures(
            directory, lockedBy, used.Length, survey.Live.Count(segment => segment.IsSpare), survey.Segments.Sum(segment => segment.Bytes),
            [.. used.Select(segment => $"{segment.Tag:x8}").Distinct(StringComparer.Ordinal)],
            filled.Sum(segment => segment.Callbacks), filled.FirstOrDefault()?.FirstNumber, filled.LastOrDefault()?.LastNumber,
            filled.FirstOrDefault()?.FirstReceived.ToString(), filled.LastOrDefault()?.LastReceived.ToString(),
            used.Sum(segment => segment.PendingCallbacks), used.Sum(segment => segment.PendingSightings), oldest?.ToString(),
            oldest is { } time ? Math.Max(0, (now - time).TotalSeconds) : null,
            [.. survey.SetAside.Select(segment => segment.Name)], [.. DamageText.Of(survey)]);
    }

    public string ToText()
    {
        string lives = Lives.Count == 0 ? "" : $": {string.Join(", ", Lives)}";
        string numbers = FirstNumber is null ? "" : $", {FirstNumber} to {LastNumber}, received {FirstReceivedAt} to {LastReceivedAt}";
        string oldest = OldestPendingAgeSeconds is { } age ? $", the oldest received {OldestPendingReceivedAt}, {Text.Age(TimeSpan.FromSeconds(age))} ago" : "";
        string[] lines =
        [
            $"folder     {Directory}",
            $"service    {(LockedBy is { } process ? $"process {process} uses the folder (seen in /proc/locks)" : "no process is seen to use the folder (in /proc/locks; one in another container is not seen)")}",
            $"segments   {Text.Number(Segments)}, and {Text.Count(Spares, "spare")}, {Text.Count(Bytes, "byte")}",
            $"lives      {Text.Number(Lives.Count)}{lives}",
            $"callbacks  {Text.Number(Callbacks)}{numbers}",
            $"pending    {Text.Count(PendingCallbacks, "callback")} with {Text.Count(PendingSightings, "id")}{oldest}",
            .. Damage.Count == 0 ? ["damage     none"] : Damage.Select((sentence, i) => (i == 0 ? "damage     " : "           ") + sentence),
        ];
        return string.Join(Environment.NewLine, lines);
    }
}
