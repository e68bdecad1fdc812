using System.Buffers;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Callbacks.Journal.Disk;
using Callbacks.Journal.Log;
using Callbacks.Time;

namespace Callbacks.Journal.Tools;

/// <summary><c>journal export</c>: the callbacks themselves, a line of JSON each.</summary>
static class ExportCommand
{
    public static Command Build(ToolSettings settings)
    {
        Option<string> directory = settings.DirectoryOption();
        var pending = new Option<bool>("--pending") { Description = "Only what is not settled." };
        var from = new Option<Instant?>("--from") { Description = "Received at or after this time: 2026-01-01T00:00:00Z.", CustomParser = ParseTime };
        var to = new Option<Instant?>("--to") { Description = "Received before this time.", CustomParser = ParseTime };
        var number = new Option<ulong?>("--segment") { Description = "Of this segment only, also when it was set aside." };
        Option<bool> json = ToolSettings.JsonOption();
        json.Description = "As elsewhere; an export is JSON in any case.";
        var command = new Command("export", "The callbacks, oldest first, as lines of JSON: id, received_at, object_ids, settled.") { directory, pending, from, to, number, json };
        command.SetAction((parsed, stopping) =>
        {
            ReadOnlyFolder folder = ToolSettings.Open(parsed.GetValue(directory)!);
            var survey = JournalSurvey.Read(folder, stopping);
            IEnumerable<SurveyedSegment> segments = survey.Live;
            if (parsed.GetValue(number) is { } only)
            {
                segments = survey.Segments.Where(segment => segment.Number == only).ToArray();
                if (!segments.Any())
                    throw new ToolException($"There is no segment {only} in '{folder.Path}'.");
            }

            var export = new Export(
                parsed.InvocationConfiguration.Output, parsed.GetValue(pending), parsed.GetValue(from) ?? Instant.MinValue, parsed.GetValue(to) ?? Instant.MaxValue);
            foreach (SurveyedSegment segment in segments)
            {
                stopping.ThrowIfCancellationRequested();
                export.Write(folder, segment);
            }

            return Task.FromResult(0);
        });
        return command;
    }

    static Instant? ParseTime(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time))
            return Instant.From(time);
        result.AddError($"'{text}' is no time; write it as 2026-01-01T00:00:00Z.");
        return null;
    }

    sealed class Export(TextWriter output, bool onlyPending, Instant from, Instant to)
    {
        readonly ArrayBufferWriter<byte> _line = new();

        public void Write(IJournalFolder folder, SurveyedSegment segment) => SegmentReading.Read(
            folder, segment, header => header.LastReceived >= from && !(onlyPending && segment.Settled.ContainsAll(header.FirstNumber, header.Callbacks)), callback =>
            {
                bool isSettled = segment.Settled.Contains(callback.Number);
                if (callback.ReceivedAt >= from && callback.ReceivedAt < to && !(onlyPending && isSettled))
                    output.WriteLine(Line(segment.IdOf(callback.Number), callback, isSettled));
            });

        string Line(string id, in CallbackFrame callback, bool isSettled)
        {
            _line.ResetWrittenCount();
            using (var json = new Utf8JsonWriter(_line))
            {
                json.WriteStartObject();
                json.WriteString("id", id);
                json.WriteString("received_at", callback.ReceivedAt.ToString());
                json.WriteStartArray("object_ids");
                foreach (long objectId in callback.Ids.ToArray())
                    json.WriteNumberValue(objectId);
                json.WriteEndArray();
                json.WriteBoolean("settled", isSettled);
                json.WriteEndObject();
            }

            return Encoding.UTF8.GetString(_line.WrittenSpan);
        }
    }
}
