using System.Globalization;

namespace Callbacks.Journal;

/// <summary>A callback's id as text: the tag of the life that received it, and its number, such as <c>7f3a9c21-17</c>.</summary>
static class CallbackId
{
    public static string Format(uint tag, ulong number) => $"{tag:x8}-{number}";

    public static bool TryParse(string text, out uint tag, out ulong number)
    {
        (tag, number) = (0, 0);
        return text.Split('-') is [{ Length: 8 } first, var second]
            && uint.TryParse(first, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out tag)
            && ulong.TryParse(second, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
