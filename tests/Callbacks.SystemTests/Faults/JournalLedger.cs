using System.Globalization;
using Callbacks.JournalDriver;

namespace Callbacks.SystemTests.Faults;

/// <summary>
/// What the lives of one journal were promised, held against what the later ones found: every acknowledged callback that nobody may have settled, whole,
/// with its receive time; nothing that was never sent; nothing that was gone already.
/// </summary>
sealed class JournalLedger
{
    /// <summary>Callbacks that the driver sends together.</summary>
    const ulong MostAtOnce = 4;

    readonly Dictionary<long, Callback> _callbacks = [];
    readonly List<string> _wrongs = [];
    ulong _lastNumber;

    /// <summary>Acknowledged, never settled, and not found.</summary>
    public int Lost { get; private set; }

    /// <summary>Sentences about what else was wrong, and which callbacks were lost.</summary>
    public IReadOnlyList<string> Wrongs => _wrongs;

    public long NextIndex { get; private set; } = 1;

    public int Durable => _callbacks.Values.Count(callback => callback.ReceivedAt != 0);

    /// <summary>What the next life that reads the journal owes at least.</summary>
    public int Owed => _callbacks.Values.Count(callback => callback.IsOwed);

    /// <summary>Callbacks with these numbers are not owed any more: the test has damaged what they stood in.</summary>
    public void Forgive((ulong First, int Count) numbers)
    {
        foreach (Callback callback in _callbacks.Values.Where(callback => callback.Number >= numbers.First && callback.Number - numbers.First < (ulong)numbers.Count))
            callback.MayBeSettled = true;
    }

    /// <param name="life">In the order in which they were lived.</param>
    /// <param name="isFaultless">Nothing was done to it but to kill it: what it settled and then closed is settled for good. Where writing fails, marks may be lost.</param>
    public void Record(DriverLife life, bool isFaultless)
    {
        var found = new Dictionary<long, long>();
        foreach (string[] words in life.Lines.Select(line => line.Split(' ')))
        {
            switch (words[0])
            {
                case "found":
                    found.Add(Number(words[1]), Number(words[2]));
                    break;
                case "read":
                    Judge(found);
                    break;
                case "send":
                    for (int i = 0; i < Number(words[2]); i++)
                        _callbacks.Add(NextIndex++, new Callback());
                    break;
                case "durable":
                    Acknowledge(Number(words[1]), (ulong)Number(words[2]), Number(words[3]));
                    break;
                case "answer":
                    foreach (Callback callback in _callbacks.Values)
                        callback.MayBeSettled = true;
                    break;
                case "settled":
                    foreach (Callback callback in _callbacks.Values)
                        callback.IsSettled = callback.MayBeSettled;
                    break;
                case "closed" when isFaultless:
                    foreach (Callback callback in _callbacks.Values)
                        callback.IsGone |= callback.IsSettled;
                    break;
                default:
                    break;
            }
        }
    }

    static long Number(string word) => long.Parse(word, CultureInfo.InvariantCulture);

    void Acknowledge(long index, ulong number, long receivedAt)
    {
        (_callbacks[index].Number, _callbacks[index].ReceivedAt) = (number, receivedAt);
        // Rounds follow one another; within one the answers may come in any order.
        if (number + MostAtOnce <= _lastNumber)
            _wrongs.Add($"Callback {index} got number {number}, after {_lastNumber} had been given.");
        _lastNumber = Math.Max(_lastNumber, number);
    }

    void Judge(Dictionary<long, long> found)
    {
        ILookup<long, (long Id, long Received)> byIndex = found.ToLookup(pair => Numbered.IndexOf(pair.Key), pair => (pair.Key, pair.Value));
        foreach (IGrouping<long, (long Id, long Received)> ids in byIndex)
        {
            if (!_callbacks.TryGetValue(ids.Key, out Callback? callback))
            {
                _wrongs.Add($"Callback {ids.Key} was found, and never sent.");
                continue;
            }

            if (!ids.Select(id => id.Id).Order().SequenceEqual(Numbered.Ids(ids.Key)))
                _wrongs.Add($"Callback {ids.Key} was found with {ids.Count()} ids that are not its {Numbered.Ids(ids.Key).Length}.");
            if (ids.Select(id => id.Received).Distinct().Count() > 1 || (callback.ReceivedAt != 0 && ids.First().Received != callback.ReceivedAt))
                _wrongs.Add($"Callback {ids.Key} was found as received at {ids.First().Received}, not at {callback.ReceivedAt}.");
            if (callback.IsGone)
                _wrongs.Add($"Callback {ids.Key} was gone, and is back.");
        }

        foreach ((long index, Callback callback) in _callbacks)
        {
            bool isFound = byIndex.Contains(index);
            if (!isFound && callback.IsOwed)
            {
                Lost++;
                _wrongs.Add($"Callback {index} was acknowledged, and is lost.");
            }

            callback.IsGone = !isFound;
            callback.MayBeSettled = true;
        }
    }

    sealed class Callback
    {
        /// <summary>Zero when it was not acknowledged.</summary>
        public ulong Number { get; set; }

        /// <summary>Microseconds; zero when it was not acknowledged.</summary>
        public long ReceivedAt { get; set; }

        public bool MayBeSettled { get; set; }

        /// <summary>In the life that is being recorded, but its mark may not be durable.</summary>
        public bool IsSettled { get; set; }

        /// <summary>A life did not find it, or ended in good order when it was settled.</summary>
        public bool IsGone { get; set; }

        public bool IsOwed => ReceivedAt != 0 && !MayBeSettled;
    }
}
