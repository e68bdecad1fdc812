namespace Callbacks.Journal;

/// <summary>What was found damaged, a sentence each, for the log and for those who ask. Safe for use by several threads.</summary>
sealed partial class DamageReport
{
    readonly List<string> _damage = [];
    readonly ILogger<DamageReport> _logger;

    /// <param name="atOpening">What was found already.</param>
    public DamageReport(IReadOnlyList<string> atOpening, ILogger<DamageReport> logger)
    {
        _logger = logger;
        Add([.. atOpening]);
    }

    public IReadOnlyList<string> All
    {
        get
        {
            lock (_damage)
                return [.. _damage];
        }
    }

    public void Add(params List<string> damage)
    {
        lock (_damage)
            _damage.AddRange(damage);
        foreach (string sentence in damage)
            Log.Damaged(_logger, sentence);
    }

    static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Critical, Message = "The journal is damaged, and what is whole in it is used: {Damage}")]
        public static partial void Damaged(ILogger logger, string damage);
    }
}
