namespace Callbacks.Fixtures;

/// <summary>Bytes that were right once: changed, lost, added, doubled or cut off at random places.</summary>
static class Mutation
{
    /// <param name="insertable">What may be added: the bytes that mean something to the format.</param>
    /// <param name="changesMax">At least one change is made, at most this many.</param>
    public static byte[] Of(byte[] whole, Random random, ReadOnlySpan<byte> insertable, int changesMax)
    {
        List<byte> bytes = [.. whole];
        for (int changes = random.Next(1, changesMax + 1); changes > 0 && bytes.Count > 0; changes--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveAt(at);
                    break;
                case 2:
                    bytes.Insert(at, insertable[random.Next(insertable.Length)]);
                    break;
                case 3:
                    // Half of the time nearby, where it makes a list longer or a number too long.
                    bytes.InsertRange(random.Next(2) == 0 ? at : random.Next(bytes.Count), bytes.GetRange(at, random.Next(1, Math.Min(16, bytes.Count - at) + 1)));
                    break;
                default:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
            }
        }

        return [.. bytes];
    }
}
