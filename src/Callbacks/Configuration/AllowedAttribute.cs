namespace Callbacks.Configuration;

/// <summary>What a key may be set to, as messages and <c>docs/operations.md</c> say it: behind "it must be".</summary>
[AttributeUsage(AttributeTargets.Property)]
sealed class AllowedAttribute(string text) : Attribute
{
    public string Text => text;
}
