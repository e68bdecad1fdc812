namespace Callbacks.JournalDriver;

/// <summary>Callbacks by their index, from 1: which ids the one with an index names, so that whoever finds some of them knows what belongs together.</summary>
static class Numbered
{
    const int IdsMax = 600;
    const int IdsPerIndex = 1000;

    // Ids of eight bytes each.
    const long First = 1L << 60;

    /// <summary>One to 600 ids; a callback takes one block of a journal, or two.</summary>
    public static long[] Ids(long index)
    {
        long count = index * 7919 % IdsMax + 1;
        long[] ids = new long[count];
        for (int i = 0; i < ids.Length; i++)
            ids[i] = First + index * IdsPerIndex + i;
        return ids;
    }

    public static long IndexOf(long id) => (id - First) / IdsPerIndex;
}
