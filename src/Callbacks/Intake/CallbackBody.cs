namespace Callbacks.Intake;

/// <summary>What a body looks like to those who read the API's description; <see cref="CallbackParser"/> reads it.</summary>
sealed record CallbackBody(IReadOnlyList<long> ObjectIds);

/// <summary>The same of a 202, which <see cref="Acknowledgement"/> writes.</summary>
sealed record AcknowledgementBody(string Id, string ReceivedAt, int Objects);
