namespace Callbacks.Journal.Disk;

/// <summary>The folder that a journal lives in, as it is read. All methods throw <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/> on failure.</summary>
interface IJournalFolder
{
    /// <summary>For messages only.</summary>
    string Path { get; }

    /// <summary>File names without their folder, in no particular order.</summary>
    IReadOnlyList<string> List();

    /// <exception cref="FileNotFoundException">There is none of this name (any more).</exception>
    IJournalFile Open(string name);
}

/// <summary>
/// The folder that the journal lives in: everything that it does to a disk goes through here, so that a disk that fails, fills up or
/// loses power can be put under it. All methods throw <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/> on failure.
/// </summary>
interface IJournalDisk : IJournalFolder, IDisposable
{
    /// <summary>Makes this process the folder's only user until it ends or the disk is disposed; false when another process is.</summary>
    bool TryLock();

    /// <summary>Creates an empty file. Its name survives a power cut only after <see cref="FlushFolder"/>.</summary>
    IJournalFile Create(string name);

    void Rename(string from, string to);

    void Delete(string name);

    /// <summary>Makes creations, renames and deletions durable.</summary>
    void FlushFolder();
}

/// <summary>One file of the journal. Reads and writes may run at the same time on different threads.</summary>
interface IJournalFile : IDisposable
{
    long Length { get; }

    /// <summary>Returns fewer bytes than asked only at the end of the file.</summary>
    int Read(Span<byte> buffer, long offset);

    /// <summary>Writes all of it or throws; after an exception any part may be on the disk.</summary>
    void Write(ReadOnlySpan<byte> buffer, long offset);

    /// <summary>
    /// Returns when everything written is on stable storage. After an exception nobody knows what is: the kernel may have dropped
    /// the dirty pages, so the file must never be flushed again in the hope of success.
    /// </summary>
    void Flush();

    /// <summary>Gives back the room of everything behind <paramref name="length"/>, in which nothing counts. Whether that survives a power cut doesn't matter.</summary>
    void Shorten(long length);
}
