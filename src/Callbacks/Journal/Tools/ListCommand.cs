using System.CommandLine;
using System.Globalization;
using Callbacks.Journal.Disk;

namespace Callbacks.Journal.Tools;

/// <summary><c>journal list</c>: one line a segment, or one a pending callback.</summary>
static class ListCommand
{
    public static Command Build(ToolSettings settings)
    {
        Option<string> directory = settings.DirectoryOption();
        Option<bool> json = ToolSettings.JsonOption();
        var pending = new Option<bool>("--pending") { Description = "The pending callbacks instead: id, time of receipt, how many ids." };
        var command = new Command("list", "One line a segment: in use, settled, spare, damaged, set aside.") { directory, json, pending };
        command.SetAction((parsed, stopping) =>
        {
            ReadOnlyFolder folder = ToolSettings.Open(parsed.GetValue(directory)!);
            var survey = JournalSurvey.Read(folder, stopping);
            TextWriter output = parsed.InvocationConfiguration.Output;
            bool asJson = parsed.GetValue(json);
            if (parsed.GetValue(pending))
                WritePending(output, folder, survey, asJson);
            else if (asJson)
                output.WriteLine(Text.ToJson(survey.Segments.Select(ToObject)));
            else
                WriteSegments(output, survey);
            return Task.FromResult(0);
        });
        return command;
    }

    static void WriteSegments(TextWriter output, JournalSurvey survey)
    {
        output.WriteLine($"{"segment",20} {"tag",8} {"state",-9} {"bytes used",13} {"groups",9} {"callbacks",10} {"pending",9}  numbers, received");
        foreach (SurveyedSegment segment in survey.Segments)
        {
            string numbers = segment.Callbacks == 0
                ? "" : $"{segment.FirstNumber} to {segment.LastNumber}, {segment.FirstReceived} to {segment.LastReceived}";
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{segment.Number,20} {(segment.IsSpare ? "" : $"{segment.Tag:x8}"),8} {segment.State,-9} {Used(segment),13:N0} {segment.Groups,9:N0} {segment.Callbacks,10:N0} {segment.PendingCallbacks,9:N0}  {numbers}")
                .TrimEnd());
        }
    }

    static void WritePending(TextWriter output, ReadOnlyFolder folder, JournalSurvey survey, bool asJson)
    {
        foreach (SurveyedSegment segment in survey.Live.Where(segment => segment.PendingCallbacks > 0))
        {
            SegmentReading.Read(folder, segment, header => !segment.Settled.ContainsAll(header.FirstNumber, header.Callbacks), callback =>
            {
                if (segment.Settled.Contains(callback.Number))
                    return;
                string id = segment.IdOf(callback.Number);
                output.WriteLine(asJson
                    ? Text.ToJson(new { Id = id, ReceivedAt = callback.ReceivedAt.ToString(), Objects = callback.Ids.Length })
                    : $"{id} {callback.ReceivedAt} {Text.Count(callback.Ids.Length, "id")}");
            });
        }
    }

    static long Used(SurveyedSegment segment) => segment.IsSpare ? 0 : segment.End;

    static object ToObject(SurveyedSegment segment) => new
    {
        segment.Number,
        File = segment.Name,
        Tag = segment.IsSpare ? null : $"{segment.Tag:x8}",
        segment.State,
        segment.Bytes,
        BytesUsed = Used(segment),
        segment.Groups,
        segment.Callbacks,
        segment.PendingCallbacks,
        segment.PendingSightings,
        FirstNumber = segment.Callbacks == 0 ? (ulong?)null : segment.FirstNumber,
        LastNumber = segment.Callbacks == 0 ? (ulong?)null : segment.LastNumber,
        FirstReceivedAt = segment.Callbacks == 0 ? null : segment.FirstReceived.ToString(),
        LastReceivedAt = segment.Callbacks == 0 ? null : segment.LastReceived.ToString(),
    };
}
