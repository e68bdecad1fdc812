using Callbacks.Journal;

namespace Callbacks.Intake;

/// <summary>What the journal allows a callback to hold.</summary>
static class LargestCallback
{
    public static string? FindError(IntakeOptions intake, JournalOptions journal)
    {
        // It is written as one frame in one group.
        int framed = JournalOptions.IdsOfOneCallbackMax(journal.SegmentBytes);
        if (intake.IdsMax > framed)
            return $"Intake:IdsMax is {intake.IdsMax}; with Journal:SegmentBytes at {journal.SegmentBytes} it must be 1 to {framed}. Lower it, or raise Journal:SegmentBytes.";
        // Its ids have to be in the window together: it could wait for ever for the rest.
        return intake.IdsMax > journal.WindowIdsMax
            ? $"Journal:WindowIdsMax is {journal.WindowIdsMax}; it must be at least Intake:IdsMax ({intake.IdsMax}). Raise it, or lower Intake:IdsMax."
            : null;
    }
}
