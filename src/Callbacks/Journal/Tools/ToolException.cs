namespace Callbacks.Journal.Tools;

/// <summary>What was asked for can't be done; the message says why and what to do.</summary>
sealed class ToolException(string message) : Exception(message);
