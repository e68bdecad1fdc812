using System.Buffers;

namespace Callbacks.Tests.Intake;

/// <summary>A body as a pipe hands it over that has received it bit by bit.</summary>
static class Pieces
{
    public static ReadOnlySequence<byte> Of(byte[] body, Func<int> nextLength)
    {
        Segment? first = null, last = null;
        for (int at = 0; at < body.Length;)
        {
            int length = Math.Min(body.Length - at, nextLength());
            last = new Segment(body.AsMemory(at, length), last);
            first ??= last;
            at += length;
        }

        return first is null ? ReadOnlySequence<byte>.Empty : new ReadOnlySequence<byte>(first, 0, last!, last!.Memory.Length);
    }

    sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? previous)
        {
            Memory = memory;
            if (previous is null)
                return;

            RunningIndex = previous.RunningIndex + previous.Memory.Length;
            previous.Next = this;
        }
    }
}
