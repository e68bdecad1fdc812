using Callbacks.Tester.Verify;

namespace Callbacks.Tests.Tester;

public sealed class VerdictPictures(ITestOutputHelper output)
{
    static readonly Verdict Good = new Told().Callback(0, 2, 3).Lookup(2, 100, 400).Stored(420, 2, 0).Lookup(3, 100, 400, Callbacks.Tester.Records.LookupOutcome.Offline)
        .Swept(30_010, 2).Judged();

    // Of three callbacks nobody looked anything up, and a row of an id that nobody sent.
    static readonly Verdict Bad = new Told().Callback(0, 1).Callback(1_000, 1).Callback(2_000, 5).Stored(3_000, 9, 2_500).Judged();

    [Theory]
    [InlineData(78)]
    [InlineData(110)]
    public void A_good_verdict_is_a_table_of_outcomes_and_the_word(int width)
    {
        string[] lines = Lines(Good, width);
        Assert.All(lines, line => Assert.InRange(line.Length, 0, width));
        Assert.Contains(lines, line => Cells(line) is ["stored", "1", "50.00", "%", ..]);
        Assert.Contains(lines, line => Cells(line) is ["offline", "1", "50.00", "%", ..]);
        Assert.Contains(lines, line => Cells(line) is ["missed", "0", ..]);
        Assert.DoesNotContain(lines, line => Cells(line) is ["wrong", ..]);
        Assert.Equal("GOOD: missed 0, wrong 0, judged 100.00 %", lines[^2]);
    }

    [Fact]
    public void A_bad_verdict_tells_each_fault_with_its_examples()
    {
        string[] lines = Lines(Bad, 110);
        Assert.Contains(lines, line => Cells(line) is ["missed", "3", ..]);
        Assert.Contains(lines, line => Cells(line) is ["never", "sent", _]);
        // An example that is too long for a line goes on in the next one.
        string text = string.Join(' ', lines.Select(line => line.Trim()));
        Assert.All(Bad.MissedExamples, example => Assert.Contains(example, text, StringComparison.Ordinal));
        Assert.All(Bad.Examples(Wrong.NeverSent), example => Assert.Contains(example, text, StringComparison.Ordinal));
        Assert.StartsWith("BAD: missed 3, wrong ", lines[^2], StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_service_says_is_shown_as_it_is() =>
        Assert.Contains("""{"pending":[1]}""", string.Concat(Drawn.Lines(new VerdictScreen(Good, """{"pending":[1]}""").Draw(), 78)), StringComparison.Ordinal);

    string[] Lines(Verdict verdict, int width)
    {
        string[] lines = Drawn.Lines(new VerdictScreen(verdict, status: null).Draw(), width);
        output.WriteLine(string.Join('\n', lines));
        return lines;
    }

    static string[] Cells(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
