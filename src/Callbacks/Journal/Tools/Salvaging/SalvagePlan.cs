using Callbacks.Time;

namespace Callbacks.Journal.Tools.Salvaging;

/// <summary>Which callbacks of a file are offered again, and what is said about it before anything is sent.</summary>
sealed class SalvagePlan(SalvageSource source, bool withSettled, ulong after)
{
    public IReadOnlyList<SalvagedCallback> ToSend { get; } =
        [.. source.Callbacks.Where(callback => (withSettled || !callback.IsSettled) && callback.Number > after && callback.Ids.Length > 0)];

    /// <exception cref="ToolException">The id is not one of this file.</exception>
    public static ulong NumberAfter(SalvageSource source, string id)
    {
        if (!CallbackId.TryParse(id, out uint tag, out ulong number) || tag != source.Segment.Tag || source.Callbacks.All(callback => callback.Number != number))
            throw new ToolException($"'{id}' is no callback of {source.Segment.Name}; it was to be gone on after.");
        return number;
    }

    public IEnumerable<string> Describe(Instant now)
    {
        IReadOnlyList<SalvagedCallback> all = source.Callbacks;
        string when = all.Count == 0 ? "" : $", received {all[0].ReceivedAt} to {all[^1].ReceivedAt}, {Text.Age(now - all[^1].ReceivedAt)} ago";
        yield return $"{source.Segment.Name}: {Text.Count(all.Count, "whole callback")} with {Text.Count(all.Sum(callback => (long)callback.Ids.Length), "id")}{when}.";
        foreach (string sentence in DamageText.Of(source.Segment))
            yield return sentence;
        yield return $"{Text.Number(all.Count(callback => callback.IsSettled))} are known to be settled. To be sent: {Text.Count(ToSend.Count, "callback")} with {Text.Count(ToSend.Sum(callback => (long)callback.Ids.Length), "id")}{(withSettled ? ", settled ones among them" : "")}.";
    }

    /// <summary>Why nothing is sent without being told so.</summary>
    public static IEnumerable<string> Warn()
    {
        yield return "Nothing was sent. A service takes what it is sent for new: it gives these callbacks the time at which it receives them, asks the upstream about each id, and what is";
        yield return "online gets a last_seen of today and stays for a retention, though nobody has named it since. With their own times, older than the retention, they would expire at once.";
        yield return "If that is wanted: the same command with --as-new.";
    }
}
