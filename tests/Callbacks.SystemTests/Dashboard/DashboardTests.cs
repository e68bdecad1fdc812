using Callbacks.SystemTests.Acceptance;

namespace Callbacks.SystemTests.Dashboard;

public sealed class DashboardTests(ITestOutputHelper output)
{
    static readonly string[] Load = ["--rate", "30", "--ids", "10-30", "--id-range", "30000"];
    static readonly TimeSpan SendingMax = TimeSpan.FromMinutes(5);

    /// <summary>Set to a file's name to have what the dashboard looks like under load kept: <c>docs/dashboard.png</c>.</summary>
    static readonly string? Picture = Environment.GetEnvironmentVariable("CALLBACK_DASHBOARD_PICTURE");

    [Fact]
    public async Task Figures_move_under_load_an_object_is_found_and_nobody_else_is_asked_for_anything()
    {
        await using Browser browser = await Browser.StartAsync();
        await using ServiceRig rig = await ServiceRig.StartAsync(new RigOptions(), output);
        await browser.LookAsync(1280, 1000, isDark: false);
        await browser.OpenAsync(rig.Service.Url);
        using var enough = new CancellationTokenSource();
        Task sending = rig.SendAsync(Load, SendingMax, enough: enough.Token);

        await browser.UntilAsync("byId('state').textContent === 'All is well'", "it says that all is well");
        foreach (string id in new[] { "callbacks", "ids", "pending", "in-flight", "stored", "online" })
            await browser.UntilAsync($"/^[1-9]/.test(byId('{id}').textContent)", $"{id} is there");
        await browser.UntilAsync("plots.every(plot => plot.spec.series.every((_, i) => plot.values[i].textContent !== '–'))", "every plot has values");
        Assert.Equal(5, await browser.EvaluateAsync<int>("document.querySelectorAll('.plot canvas').length"));
        string before = await browser.TextAsync("#callbacks-note");
        await browser.UntilAsync($"byId('callbacks-note').textContent !== '{before}'", "the count moves");
        Assert.InRange(await OldestFigureAsync(browser), 1, 3_000);

        await FindAsync(browser, rig);
        await ReadByKeyboardAsync(browser);
        // A picture shows a service that has run for a while.
        if (Picture is not null)
            await browser.UntilAsync("/^[1-9]\\d/.test(byId('expired').textContent) && rows.length > 75", "rows expire", TimeSpan.FromMinutes(2));
        await LookEverywhereAsync(browser);

        Assert.All(browser.Complaints, complaint => Assert.True(complaint.Contains("503", StringComparison.Ordinal) && complaint.Contains("/objects?", StringComparison.Ordinal), complaint));
        Assert.All(browser.Requests, request => Assert.Equal(rig.Service.Url.Authority, request.Authority));
        Assert.NotEmpty(browser.Requests);
        await enough.CancelAsync();
        await sending;
    }

    [Fact]
    public async Task It_comes_back_by_itself_after_a_restart_and_says_meanwhile_that_it_is_not_live()
    {
        await using Browser browser = await Browser.StartAsync();
        await using ServiceRig rig = await ServiceRig.StartAsync(new RigOptions(), output);
        await browser.OpenAsync(rig.Service.Url);
        await browser.UntilAsync("byId('live-text').textContent.startsWith('Live')", "it is live");

        await rig.Service.KillAsync();
        await browser.UntilAsync("byId('trouble').textContent.includes('No connection to the service')", "it says that the connection is lost");
        Assert.Equal("Unknown", await browser.TextAsync("#state"));
        await rig.Service.StartAsync();
        await browser.UntilAsync("byId('live-text').textContent.startsWith('Live') && byId('trouble').hidden", "it is live again");

        // The stream ends in good order, and does not hold up the stop.
        await rig.Service.StopAsync();
        await browser.UntilAsync("byId('state').textContent === 'Unknown'", "it has noticed the stop");
        await rig.Service.StartAsync();
        await browser.UntilAsync("byId('state').textContent === 'All is well'", "all is well again");
    }

    [Fact]
    public async Task With_PostgreSQL_and_the_upstream_away_it_says_what_is_wrong_and_that_nothing_is_lost()
    {
        await using Browser browser = await Browser.StartAsync();
        await using ServiceRig rig = await ServiceRig.StartAsync(new RigOptions(), output);
        await browser.OpenAsync(rig.Service.Url);
        using var enough = new CancellationTokenSource();
        Task sending = rig.SendAsync(Load, SendingMax, enough: enough.Token);
        await browser.UntilAsync("/^[1-9]/.test(byId('stored').textContent)", "rows are stored");

        await rig.Upstream.ControlAsync("""{"away":true}""");
        await browser.UntilAsync("byId('trouble').textContent.startsWith('The upstream is away')", "it says that the upstream is away");
        await rig.Postgres.StopImmediatelyAsync();
        await browser.UntilAsync("byId('trouble').textContent.startsWith('PostgreSQL and the upstream are away')", "it says that PostgreSQL is away, too");
        await browser.UntilAsync("/Nothing is lost: callbacks are accepted, [1-9][\\d,]* sightings pending on disk/.test(byId('trouble').textContent)", "it says that nothing is lost");
        await browser.UntilAsync("byId('online').textContent === '?'", "it does not say what it does not know");
        Assert.Equal("Degraded", await browser.TextAsync("#state"));
        await KeepAsync(browser, "away");

        await rig.Postgres.StartAsync();
        await rig.Upstream.ControlAsync("{}");
        await browser.UntilAsync("byId('trouble').hidden && byId('state').textContent === 'All is well'", "all is well again");
        await enough.CancelAsync();
        await sending;
    }

