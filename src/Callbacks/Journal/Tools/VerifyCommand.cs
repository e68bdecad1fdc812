using System.CommandLine;

namespace Callbacks.Journal.Tools;

/// <summary><c>journal verify</c>: whether every group is whole.</summary>
static class VerifyCommand
{
    public static Command Build(ToolSettings settings)
    {
        Option<string> directory = settings.DirectoryOption();
        Option<bool> json = ToolSettings.JsonOption();
        var command = new Command("verify", "Reads everything and checks each group. Exit code 0: whole; 1: something is damaged or was set aside, and what that costs is said.") { directory, json };
        command.SetAction(async (parsed, stopping) =>
        {
            var survey = JournalSurvey.Read(ToolSettings.Open(parsed.GetValue(directory)!), stopping);
            TextWriter output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json))
            {
                await output.WriteLineAsync(Text.ToJson(new { IsWhole = !survey.IsDamaged, Groups = survey.Segments.Sum(segment => (long)segment.Groups), survey.Missing, Damage = Places(survey) }));
            }
            else
            {
                foreach (string sentence in DamageText.Of(survey))
                    await output.WriteLineAsync(sentence);
                await output.WriteLineAsync(
                    $"{Text.Count(survey.Segments.Count(segment => !segment.IsSpare), "segment")} with {Text.Count(survey.Segments.Sum(segment => (long)segment.Groups), "group")} checked: {(survey.IsDamaged ? "not all is whole." : "all whole.")}");
            }

            return survey.IsDamaged ? JournalTools.Bad : 0;
        });
        return command;
    }

    static IEnumerable<object> Places(JournalSurvey survey) => survey.Segments.Where(segment => segment.IsDamaged || segment.IsSetAside).Select(segment => new
    {
        File = segment.Name,
        segment.IsSetAside,
        segment.IsHeaderDamaged,
        Holes = segment.Damage.Select(damage => new { damage.From, damage.To, CallbacksMax = Math.Max(0, damage.CallbacksMax), damage.Settled }),
    });
}
