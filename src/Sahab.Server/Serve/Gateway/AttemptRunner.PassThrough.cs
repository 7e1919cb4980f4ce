using System.Net.Http.Headers;
using Sahab.Ledger.Rating;

namespace Sahab.Server.Serve.Gateway;

/// <content>Answers that are passed through: JSON is read whole, all else is relayed as it comes.</content>
internal sealed partial class AttemptRunner
{
    const string EventsType = "text/event-stream";

    async ValueTask<AttemptEnd> PassThroughAsync(Attempt attempt, HttpResponseMessage response)
    {
        var headers = response.Content.Headers;
        var type = headers.ContentType?.MediaType ?? "";
        if (type.Length == 0 || type.EndsWith("json", StringComparison.OrdinalIgnoreCase))
        {
            return await RelayReplyAsync(attempt, response);
        }

        if (type.Equals("text/html", StringComparison.OrdinalIgnoreCase))
        {
            return Failed(attempt, AttemptOutcome.ServerError, default, "answered with a page for people");
        }

        var upstream = await response.Content.ReadAsStreamAsync(CancellationToken.None);
        using var relay = new PassThroughRelay(attempt, upstream, IsEvents(type), clock, drains)
        {
            Begin = _ => BeginPassThrough(attempt, headers),
        };
        var end = await relay.RunAsync();
        if (end == StreamEnd.Completed)
        {
            return await CompleteAsync(attempt, relay);
        }

        var (outcome, byProvider, reason) = Explain(end);
        var metered = UsageMeter.StatedBroken(attempt, relay.Usage, end, byProvider);
        return await EndBrokenAsync(
            attempt, outcome, reason, metered, relay.Committed, end == StreamEnd.ErrorInside ? relay.Error?.Message ?? "" : "");
    }

    async ValueTask<AttemptEnd> CompleteAsync(Attempt attempt, PassThroughRelay relay)
    {
        var call = attempt.Call;
        settlement.Succeeded(attempt, UsageMeter.Stated(attempt, relay.Usage));
        if (!await settlement.RecordAsync(call))
        {
            if (relay.Committed)
            {
                var error = GatewayError.UsageNotRecorded();
                call.Status = StatusCodes.Status200OK;
                call.FailureReason = error.Message;
                await BreakOffAsync(call, error);
            }

            return new AttemptEnd(AttemptOutcome.Succeeded, relay.Committed, "could not be recorded");
        }

        relay.CommitHeld();
        call.Status = call.IsClientGone ? StatusCodes.Status499ClientClosedRequest : StatusCodes.Status200OK;
        if (!call.IsClientGone)
        {
            await call.Context.Response.BodyWriter.FlushAsync(CancellationToken.None);
        }

        return new AttemptEnd(AttemptOutcome.Succeeded, true, "");
    }

    void BeginPassThrough(Attempt attempt, HttpContentHeaders headers)
    {
        if (IsEvents(headers.ContentType?.MediaType))
        {
            BeginStream(attempt);
            return;
        }

        var call = attempt.Call;
        call.ReleaseBody();
        if (!call.IsClientGone)
        {
            SahabHeaders.Write(attempt, clock);
            call.Context.Response.ContentType = headers.ContentType!.ToString();
            call.Context.Response.ContentLength = headers.ContentLength;
        }
    }

    static bool IsEvents(string? type) => type?.StartsWith(EventsType, StringComparison.OrdinalIgnoreCase) == true;
}
