using System.Globalization;
using System.Reflection;

namespace Callbacks.Configuration;

/// <summary>One key of a section: a property of the section's options.</summary>
sealed record Setting(string Section, PropertyInfo Property)
{
    public string Key => $"{Section}:{Property.Name}";

    /// <summary>As it stands behind "it must be" when the value is no such thing at all.</summary>
    public string Wanted => Type switch
    {
        { IsEnum: true } => string.Join(" or ", Enum.GetNames(Type)),
        _ when Type == typeof(int) || Type == typeof(long) => $"a whole number, {Allowed}",
        // A lone number would be taken for days.
        _ when Type == typeof(TimeSpan) => $"a time in the form hours:minutes:seconds, {Allowed}",
        _ => Allowed,
    };

    /// <summary>As it stands behind "it must be" when the value is of the right type.</summary>
    public string Allowed => Property.GetCustomAttribute<AllowedAttribute>()?.Text ?? string.Join(" or ", Enum.GetNames(Type));

    Type Type => Nullable.GetUnderlyingType(Property.PropertyType) ?? Property.PropertyType;

    /// <summary>Sets the property, unless the text is of another type.</summary>
    public bool TrySet(object options, string text)
    {
        // An empty variable is the way of many a script to leave out what may be left out.
        if (text.Length == 0 && Property.GetValue(options) is null)
            return true;
        if (Parse(text) is not { } value)
            return false;
        Property.SetValue(options, value);
        return true;
    }

    /// <summary>Repeats no secret, and has one line.</summary>
    public string Refuse(object? value)
    {
        string shown = value is string or Uri ? $"'{Show(value)}'" : Show(value);
        return $"{Key} is {shown}; it must be {Allowed}.";
    }

    public string RefuseType(string text) => $"{Key} is '{Show(text)}'; it must be {Wanted}.";

    /// <summary>A value as it would be written in the configuration.</summary>
    public static string Show(object? value) => value switch
    {
        null => "none",
        TimeSpan time => Show(time),
        Uri url => Secrets.Mask(url.ToString()),
        string text => Secrets.Mask(text),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    static string Show(TimeSpan time)
    {
        string text = time.ToString("c", CultureInfo.InvariantCulture);
        return time.Ticks % TimeSpan.TicksPerSecond == 0 ? text : text.TrimEnd('0');
    }

    object? Parse(string text)
    {
        if (Type.IsEnum)
            return Enum.GetNames(Type).FirstOrDefault(name => name.Equals(text.Trim(), StringComparison.OrdinalIgnoreCase)) is { } name ? Enum.Parse(Type, name) : null;
        if (Type == typeof(int))
            return int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out int number) ? number : null;
        if (Type == typeof(long))
            return long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out long number) ? number : null;
        if (Type == typeof(TimeSpan))
            return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out TimeSpan time) ? time : null;
        if (Type == typeof(Uri))
            return Uri.TryCreate(text, UriKind.RelativeOrAbsolute, out Uri? url) ? url : null;
        return Type == typeof(string) ? text : throw new NotSupportedException($"{Key} is of a type that no text can be turned into: {Type}.");
    }
}
