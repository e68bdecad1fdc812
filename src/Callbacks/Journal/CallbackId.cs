namespace Callbacks.Journal;

/// <summary>A callback's id as text: the tag of the life that received it, and its number, such as <c>7f3a9c21-17</c>.</summary>
static class CallbackId
{
    public static string Format(uint tag, ulong number) => $"{tag:x8}-{number}";
}
