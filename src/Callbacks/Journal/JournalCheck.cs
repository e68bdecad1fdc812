using Callbacks.Configuration;
using Callbacks.Journal.Disk;
using Callbacks.Journal.Tools;

namespace Callbacks.Journal;

/// <summary>Whether the journal could be opened, asked without opening it: not even the folder is made.</summary>
sealed class JournalCheck(JournalOptions options) : ICheck
{
    /// <summary>One to write to, and one ahead of use.</summary>
    const int SegmentsNeeded = 2;

    const string WhatToDo = "Make it a folder that this user may write to, or name another one.";

    public string Subject => $"{JournalOptions.Section}:{nameof(JournalOptions.Directory)}";

    public Task<CheckResult?> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            return Task.FromResult<CheckResult?>(Look(Path.GetFullPath(options.Directory)));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Task.FromResult<CheckResult?>(CheckResult.Failed($"'{options.Directory}' can't be used: {exception.Message} {WhatToDo}"));
        }
    }

    CheckResult Look(string path)
    {
        string there = path;
        while (!Directory.Exists(there))
        {
            if (File.Exists(there))
                return CheckResult.Failed($"'{path}' can't be used: '{there}' is a file. {WhatToDo}");
            there = Path.GetDirectoryName(there)!;
        }

        // The files in it as well: a start by another user leaves files that this one may not write. A running one deletes some meanwhile.
        string[] used = there == path ? [path, .. Directory.EnumerateFiles(path)] : [there];
        foreach (string name in used)
        {
            if (Posix.WhyNotWritable(name) is { } reason)
                return CheckResult.Failed($"'{path}' can't be used: '{name}' can't be written: {reason}. {WhatToDo}");
        }

        if (LockHolder.Find(path) is { } process)
            return CheckResult.Ok($"'{path}' is in use by a running service (process {process}), which is as it should be unless this is to be another one: that needs a folder of its own.");

        long free = new DriveInfo(there).AvailableFreeSpace;
        long needed = SegmentsNeeded * (long)options.SegmentBytes;
        if (free < needed)
            return CheckResult.Failed($"'{path}' is on a disk with {free} bytes free; at least two segments of {options.SegmentBytes} are needed. Make room, or name another folder.");
        return CheckResult.Ok(there == path ? $"'{path}' can be written, and nobody uses it." : $"'{path}' is not there yet, and can be made.");
    }
}
