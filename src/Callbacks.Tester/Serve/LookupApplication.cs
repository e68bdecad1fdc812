using System.Globalization;
using Callbacks.Tester.Records;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;

namespace Callbacks.Tester.Serve;

/// <summary>
/// Answers <c>GET /objects/{id}</c>, and logs each. Sits on Kestrel without host, routing or middleware, since a lookup should cost little
/// more than its timer.
/// </summary>
/// <param name="upstream">What outlives this listener.</param>
/// <param name="control">What answers <c>/control</c> when it has no address of its own.</param>
/// <param name="leaving">Cancelled when this side is about to cut the connections.</param>
sealed class LookupApplication(Upstream upstream, ControlApplication? control, CancellationToken leaving) : IHttpApplication<HttpContext>
{
    const string Prefix = "/objects/";

    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    public void DisposeContext(HttpContext context, Exception? exception)
    {
    }

    public Task ProcessRequestAsync(HttpContext context)
    {
        string path = context.Request.Path.Value ?? "";
        if (path.StartsWith(Prefix, StringComparison.Ordinal) && HttpMethods.IsGet(context.Request.Method)
            && long.TryParse(path.AsSpan(Prefix.Length), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long id))
            return LookupAsync(context, id);
        if (control is not null)
            return control.ProcessRequestAsync(context);

        Reply.Status(context, StatusCodes.Status404NotFound, retryAfter: null);
        return Task.CompletedTask;
    }

    async Task LookupAsync(HttpContext context, long id)
    {
        upstream.Begin();
        long start = Moment.Now(upstream.Time);
        Behaviour behaviour = upstream.Current;
        Misbehaviour misbehaviour = behaviour.Decide(upstream.Dice.Next());
        LookupRecord lookup = new(id, start, start, LookupOutcome.NotAnswered);
        try
        {
            int latencyMs = behaviour.LatencyMinMs
                + (int)(upstream.Dice.Next() * (behaviour.LatencyMaxMs - behaviour.LatencyMinMs + 1));
            TimeSpan wait = misbehaviour == Misbehaviour.Hang ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(latencyMs);
            await Task.Delay(wait, upstream.Time, context.RequestAborted);
            if (!context.RequestAborted.IsCancellationRequested)
            {
                long end = Moment.Now(upstream.Time);
                lookup = await AnswerAsync(context, behaviour, misbehaviour, lookup with { End = end });
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
        }

        // The answer never began, or never ended: whose doing that was decides whether the asker had a chance.
        if (lookup.Outcome == LookupOutcome.NotAnswered)
            lookup = lookup with { End = Moment.Now(upstream.Time), Outcome = OfUnanswered(misbehaviour) };
        await upstream.EndAsync(lookup);
    }

    LookupOutcome OfUnanswered(Misbehaviour misbehaviour) => misbehaviour switch
    {
        _ when leaving.IsCancellationRequested => LookupOutcome.Reset,
        Misbehaviour.Hang => LookupOutcome.Hang,
        Misbehaviour.Endless => LookupOutcome.Endless,
        Misbehaviour.Trickle => LookupOutcome.Trickle,
        Misbehaviour.Large => LookupOutcome.Large,
        Misbehaviour.Cut => LookupOutcome.Reset,
        _ => LookupOutcome.NotAnswered,
    };

    async Task<LookupRecord> AnswerAsync(HttpContext context, Behaviour behaviour, Misbehaviour misbehaviour, LookupRecord lookup)
    {
        bool online = Answers.IsOnline(behaviour.Changing, lookup.Id, lookup.End);
        LookupOutcome good = online ? LookupOutcome.Online : LookupOutcome.Offline;
        switch (misbehaviour)
        {
            case Misbehaviour.WrongId:
                await Reply.GoodAsync(context, lookup.Id == long.MaxValue ? 0 : lookup.Id + 1, online);
                return lookup with { Outcome = LookupOutcome.WrongId };
            case Misbehaviour.Malformed:
                await Reply.MalformedAsync(context, lookup.Id, upstream.Dice.Next());
                return lookup with { Outcome = LookupOutcome.Malformed };
            case Misbehaviour.Endless:
                await Reply.EndlessAsync(context, lookup.Id);
                return lookup;
            case Misbehaviour.Reset:
                Reply.Reset(context);
                return lookup with { Outcome = LookupOutcome.Reset };
            case Misbehaviour.Trickle:
                long lastByte = await Reply.TrickleAsync(context, lookup.Id, online, upstream.Time);
                return lookup with { Outcome = good, End = lastByte };
            case Misbehaviour.Large:
                await Reply.LargeAsync(context, lookup.Id, online);
                return lookup with { Outcome = LookupOutcome.Large };
            case Misbehaviour.Cut:
                await Reply.CutAsync(context, lookup.Id, online);
                return lookup with { Outcome = LookupOutcome.Reset };
            case Misbehaviour.None:
                await Reply.GoodAsync(context, lookup.Id, online);
                return lookup with { Outcome = good };
            default:
                int status = misbehaviour switch
                {
                    Misbehaviour.Error => StatusCodes.Status500InternalServerError,
                    Misbehaviour.NotFound => StatusCodes.Status404NotFound,
                    Misbehaviour.TooMany => StatusCodes.Status429TooManyRequests,
                    Misbehaviour.Redirect => StatusCodes.Status302Found,
                    _ => behaviour.Status,
                };
                Reply.Status(context, status, behaviour.RetryAfter);
                LookupOutcome outcome = status is 404 or 410 ? LookupOutcome.Unknown : LookupOutcome.ErrorStatus;
                return lookup with { Outcome = outcome, Status = (ushort)status };
        }
    }
}
