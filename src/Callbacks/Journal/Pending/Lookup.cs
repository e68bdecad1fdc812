namespace Callbacks.Journal.Pending;

/// <summary>A lookup to make. The entry is the table's own; attempts are those that have failed in a row.</summary>
readonly record struct Lookup(int Entry, long Id, byte Attempts);
