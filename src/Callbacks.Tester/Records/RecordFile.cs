namespace Callbacks.Tester.Records;

/// <summary>
/// What the tester's two files have in common: eight bytes that name the format and its version, then records, only ever appended.
/// </summary>
static class RecordFile
{
    public const int MagicBytes = 8;

    /// <summary>
    /// Opens for appending. A tail that a killed process left half written is cut off first, or what is appended after it could never be
    /// read.
    /// </summary>
    /// <param name="path">Made if it isn't there; its folder must exist.</param>
    /// <param name="magic">The format's name.</param>
    /// <param name="whole">Given all bytes, how many of them are whole records (the name included).</param>
    /// <exception cref="InvalidDataException">The file is of another format.</exception>
    public static FileStream OpenToAppend(string path, ReadOnlySpan<byte> magic, Func<byte[], long> whole)
    {
        if (File.Exists(path) && new FileInfo(path).Length > 0)
        {
            byte[] bytes = ReadAll(path, magic);
            long length = whole(bytes);
            var existing = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.Read, bufferSize: 0);
            existing.SetLength(length);
            existing.Position = length;
            return existing;
        }

        var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
        file.Write(magic);
        return file;
    }

    /// <summary>Reads a whole file that may still be written to.</summary>
    /// <exception cref="InvalidDataException">The file is of another format, or too large to be read at once.</exception>
    public static byte[] ReadAll(string path, ReadOnlySpan<byte> magic)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        if (file.Length > Array.MaxLength)
            throw new InvalidDataException($"{path} is larger than 2 GiB, which is more than can be judged: begin a new one every few hours.");
        byte[] bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        CheckMagic(path, bytes, magic);
        return bytes;
    }

    static void CheckMagic(string path, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> magic)
    {
        if (!bytes.StartsWith(magic))
            throw new InvalidDataException($"{path} doesn't begin with '{System.Text.Encoding.ASCII.GetString(magic)}': it is no file of this kind.");
    }
}
