using System.Globalization;

namespace Callbacks.Journal.Tools;

/// <summary>A callback's id as it was answered: <c>7f3a9c21-17</c>.</summary>
static class CallbackId
{
    public static string Of(uint tag, ulong number) => string.Create(CultureInfo.InvariantCulture, $"{tag:x8}-{number}");

    public static bool TryParse(string text, out uint tag, out ulong number)
    {
        (tag, number) = (0, 0);
        return text.Split('-') is [{ Length: 8 } first, var second]
            && uint.TryParse(first, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out tag)
            && ulong.TryParse(second, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
