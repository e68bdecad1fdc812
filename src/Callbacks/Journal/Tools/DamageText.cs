namespace Callbacks.Journal.Tools;

/// <summary>What is damaged, and what that costs, a sentence each.</summary>
static class DamageText
{
    public static IEnumerable<string> Of(JournalSurvey survey) =>
        survey.Missing.Select(number => $"Segment {Log.Segment.NameOf(number)} is missing, with whatever was in it.").Concat(survey.Segments.SelectMany(Of));

    public static IEnumerable<string> Of(SurveyedSegment segment)
    {
        if (segment.IsSetAside)
            yield return $"{segment.Name} was set aside by a service, when everything whole in it was settled. Move it away when you are done with it.";
        if (segment.IsHeaderDamaged)
            yield return $"{segment.Name}: the header is damaged. That costs nothing: the groups tell what is needed.";
        foreach (Damage damage in segment.Damage)
            yield return $"{segment.Name}: damaged from byte {damage.From} to {damage.To}. {Cost(segment, damage)}";
    }

    static string Cost(SurveyedSegment segment, Damage damage)
    {
        if (damage.CallbacksMax <= 0)
            return "No callback was there, at most marks of what is settled.";
        string which = damage is { First: { } first, Behind: { } behind } ? $", {segment.IdOf(first)} to {segment.IdOf(behind - 1)}," : ",";
        string held = $"It held at most {Text.Count(damage.CallbacksMax, "callback")}{which} of which {Text.Number(damage.Settled)} are known to be settled";
        return damage.Settled >= damage.CallbacksMax ? $"{held}: nothing is lost." : $"{held}; the others are lost if they were acknowledged and not settled.";
    }
}
