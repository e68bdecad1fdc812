namespace Callbacks.Journal.Log;

/// <summary>One bit per callback number of a segment. Safe for use by several threads.</summary>
sealed class SettledSet
{
    readonly Lock _lock = new();
    ulong _base;
    ulong[] _words = [];
    bool _any;

    public void Add(ulong number)
    {
        lock (_lock)
            AddLocked(number);
    }

    public bool Contains(ulong number)
    {
        lock (_lock)
            return ContainsLocked(number);
    }

    public bool ContainsAll(ulong first, int count)
    {
        lock (_lock)
            return ContainsAllLocked(first, count);
    }

    void AddLocked(ulong number)
    {
        if (!_any)
        {
            _base = number & ~63UL;
            _any = true;
        }
        else if (number < _base)
        {
            Rebase(number & ~63UL);
        }

        int word = (int)((number - _base) >> 6);
        if (word >= _words.Length)
            Array.Resize(ref _words, Math.Max(word + 1, _words.Length * 2));
        _words[word] |= 1UL << (int)(number & 63);
    }

    bool ContainsLocked(ulong number)
    {
        if (!_any || number < _base)
            return false;
        ulong word = (number - _base) >> 6;
        return word < (ulong)_words.Length && (_words[word] & 1UL << (int)(number & 63)) != 0;
    }

    bool ContainsAllLocked(ulong first, int count)
    {
        ulong number = first, end = first + (ulong)count;
        while (number < end)
        {
            if ((number & 63) == 0 && end - number >= 64 && number >= _base && WordIsFull(number))
                number += 64;
            else if (ContainsLocked(number))
                number++;
            else
                return false;
        }

        return true;
    }

    bool WordIsFull(ulong number)
    {
        ulong word = (number - _base) >> 6;
        return word < (ulong)_words.Length && _words[word] == ulong.MaxValue;
    }

    // Callbacks settle in any order, so a lower number may come after a higher one.
    void Rebase(ulong newBase)
    {
        int shift = (int)((_base - newBase) >> 6);
        var words = new ulong[_words.Length + shift];
        _words.CopyTo(words, shift);
        (_words, _base) = (words, newBase);
    }
}
