using Callbacks.JournalDriver;

namespace Callbacks.SystemTests.Faults;

/// <summary>The judge is tested, too: a journal that loses, tears, invents or repeats something is caught.</summary>
public sealed class JournalLedgerTests
{
    const long ReceivedAt = 1_000_000;

    static readonly DriverLife First = new(0, ["open", "read", "send 1 4", $"durable 1 1 {ReceivedAt}", $"durable 2 2 {ReceivedAt + 1}"]);

    static readonly string[] Whole = [.. Found(1, ReceivedAt), .. Found(2, ReceivedAt + 1)];

    readonly JournalLedger _ledger = new();

    public JournalLedgerTests() => _ledger.Record(First, isFaultless: true);

    [Fact]
    public void What_is_found_whole_is_fine_and_what_was_not_acknowledged_may_be_there_or_not()
    {
        Judge([.. Whole, .. Found(3, ReceivedAt + 2)]);
        Assert.Empty(_ledger.Wrongs);
    }

    [Fact]
    public void What_was_acknowledged_and_is_not_found_is_lost()
    {
        Judge(Found(1, ReceivedAt));
        Assert.Equal(1, _ledger.Lost);
        Assert.Equal("Callback 2 was acknowledged, and is lost.", Assert.Single(_ledger.Wrongs));
    }

    [Fact]
    public void A_part_of_a_callback_is_wrong_acknowledged_or_not()
    {
        Judge([.. Whole[1..], .. Found(3, ReceivedAt + 2)[1..]]);
        Assert.Equal(2, _ledger.Wrongs.Count(wrong => wrong.Contains("that are not its", StringComparison.Ordinal)));
    }

    [Fact]
    public void Another_receive_time_is_wrong()
    {
        Judge([.. Found(1, ReceivedAt), .. Found(2, ReceivedAt)]);
        Assert.Contains("was found as received at", Assert.Single(_ledger.Wrongs), StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_never_sent_is_wrong()
    {
        Judge([.. Whole, .. Found(5, ReceivedAt)]);
        Assert.Equal("Callback 5 was found, and never sent.", Assert.Single(_ledger.Wrongs));
    }

    [Fact]
    public void What_was_settled_for_good_may_not_come_back()
    {
        Judge(Whole, "settled", "closed");
        Judge(Found(2, ReceivedAt + 1));
        Assert.Equal("Callback 2 was gone, and is back.", Assert.Single(_ledger.Wrongs));
    }

    [Fact]
    public void A_number_that_is_given_again_is_wrong()
    {
        _ledger.Record(new DriverLife(0, ["send 5 4", "durable 5 20 1", "send 9 4", "durable 9 2 1"]), isFaultless: true);
        Assert.Equal("Callback 9 got number 2, after 20 had been given.", Assert.Single(_ledger.Wrongs));
    }

    static string[] Found(long index, long receivedAt) => [.. Numbered.Ids(index).Select(id => $"found {id} {receivedAt}")];

    void Judge(string[] found, params string[] more) => _ledger.Record(new DriverLife(0, ["open", .. found, "read", .. more]), isFaultless: true);
}
