using System.Collections.ObjectModel;

namespace Callbacks.Local;

/// <summary>What a child is started with.</summary>
sealed record ChildStart(string FileName, params string[] Arguments)
{
    /// <summary>Added to this process's environment; null takes a variable away.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = ReadOnlyDictionary<string, string?>.Empty;

    public string? WorkingDirectory { get; init; }

    /// <summary>The account that the child runs as; null is this process's own. Another one needs root.</summary>
    public string? Account { get; init; }

    /// <summary>What the kernel sends the child when this process ends, however it ends.</summary>
    public Signal DeathSignal { get; init; } = Signal.Kill;

    /// <summary>Handed to the child as <c>LISTEN_FDS</c> describes; its own process id is in <c>LISTEN_PID</c>.</summary>
    public HeldSocket? Socket { get; init; }

    /// <summary>Receives each line of standard output and standard error, on the child's own reading thread. A slow receiver slows the child.</summary>
    public Action<string>? OnLine { get; init; }
}
