namespace Callbacks.Journal.Pending;

/// <summary>Ids in the window, by where they stand. An id that is answered may be in the store's queue at the same time.</summary>
readonly record struct PendingTableStatus(int Ids, int Waiting, int InFlight, int Backoff, int Answered, int ToStore, bool IsOverloaded);
