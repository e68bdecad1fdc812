using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Callbacks.Journal.Pending;

/// <summary>
/// The entries, in two arrays. A visit looks at ids from anywhere, and what it costs is above all the lines of memory that it waits for: what every visit looks at is one line,
/// and begins where a line begins.
/// </summary>
sealed unsafe class PendingIds
{
    /// <summary>Of the processor's caches; a <see cref="PendingId"/> has as many.</summary>
    public const int LineBytes = 64;

    // Pinned, so that it stays where its lines begin.
    readonly PendingId[] _memory;
    readonly PendingId* _first;
    readonly PendingIdDetails[] _details;

    public PendingIds(int length)
    {
        // One more than there are, for where the first line begins. Memory that nobody has touched isn't taken, and ids come to stand from the front on.
        _memory = GC.AllocateArray<PendingId>(length + 1, pinned: true);
        nint start = (nint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_memory));
        _first = (PendingId*)((start + LineBytes - 1) & -LineBytes);
        _details = new PendingIdDetails[length];
    }

    public int Length => _details.Length;

    public ref PendingId this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)_details.Length, nameof(index));
            return ref _first[index];
        }
    }

    /// <summary>The rest of an entry, which few visits look at.</summary>
    public ref PendingIdDetails DetailsOf(int index) => ref _details[index];
}
