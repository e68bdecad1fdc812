namespace Callbacks.Configuration;

/// <summary>
/// Keys that nobody reads: mostly misspelt ones, whose value would silently not count. Their values are not repeated, for nobody
/// knows whether they are secrets.
/// </summary>
static class UnknownKeys
{
    /// <summary>A section's name that is wrong in more letters is another one's.</summary>
    const int SectionDistanceMax = 2;

    public static IEnumerable<string> Find(IConfiguration configuration, IReadOnlyList<OptionsSection> sections)
    {
        foreach (string key in configuration.AsEnumerable().Where(pair => pair.Value is not null).Select(pair => pair.Key).Order(StringComparer.OrdinalIgnoreCase))
        {
            string[] parts = key.Split(':', 2);
            OptionsSection? section = SectionOf(parts, sections);
            bool isKnown = section?.Settings.Any(setting => setting.Key.Equals(key, StringComparison.OrdinalIgnoreCase)) == true;
            if (!isKnown && Find(key, parts, section, KeySource.Of(configuration, key), sections) is { } error)
                yield return error;
        }
    }

    static string? Find(string key, string[] parts, OptionsSection? section, KeySource source, IReadOnlyList<OptionsSection> sections)
    {
        // A machine's environment is full of other people's variables: only what lies within our sections is surely meant for us.
        bool isOurs = source.Kind is SourceKind.File or SourceKind.Flag;
        if (section is not null && parts.Length == 2)
            return Say(key, source, Nearest(key, section, sections), section);
        if (!isOurs)
            return null;
        if (section is not null)
            return $"{key} ({source.Text}) is a section, which has no value of its own; set a key of it: {NamesOf(section)}.";
        if (parts.Length == 1)
            return FindMeant(key, sections) is { } setting ? Say(key, source, setting, null) : null;
        OptionsSection? near = sections.Select(section => (Section: section, Distance: EditDistance.Between(section.Name, parts[0])))
            .Where(candidate => candidate.Distance <= SectionDistanceMax).OrderBy(candidate => candidate.Distance).FirstOrDefault().Section;
        return near is null ? null : Say(key, source, Nearest($"{near.Name}:{parts[1]}", near, sections), near);
    }

    /// <summary>Without its section, or written as variables are, which counts for nothing in a flag or the file.</summary>
    static Setting? FindMeant(string key, IReadOnlyList<OptionsSection> sections)
    {
        string[] parts = key.Replace("__", ":", StringComparison.Ordinal).Replace('.', ':').Split(':', 2);
        OptionsSection? section = SectionOf(parts, sections);
        return section is not null && parts.Length == 2 ? Nearest($"{section.Name}:{parts[1]}", section, sections) : SameName(key, sections);
    }

    static OptionsSection? SectionOf(string[] parts, IReadOnlyList<OptionsSection> sections) =>
        sections.FirstOrDefault(section => section.Name.Equals(parts[0], StringComparison.OrdinalIgnoreCase));

    static string Say(string key, KeySource source, Setting? nearest, OptionsSection? section) => nearest is not null
        ? $"{key} ({source.Text}) is no known key; did you mean {nearest.Key}? Correct it or take it away."
        : $"{key} ({source.Text}) is no known key; {section!.Name} has {NamesOf(section)}. Correct it or take it away.";

    /// <summary>Of the same name in any section, or of a similar name in this one.</summary>
    static Setting? Nearest(string key, OptionsSection section, IReadOnlyList<OptionsSection> sections)
    {
        string name = key.Split(':', 2)[1];
        (Setting setting, int distance) = section.Settings.Select(setting => (setting, EditDistance.Between(setting.Property.Name, name)))
            .MinBy(candidate => candidate.Item2);
        // A third of the letters, at least two: more than that is a guess.
        return distance <= Math.Max(2, name.Length / 3) ? setting : SameName(name, sections);
    }

    static Setting? SameName(string name, IReadOnlyList<OptionsSection> sections) => sections.SelectMany(section => section.Settings)
        .FirstOrDefault(setting => setting.Property.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    static string NamesOf(OptionsSection section) => string.Join(", ", section.Settings.Select(setting => setting.Property.Name));
}
