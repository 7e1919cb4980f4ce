using System.Buffers;
using Microsoft.AspNetCore.Connections.Features;
using Sahab.Ledger.Rating;
using Sahab.Server.Serve.Providers;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Server.Serve.Gateway;

/// <content>Streams: relayed as they come; the end mark waits until the usage is durable.</content>
internal sealed partial class AttemptRunner
{
    static ReadOnlySpan<byte> EndMark => "data: [DONE]\n\n"u8;

    async ValueTask<AttemptEnd> RelayStreamAsync(Attempt attempt, HttpResponseMessage response)
    {
        var call = attempt.Call;
        // Not with the watch's token: the stream is there already, and the relay is who tells why a watch ended it.
        var upstream = await response.Content.ReadAsStreamAsync(CancellationToken.None);
        await using var translated = attempt.Translation is { } translation
            ? new TranslatedStream(upstream, translation.OpenStream(TermsOf(attempt)))
            : null;
        using var relay = new StreamRelay(attempt, translated ?? upstream, clock, drains) { Begin = BeginStream };
        var end = await relay.RunAsync();
        attempt.UpstreamRequestId ??= translated?.RequestId;
        if (end == StreamEnd.Completed)
        {
            return await CompleteAsync(attempt, relay);
        }

        var (outcome, byProvider, reason) = Explain(end);
        // A stream that broke before its first token is billed by nobody.
        var metered = relay.OutputSeen > 0
            ? UsageMeter.Broken(attempt, relay.Usage, relay.OutputSeen, end, byProvider)
            : UsageMeter.Silent(attempt, end);
        return await EndBrokenAsync(
            attempt, outcome, reason, metered, relay.Committed, end == StreamEnd.ErrorInside ? relay.Error?.Message ?? "" : "");
    }

    /// <summary>Ends an attempt whose answer broke: for good where a part of it has reached the client.</summary>
    async ValueTask<AttemptEnd> EndBrokenAsync(
        Attempt attempt, AttemptOutcome outcome, string reason, MeteredUsage metered, bool isCommitted, string words)
    {
        var call = attempt.Call;
        if (outcome == AttemptOutcome.Abandoned)
        {
            settlement.Abandoned(attempt, metered);
        }
        else
        {
            settlement.Failed(attempt, outcome, metered);
        }

        if (!isCommitted && !call.IsClientGone)
        {
            return new AttemptEnd(outcome, false, reason, Fault: FaultOf(words));
        }

        await settlement.RecordAsync(call);
        call.FailureReason = $"{attempt.Target.Deployment.Spec.Id} {reason}";
        call.Status = isCommitted ? StatusCodes.Status200OK : StatusCodes.Status499ClientClosedRequest;
        await BreakOffAsync(call, GatewayError.StreamBroken(
            words.Length == 0 ? call.FailureReason : $"{call.FailureReason}: {words}"));
        return new AttemptEnd(outcome, true, reason);
    }

    async ValueTask<AttemptEnd> CompleteAsync(Attempt attempt, StreamRelay relay)
    {
        var call = attempt.Call;
        settlement.Succeeded(attempt, UsageMeter.Whole(
            attempt, relay.Usage, relay.OutputSeen, contentBytes: 0, relay.BytesSeen));
        var recorded = await settlement.RecordAsync(call);
        if (!recorded && !relay.Committed)
        {
            return new AttemptEnd(AttemptOutcome.Succeeded, false, "could not be recorded");
        }

        if (!recorded)
        {
            var error = GatewayError.UsageNotRecorded();
            call.Status = StatusCodes.Status200OK;
            call.FailureReason = error.Message;
            await BreakOffAsync(call, error);
            return new AttemptEnd(AttemptOutcome.Succeeded, true, "could not be recorded");
        }

        relay.CommitHeld();
        if (call.Door.HasKeeper)
        {
            await keeper.KeepAsync(call);
        }

        call.Status = call.IsClientGone ? StatusCodes.Status499ClientClosedRequest : StatusCodes.Status200OK;
        if (!call.IsClientGone)
        {
            if (call.Exchange is { } exchange)
            {
                exchange.Complete(call.Context.Response.BodyWriter);
            }
            else
            {
                call.Context.Response.BodyWriter.Write(EndMark);
            }

            await call.Context.Response.BodyWriter.FlushAsync(CancellationToken.None);
        }

        return new AttemptEnd(AttemptOutcome.Succeeded, true, "");
    }

