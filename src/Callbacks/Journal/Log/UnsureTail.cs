namespace Callbacks.Journal.Log;

/// <summary>
/// The last group of a segment whose end no later header tells. Its flush may have failed, or not been made, and of a flush that failed the
/// kernel speaks once, to the process that asked; it takes what it could not write for clean. So the group can be read, the next flush says
/// that all is well, and power takes it away. It is on the disk for sure when it has been written again, as it stands, and flushed.
/// </summary>
/// <param name="from">Where it starts: at the segment's header, which goes out with the first group, or at the group's.</param>
/// <param name="to">Where it ends: at the segment's end, or before what can't be read.</param>
sealed class UnsureTail(Segment segment, long from, long to)
{
    public Segment Segment => segment;

    /// <summary>False when the disk refuses.</summary>
    public bool TrySecure()
    {
        try
        {
            byte[] bytes = new byte[to - from];
            int read = segment.File.Read(bytes, from);
            segment.File.Write(bytes.AsSpan(0, read), from);
            segment.File.Flush();
            segment.HasSureEnd = to == segment.End;
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            segment.HasSureEnd = false;
            return false;
        }
    }
}
