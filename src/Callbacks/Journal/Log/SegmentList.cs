namespace Callbacks.Journal.Log;

/// <summary>The segments that hold something or may come to, oldest first. The writer adds at the end, the follower removes at the front.</summary>
sealed class SegmentList
{
    readonly Lock _lock = new();
    readonly LinkedList<Segment> _segments = new();
    long _bytes;

    public void Add(Segment segment)
    {
        lock (_lock)
        {
            _segments.AddLast(segment);
            _bytes += segment.Bytes;
        }
    }

    /// <summary>Its file is shorter now.</summary>
    public void Shortened(Segment segment, long bytes)
    {
        lock (_lock)
        {
            _bytes += bytes - segment.Bytes;
            segment.Bytes = bytes;
        }
    }

    public Segment Oldest
    {
        get
        {
            lock (_lock)
                return _segments.First!.Value;
        }
    }

    public Segment Newest
    {
        get
        {
            lock (_lock)
                return _segments.Last!.Value;
        }
    }

    public int Count
    {
        get
        {
            lock (_lock)
                return _segments.Count;
        }
    }

    public long TotalBytes
    {
        get
        {
            lock (_lock)
                return _bytes;
        }
    }

    /// <summary>The newest whose header is durable, or the oldest when none is: only what is older than it may go.</summary>
    public Segment NewestWithHeader
    {
        get
        {
            lock (_lock)
            {
                LinkedListNode<Segment>? node = _segments.Last;
                while (node is { Value.HasHeader: false })
                    node = node.Previous;
                return (node ?? _segments.First!).Value;
            }
        }
    }

    /// <summary>The one that follows, or null when this is the newest.</summary>
    public Segment? After(Segment segment)
    {
        lock (_lock)
        {
            // Readers stand near one of the ends, mostly the newer one.
            for (LinkedListNode<Segment>? node = _segments.Last; node is not null; node = node.Previous)
            {
                if (node.Value.Number <= segment.Number)
                    return node.Next?.Value;
            }

            return _segments.First?.Value;
        }
    }

    public Segment[] ToArray()
    {
        lock (_lock)
            return [.. _segments];
    }

    public void RemoveOldest()
    {
        lock (_lock)
        {
            _bytes -= _segments.First!.Value.Bytes;
            _segments.RemoveFirst();
        }
    }
}
