namespace Callbacks.Fixtures;

/// <summary>From a large input that fails to a small one that a reader understands.</summary>
static class Shrinking
{
    /// <param name="failing">Fails.</param>
    /// <param name="fails">The same answer each time for the same bytes.</param>
    /// <returns>Bytes that still fail, and no longer do when any one of them is left out.</returns>
    public static byte[] Smallest(byte[] failing, Func<byte[], bool> fails)
    {
        for (int length = Math.Max(failing.Length / 2, 1); ;)
        {
            byte[]? smaller = WithoutSome(failing, length, fails);
            if (smaller is not null)
                failing = smaller;
            else if (length == 1)
                return failing;
            else
                length /= 2;
        }
    }

    static byte[]? WithoutSome(byte[] bytes, int length, Func<byte[], bool> fails)
    {
        for (int at = 0; at + length <= bytes.Length; at++)
        {
            byte[] rest = [.. bytes.AsSpan(0, at), .. bytes.AsSpan(at + length)];
            if (fails(rest))
                return rest;
        }

        return null;
    }
}
