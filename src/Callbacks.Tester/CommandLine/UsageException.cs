namespace Callbacks.Tester.CommandLine;

/// <summary>
/// The command line, or a file or address that it names, can't be used: the message goes to the user, the exit code is 2.
/// </summary>
sealed class UsageException(string message) : Exception(message);
