using System.Globalization;
using System.Net;
using Sahab.Ledger.Rating;
using Sahab.Server.Hosting;
using Sahab.Server.Serve.Providers;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Server.Serve.Gateway;

/// <summary>Makes one attempt: sends it, reads what comes, answers the client if it is an answer, settles it.</summary>
internal sealed partial class AttemptRunner(
    Settlement settlement, CallWatch watch, DrainGate drains, IDoorKeeper keeper, TimeProvider time,
    MonotonicClock clock, ILogger<AttemptRunner> logger)
{
    const int MaxErrorBytes = 64 * 1024;

    /// <summary>The largest answer that is not streamed.</summary>
    const int MaxReplyBytes = 64 * 1024 * 1024;

    static readonly RequestFault TooManyChoices = new(
        $"'n' is larger than {ChunkWriter.MaxChoices}. Ask for fewer choices, or for a model that is served by a cloud "
        + "with OpenAI's own API.", "n", "unsupported_parameter");

    /// <summary>How long a client on a slow line has to take the error frame before its connection is cut.</summary>
    static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(2);

    /// <summary>The same where other calls share the connection and it cannot be told what has left.</summary>
    static readonly TimeSpan ResetGrace = TimeSpan.FromMilliseconds(50);

    public async ValueTask<AttemptEnd> RunAsync(Attempt attempt)
    {
        watch.Add(attempt.Watch);
        try
        {
            var end = await SendAsync(attempt);
            if (!end.Answered)
            {
                LogAttemptFailed(
                    attempt.Call.Id, attempt.Number, attempt.Target.Deployment.Spec.Id, end.Outcome, end.Reason);
            }

            return end;
        }
        finally
        {
            watch.Remove(attempt.Watch);
            // Whatever went wrong above, what was reserved is given back; an ended lease ignores this.
            attempt.Lease.Release(0, clock.NowMs);
        }
    }

    async ValueTask<AttemptEnd> SendAsync(Attempt attempt)
    {
        var (call, target) = (attempt.Call, attempt.Target);
        if (call.Facts.N > ChunkWriter.MaxChoices && attempt.Translation is not null)
        {
            return Untranslatable(attempt, TooManyChoices);
        }

        HttpResponseMessage response;
        try
        {
            response = await target.Upstream.SendAsync(
                new UpstreamCall(
                    call.Id, call.Operation, call.Body, call.Facts, attempt.Span?.Id, call.Exchange is not null),
                attempt.Watch.Token);
        }
        catch (UntranslatableException fault)
        {
            return Untranslatable(attempt, fault.Fault);
        }
        catch (CredentialException failure)
        {
            return Unauthorized(attempt, failure.Message);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException)
        {
            return attempt.Watch.Expired
                ? RanOut(attempt, "gave no answer in time")
                : Failed(attempt, AttemptOutcome.Unreachable, default, "could not be reached");
        }
        catch (Exception failure)
        {
            // Whatever a connection that breaks may come to, it is no reason to serve nobody while others can.
            LogSendFailed(call.Id, target.Deployment.Spec.Id, failure);
            return Failed(attempt, AttemptOutcome.Unreachable, default, "could not be reached");
        }

        using (response)
        {
            attempt.UpstreamStatus = (int)response.StatusCode;
            attempt.UpstreamRequestId = RequestIdOf(response);
            NoteSpillover(attempt, response);
            try
            {
                if (response.StatusCode != HttpStatusCode.OK)
                {
                    return await TakeErrorAsync(attempt, response);
                }

                return call.Operation.IsPassThrough() ? await PassThroughAsync(attempt, response)
                    : call.Facts.Stream
                    ? await RelayStreamAsync(attempt, response)
                    : await RelayReplyAsync(attempt, response);
            }
            finally
            {
                call.UpstreamMs += clock.MillisecondsBetween(attempt.StartedTimestamp, clock.Timestamp);
            }
        }
    }

    async ValueTask<AttemptEnd> TakeErrorAsync(Attempt attempt, HttpResponseMessage response)
    {
        var retryAfterMs = RetryAfter.Parse(
            Header(response, "retry-after-ms"), Header(response, "retry-after"), time.GetUtcNow());
        attempt.Spent = new MeteredUsage(new TokenUsage(PartlyServed.PromptTokens(response), 0, 0, 0), default);
        var (body, _) = await ReadWholeAsync(attempt, response, MaxErrorBytes);
        UpstreamError error;
        using (body)
        {
            // Twice, for in JSON a secret may have been written with escapes.
            var secrets = attempt.Target.Secrets;
            var words = SecretRedaction.Remove(body.Span, secrets);
            error = SecretRedaction.Remove(
                attempt.Translation?.ReadError(attempt.UpstreamStatus, words, ErrorTypeOf(attempt, response))
                    ?? attempt.Target.Upstream.ReadError(attempt.UpstreamStatus, words, retryAfterMs),
                secrets);
        }

        return UpstreamFailure.OutcomeOf(attempt.UpstreamStatus, error) switch
        {
            AttemptOutcome.Throttled => Throttled(attempt, retryAfterMs),
            AttemptOutcome.Refused => Refused(attempt, error),
            AttemptOutcome.Unauthorized => Unauthorized(attempt, "did not accept our credentials"),
            var outcome => Failed(attempt, outcome, attempt.Spent, Describe(attempt.UpstreamStatus), error.Message),
        };
    }

    /// <summary>
    /// Ends an attempt that was given up before its answer. Who gives up cannot know what the provider makes of it, so
    /// the figure is marked as ours. A deployment that was silent for too long is taken to have done nothing; one that
    /// was left because the client had gone, or because the call's own time was over, was at work and is blameless.
    /// </summary>
    AttemptEnd RanOut(Attempt attempt, string reason)
    {
        if (!attempt.Watch.DrainExpired && clock.NowMs < attempt.Call.DeadlineMs)
        {
            return Failed(attempt, AttemptOutcome.TimedOut, new MeteredUsage(default, UsageFlags.Estimated), reason);
        }

        settlement.Abandoned(attempt, UsageMeter.Unheard(attempt));
        return new AttemptEnd(
            AttemptOutcome.Abandoned, false,
            attempt.Watch.DrainExpired
                ? "had not answered when the limit for waiting after the client had gone was reached"
                : "had not answered at the call's deadline");
    }

    AttemptEnd Throttled(Attempt attempt, long? retryAfterMs)
    {
        settlement.Throttled(attempt, retryAfterMs);
        return new AttemptEnd(AttemptOutcome.Throttled, false, "is at its limit (429)", retryAfterMs ?? 1000);
    }

    /// <summary>The client's own mistake goes back to it; what is only too much for this deployment goes to another.</summary>
    AttemptEnd Refused(Attempt attempt, in UpstreamError error)
    {
        settlement.Refused(attempt);
        return error.Class == ErrorClass.TooLargeForDeployment
            ? new AttemptEnd(AttemptOutcome.Refused, false, "takes no request of this size")
            : new AttemptEnd(AttemptOutcome.Refused, false, "refused the request", Fault: new AttemptFault { Refusal = error });
    }

    /// <summary>Nothing was sent, so that there is nothing to settle: another deployment may speak another dialect.</summary>
    AttemptEnd Untranslatable(Attempt attempt, in RequestFault fault)
    {
        attempt.Lease.Cancel(clock.NowMs);
        return new AttemptEnd(
            AttemptOutcome.Refused, false, $"cannot express the request: {fault.Message}",
            Fault: new AttemptFault { Untranslatable = fault });
    }

    AttemptEnd Unauthorized(Attempt attempt, string reason)
    {
        settlement.Unauthorized(attempt);
        LogCredentialRejected(attempt.Target.Deployment.Spec.Id, attempt.UpstreamStatus, reason);
        return new AttemptEnd(AttemptOutcome.Unauthorized, false, reason);
    }

    /// <summary>
    /// Azure lets a full deployment's calls spill over to another one, and bills them there: it is told in the log and on
    /// the span, since neither the client nor the ledger would see it.
    /// </summary>
    void NoteSpillover(Attempt attempt, HttpResponseMessage response)
    {
        if (Header(response, "x-ms-spillover-from-deployment") is not { } from)
        {
            return;
        }

        var served = Header(response, "x-ms-deployment-name") ?? "another deployment";
        attempt.Span?.SetTag("sahab.spillover.from", from).SetTag("sahab.spillover.to", served);
        LogSpillover(attempt.Call.Id, attempt.Target.Deployment.Spec.Id, from, served);
    }

    static string? ErrorTypeOf(Attempt attempt, HttpResponseMessage response) =>
        attempt.Target.Upstream.ErrorTypeHeader is { } name ? Header(response, name) : null;

    AttemptEnd Failed(
        Attempt attempt, AttemptOutcome outcome, in MeteredUsage metered, string reason, string words = "")
    {
        settlement.Failed(attempt, outcome, metered);
        return new AttemptEnd(outcome, false, reason, Fault: FaultOf(words));
    }

    static AttemptFault? FaultOf(string words) => words.Length == 0 ? null : new AttemptFault { Words = words };

    static string Describe(int status) => string.Create(CultureInfo.InvariantCulture, $"answered {status}");

    static string? RequestIdOf(HttpResponseMessage response) =>
        Header(response, "x-request-id") ?? Header(response, "request-id") ?? Header(response, "x-amzn-requestid")
        ?? Header(response, "opc-request-id") ?? Header(response, "apim-request-id");

    static string? Header(HttpResponseMessage response, string name)
    {
        if (!response.Headers.NonValidated.TryGetValues(name, out var values))
        {
            return null;
        }

        foreach (var value in values)
        {
            return value;
        }

        return null;
    }

    [LoggerMessage(1101, LogLevel.Information,
        "Call {CallId}: attempt {Attempt} at {Deployment} ended {Outcome}: {Reason}")]
    partial void LogAttemptFailed(Guid callId, int attempt, string deployment, AttemptOutcome outcome, string reason);

    [LoggerMessage(1104, LogLevel.Error, "Call {CallId}: sending to {Deployment} failed in a way that is not foreseen.")]
    partial void LogSendFailed(Guid callId, string deployment, Exception failure);

    [LoggerMessage(1102, LogLevel.Warning,
        "{Deployment} is out of service until our credentials are accepted: {Reason} (status {Status})")]
    partial void LogCredentialRejected(string deployment, int status, string reason);

    [LoggerMessage(1103, LogLevel.Information,
        "Call {CallId}: {Deployment} was full at the provider, which let the call spill over from {From} to {Served}")]
    partial void LogSpillover(Guid callId, string deployment, string from, string served);
}
