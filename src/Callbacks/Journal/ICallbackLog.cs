using Callbacks.Time;

namespace Callbacks.Journal;

/// <summary>Where Intake puts callbacks. The journal is one; a bench that measures the server alone has another.</summary>
interface ICallbackLog
{
    /// <summary>
    /// Appends one callback and completes when it is on stable storage (<see cref="Receipt.IsDurable"/>), or when that can't be
    /// promised within 900 ms. A callback refused that way may still turn out durable, but only as a whole.
    /// </summary>
    /// <param name="ids">Distinct object ids; copied before the method returns.</param>
    ValueTask<Receipt> AppendAsync(ReadOnlySpan<long> ids);

    /// <summary>The tag of this life of the process: the first part of every callback's id.</summary>
    uint Tag { get; }
}

/// <summary>What the journal says of an append: durable under this number and receive time, or not known to be durable.</summary>
readonly record struct Receipt(bool IsDurable, ulong Number, Instant ReceivedAt);