    /// <summary>How old the figures on the page become before new ones come, in milliseconds: the median, for the machine may be busy.</summary>
    static Task<double> OldestFigureAsync(Browser browser) => browser.EvaluateAsync<double>(
        "new Promise(done => { let last = lastEvent; const ages = []; const timer = setInterval(() => { if (lastEvent === last) return; ages.push(lastEvent - last); last = lastEvent; if (ages.length === 7) { clearInterval(timer); done(ages.sort((a, b) => a - b)[3]); } }, 20); })");

    static async Task FindAsync(Browser browser, ServiceRig rig)
    {
        // PostgreSQL may take too long for one answer where everything else runs beside it.
        const string LookAgain = "(byId('found').textContent.includes('PostgreSQL') && (byId('search').requestSubmit(), false))";
        const long Id = 9_223_372_036_854_775_806;
        await rig.ExecuteAsync($"insert into objects values ({Id}, true, now())");
        await browser.PressAsync("/", "/");
        Assert.Equal("id", await browser.EvaluateAsync<string>("document.activeElement.id"));
        await browser.TypeAsync($"{Id}");
        await browser.PressAsync("Enter", "\r");
        await browser.UntilAsync($"[...document.querySelectorAll('#found dd')].slice(0, 2).map(e => e.textContent).join() === '{Id},online' || {LookAgain}", "the object is found");
        await browser.EvaluateAsync<string>("byId('id').value = '-5'; byId('search').requestSubmit(); ''");
        await browser.UntilAsync($"byId('found').textContent.includes('There is no row with id -5') || {LookAgain}", "an object that is not there is not found");
        await browser.EvaluateAsync<string>("byId('id').value = 'x'; byId('search').requestSubmit(); ''");
        await browser.UntilAsync("byId('found').textContent.includes('64 bits')", "what is no id is said to be none");
        await browser.EvaluateAsync<string>("byId('found').querySelector('button')?.click() ?? (byId('found').hidden = true); byId('id').value = ''; ''");
    }

    static async Task ReadByKeyboardAsync(Browser browser)
    {
        await browser.EvaluateAsync<string>("document.querySelector('.plot').focus(); ''");
        await browser.PressAsync("ArrowLeft");
        await browser.UntilAsync("plots[0].chart.cursor.idx !== null && plots[0].chart.cursor.idx < rows.length - 1", "the cursor moves");
        Assert.Matches("^Rates by stage, per second, plotted over the last 15 minutes. At .*: ids received .*, rows expired ", await browser.EvaluateAsync<string>("document.querySelector('.plot').ariaLabel"));
        // Everything that can be focused or looked at has a name.
        Assert.Equal(0, await browser.EvaluateAsync<int>(
            "[...document.querySelectorAll('section, [role=img], meter')].filter(e => !e.ariaLabel).length + [...document.querySelectorAll('input')].filter(e => !e.labels.length).length"));
        await browser.EvaluateAsync<string>("document.activeElement.blur(); plots[0].chart.setCursor({ left: -10, top: -10 }); ''");
    }

    static async Task LookEverywhereAsync(Browser browser)
    {
        foreach (int width in new[] { 360, 1280 })
        {
            foreach (bool isDark in new[] { true, false })
            {
                await browser.LookAsync(width, 1000, isDark);
                await browser.UntilAsync("document.documentElement.scrollWidth <= innerWidth && plots.every(plot => Math.abs(plot.chart.width - plot.area.clientWidth) < 2)", "nothing is cut off");
                await KeepAsync(browser, $"{width}-{(isDark ? "dark" : "light")}");
            }
        }
    }

    static async Task KeepAsync(Browser browser, string view)
    {
        byte[] picture = await browser.ScreenshotAsync();
        Assert.True(picture.Length > 20_000, $"The page is empty: {picture.Length} bytes of PNG.");
        if (Picture is not null)
            await File.WriteAllBytesAsync(view == "1280-light" ? Picture : Path.Combine(Path.GetTempPath(), $"dashboard-{view}.png"), picture);
    }
}
