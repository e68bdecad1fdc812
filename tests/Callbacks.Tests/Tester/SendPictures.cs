using System.Text.Json;
using Callbacks.Tester.Records;
using Callbacks.Tester.Send;
using Callbacks.Tests.Support;

namespace Callbacks.Tests.Tester;

public sealed class SendPictures
{
    static readonly SendPlan Plan = new() { Url = new Uri("http://[::1]:9090/"), Duration = TimeSpan.FromMinutes(1), Seed = 7 };

    readonly FakeTimeProvider _time = new();
    readonly SendSummary _summary;

    public SendPictures() => _summary = new SendSummary(_time);

    [Theory]
    [InlineData(40)]
    [InlineData(78)]
    [InlineData(110)]
    public void A_picture_keeps_within_the_width(int width)
    {
        SendForAMinute();
        Assert.All(Lines(width), line => Assert.InRange(line.Length, 0, width));
    }

    [Fact]
    public void The_picture_tells_counts_rates_and_percentiles()
    {
        SendForAMinute();
        string[] lines = Lines(78);
        Assert.Equal("http://[::1]:9090/callback  seed 7", lines[0]);
        Assert.EndsWith("  1 min 00 s of 1 min 00 s", lines[1], StringComparison.Ordinal);
        Assert.Equal("sent                 181  3/s now, 3.02/s overall; 360 ids", Line(lines, "sent"));
        Assert.Equal("accepted              60", Line(lines, "accepted"));
        Assert.Equal("not accepted          60  503: 60", Line(lines, "not accepted"));
        Assert.Equal("no answer             60  timeout: 60", Line(lines, "no answer"));
        Assert.Equal("under way              1", Line(lines, "under way"));
        Assert.Equal("latency                   p50 1 ms  p95 2 ms  p99 2 ms  max 2 ms", Line(lines, "latency"));
        Assert.Equal($"up to 2 ms            60  {new string('█', 52)}", Line(lines, "up to 2 ms"));
        Assert.Equal($"slowest             2 ms  {new string('█', 52)}", Line(lines, "slowest"));
    }

    [Fact]
    public void The_last_picture_says_how_it_ended()
    {
        Send(PostOutcome.Answered, 202, 1);
        Assert.Contains("ending after 0 s: waiting for 0 answers, at most 1 s", Lines(78, isStopping: true)[1], StringComparison.Ordinal);
        Assert.Equal("ended by hand after 0 s", Lines(78, isStopping: true, isOver: true)[1]);
        Assert.Equal("done in 0 s", Lines(78, isOver: true)[1]);
    }

    [Fact]
    public void Before_the_first_answer_there_is_a_picture_too() => Assert.Equal("sent                   0  0/s now, 0/s overall; 0 ids", Line(Lines(78), "sent"));

    [Fact]
    public void A_colour_is_a_control_code_only_where_it_is_asked_for()
    {
        SendForAMinute();
        Assert.Contains('\e', string.Concat(Drawn.Lines(new SendScreen(Plan, 78).Draw(_summary.Take(), false, false), 78, colours: true)));
        Assert.DoesNotContain('\e', string.Concat(Lines(78)));
        Assert.DoesNotContain('\e', new SendReport(Plan, _summary.Take()).ToText());
    }

    [Fact]
    public void A_line_on_the_way_tells_how_far_it_is()
    {
        SendForAMinute();
        Assert.Equal(
            "1 min 00 s  sent 181, 3/s; answered 202: 60, 503: 60; no answer timeout: 60; p50 1 ms, p99 2 ms",
            new SendReport(Plan, _summary.Take()).ToProgress().TrimStart());
    }

    [Fact]
    public void The_json_has_the_documented_fields()
    {
        SendForAMinute();
        using JsonDocument json = JsonDocument.Parse(new SendReport(Plan, _summary.Take()).ToJson());
        Assert.Equal(
            """
            {"sent":180,"ids":360,"seconds":60,"callbacks_per_second":3.017,"connections":"kept","seed":7,"accepted":60,
            """ + """
            "answered":{"202":60,"503":60},"no_answer":{"timeout":60},"latency_ms":{"p50":1,"p90":2,"p95":2,"p99":2,"max":2}}
            """,
            json.RootElement.GetRawText());
    }

    /// <summary>Each second one that is accepted, one that is not and one without an answer; at the end one is under way.</summary>
    void SendForAMinute()
    {
        for (int second = 0; second < 60; second++)
        {
            Send(PostOutcome.Answered, 202, 1);
            Send(PostOutcome.Answered, 503, 2);
            Send(PostOutcome.Timeout, 0, 1_000);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        _summary.Begin();
    }

    void Send(PostOutcome outcome, ushort status, long ms)
    {
        _summary.Begin();
        _summary.End(new PostRecord(0, ms * Moment.PerMillisecond, outcome, status, 0, "", [1, 2]));
    }

    string[] Lines(int width, bool isStopping = false, bool isOver = false) =>
        Drawn.Lines(new SendScreen(Plan, width).Draw(_summary.Take(), isStopping, isOver), width);

    static string Line(string[] lines, string label) => lines.First(line => line.StartsWith(label + " ", StringComparison.Ordinal));
}