    /// <summary>What an answer says in OpenAI's form that a provider's own form does not.</summary>
    static AnswerTerms TermsOf(Attempt attempt) => new(
        $"chatcmpl-{attempt.Call.Id:N}", attempt.StartedAt.ToUnixTimeSeconds(), attempt.Target.UpstreamModel,
        Math.Max(1, attempt.Call.Facts.N));

    void BeginStream(Attempt attempt)
    {
        var call = attempt.Call;
        // Content is on its way: no other deployment can be asked any more, so the request is not needed again.
        call.ReleaseBody();
        if (call.IsClientGone)
        {
            return;
        }

        SahabHeaders.Write(attempt, clock);
        var response = call.Context.Response;
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-cache";
        response.Headers["x-accel-buffering"] = "no";
    }

    /// <summary>
    /// Tells a client that its stream ends early: an error frame, no end mark, and then the connection is cut, because
    /// some official clients ignore the frame.
    /// </summary>
    async ValueTask BreakOffAsync(Call call, GatewayError error)
    {
        if (call.IsClientGone)
        {
            return;
        }

        var writer = call.Context.Response.BodyWriter;
        var told = new ClientError(error.Message, error.Type, error.Param, error.Code);
        if (call.Exchange is { } exchange)
        {
            exchange.Fail(writer, told);
        }
        else if (IsEvents(call.Context.Response.ContentType))
        {
            ErrorWriter.WriteEvent(writer, told);
        }

        await writer.FlushAsync(CancellationToken.None);
        await EndConnectionAsync(call.Context);
    }

    /// <summary>
    /// Ends the connection without the terminator that HTTP asks for, after every byte has left: an abort would throw
    /// away what the socket has not taken yet, the error frame most of all.
    /// </summary>
    async ValueTask EndConnectionAsync(HttpContext context)
    {
        var lifetime = context.Features.Get<IConnectionLifetimeFeature>();
        if (HttpProtocol.IsHttp11(context.Request.Protocol) && lifetime is not null
            && context.Features.Get<IConnectionTransportFeature>() is { Transport.Output: var output })
        {
            await output.CompleteAsync();
            var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var registration = lifetime.ConnectionClosed.Register(closed.SetResult);
            await closed.Task.WaitAsync(EndPatience, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        else
        {
            // The connection carries other calls too; only this one's stream is reset.
            await Task.Delay(ResetGrace, time, CancellationToken.None);
        }

        context.Abort();
    }

    static (AttemptOutcome Outcome, bool ByProvider, string Reason) Explain(StreamEnd end) =>
        end switch
        {
            StreamEnd.Cut => (AttemptOutcome.Cut, true, "broke off the stream"),
            StreamEnd.Stalled => (AttemptOutcome.Stalled, true, "stopped sending without ending the stream"),
            StreamEnd.TimedOut => (AttemptOutcome.TimedOut, true, "sent no content in time"),
            StreamEnd.ErrorInside => (AttemptOutcome.ServerError, true, "reported an error inside the stream"),
            StreamEnd.BadStream => (AttemptOutcome.ServerError, true, "sent a stream that its protocol does not allow"),
            StreamEnd.CallDeadline => (AttemptOutcome.TimedOut, false, "was still sending at the call's deadline"),
            _ => (AttemptOutcome.Abandoned, false, "was still sending when the limit for draining was reached"),
        };
}
