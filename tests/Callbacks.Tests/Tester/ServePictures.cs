using Callbacks.Tester.Records;
using Callbacks.Tester.Serve;
using Callbacks.Tests.Support;

namespace Callbacks.Tests.Tester;

public sealed class ServePictures
{
    readonly FakeTimeProvider _time = new();
    readonly Upstream _upstream;

    public ServePictures() => _upstream = new Upstream(new Behaviour(), new Dice(1), Log: null, _time);

    [Fact]
    public async Task The_picture_tells_lookups_by_what_became_of_them_and_the_rate()
    {
        var screen = new ServeScreen(_upstream, _time);
        for (int second = 0; second < 20; second++)
        {
            await LookupAsync(LookupOutcome.Online);
            await LookupAsync(LookupOutcome.Offline);
            await LookupAsync(LookupOutcome.WrongId);
            Drawn.Lines(screen.Draw(isOver: false), 78);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        _upstream.Begin();
        string[] lines = Drawn.Lines(screen.Draw(isOver: false), 78);
        Assert.Equal("upstream    listening; 20 s, until Ctrl-C", lines[0]);
        Assert.Equal("lookups     61, 3/s now; 1 in flight", lines[1]);
        Assert.Equal("answered    online: 20, offline: 20", lines[2]);
        Assert.Equal("not well    wrong id: 20", lines[3]);
        Assert.Equal("upstream    ended after 20 s", Drawn.Lines(screen.Draw(isOver: true), 78)[0]);
    }

    async Task LookupAsync(LookupOutcome outcome)
    {
        _upstream.Begin();
        await _upstream.EndAsync(new LookupRecord(1, 0, 0, outcome));
    }
}
