using Microsoft.Extensions.Options;

namespace Callbacks.Intake;

/// <summary>Section <c>Intake</c>: what one callback, and all clients together, may take.</summary>
sealed class IntakeOptions
{
    public const string Section = "Intake";

    /// <summary>Elements of <c>object_ids</c> in one callback, counted before duplicates are merged; one more is answered with 422.</summary>
    public int IdsMax { get; set; } = 10_000;

    /// <summary>Bytes of one body; one more is answered with 413. The default holds 10,000 ids of 20 digits four times over.</summary>
    public int BodyBytesMax { get; set; } = 1024 * 1024;

    /// <summary>Connections open at the same time. Whoever comes on top waits in the kernel's queue until a place is free.</summary>
    public int ConnectionsMax { get; set; } = 2_000;
}

/// <summary>Refuses a start with a limit that can't work; each error names the key, the value and the allowed range.</summary>
sealed class IntakeOptionsValidator : IValidateOptions<IntakeOptions>
{
    public ValidateOptionsResult Validate(string? name, IntakeOptions options)
    {
        List<string> errors = [];
        // The journal writes a callback as one frame within a segment: 100,000 ids are 800 kB, a twentieth of a segment.
        Check(nameof(options.IdsMax), options.IdsMax, 1, 100_000);
        // A body is held whole until it is parsed, so this times ConnectionsMax is what hostile clients can make us hold.
        Check(nameof(options.BodyBytesMax), options.BodyBytesMax, 1024, 16 * 1024 * 1024);
        // Each listener holds one place while it waits for a connection, and localhost is two listeners.
        Check(nameof(options.ConnectionsMax), options.ConnectionsMax, 4, 100_000);
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);

        void Check(string key, int value, int min, int max)
        {
            if (value < min || value > max)
                errors.Add($"{IntakeOptions.Section}:{key} is {value}; allowed is {min} to {max}.");
        }
    }
}
