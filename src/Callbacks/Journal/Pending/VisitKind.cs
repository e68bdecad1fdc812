namespace Callbacks.Journal.Pending;

/// <summary>Which visit of a callback it is: see <see cref="PendingTable.Visit"/>.</summary>
enum VisitKind
{
    /// <summary>The first: its ids enter the window, and push out older ones where there is no room.</summary>
    Arrival,

    /// <summary>The first in this life, of a callback that an earlier one left: what else of its ids was pending then is not known.</summary>
    Backlog,

    /// <summary>A later one: ids that are not in the window enter it where there is room.</summary>
    Again,

    /// <summary>Its retention has passed: what has no outcome by now has expired.</summary>
    Last,
}
