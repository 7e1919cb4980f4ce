using Sahab.Ledger.Rating;
using Sahab.Server.Hosting;
using Sahab.Wire.OpenAI;

namespace Sahab.Server.Serve.Gateway;

/// <summary>
/// Runs an admitted call to its end: places it, attempts it, and goes on to the next deployment while nothing of an
/// answer has reached the client and the one budget of attempts lasts.
/// </summary>
internal sealed class CallRunner(
    Placement placement, AttemptRunner attempts, Settlement settlement, TimeProvider time, MonotonicClock clock)
{
    /// <summary>What went wrong, or nothing when the client has had its answer.</summary>
    public async ValueTask<GatewayError?> RunAsync(Call call)
    {
        AttemptEnd last = default;
        var failed = 0;
        var allThrottled = true;
        RequestFault? untranslatable = null;
        for (var number = 1; number <= call.Snapshot.MaxAttempts; number++)
        {
            var place = await placement.FindAsync(call);
            if (place.Error is { } error)
            {
                return await GiveUpAsync(
                    call,
                    failed > 0 ? AfterFailures(call, failed, allThrottled, last)
                    : place.AllTried && untranslatable is { } inexpressible ? GatewayError.BadRequest(inexpressible)
                    : error);
            }

            using var attempt = Begin(call, place, number);
            last = await attempts.RunAsync(attempt);
            placement.Ended(call);
            if (last.Outcome != AttemptOutcome.Succeeded)
            {
                call.NoteFailure(number, last.Reason);
            }

            if (last.Answered)
            {
                return null;
            }

            if (last.Fault?.Refusal is { } refusal)
            {
                return await GiveUpAsync(call, UpstreamFailure.ToClient(attempt.UpstreamStatus, refusal));
            }

            if (last.Outcome == AttemptOutcome.Succeeded)
            {
                return GatewayError.UsageNotRecorded();
            }

            if (last.Fault?.Untranslatable is { } fault)
            {
                // Nothing was sent: it costs the client no attempt, and only if nobody else can is it told.
                untranslatable ??= fault;
                call.Request = call.Request with { Tried = call.Request.Tried | (1UL << place.Position) };
                number--;
                continue;
            }

            failed++;
            allThrottled &= last.Outcome == AttemptOutcome.Throttled;
            if (last.Outcome != AttemptOutcome.Throttled)
            {
                // A deployment that asked for a pause may be asked again after it; one that failed may not.
                call.Request = call.Request with { Tried = call.Request.Tried | (1UL << place.Position) };
            }

            if (call.IsClientGone || clock.NowMs >= call.DeadlineMs)
            {
                break;
            }
        }

        return await GiveUpAsync(call, AfterFailures(call, failed, allThrottled, last));
    }

    Attempt Begin(Call call, in Place place, int number)
    {
        var target = call.Snapshot.TargetOf(place.Deployment!);
        var attempt = new Attempt
        {
            Call = call,
            Target = target,
            Lease = place.Lease,
            AtHome = place.AtHome,
            Number = number,
            StartedAt = time.GetUtcNow(),
            StartedTimestamp = clock.Timestamp,
            Watch = new WatchedAttempt(Math.Min(clock.NowMs + target.FirstByteMs, call.DeadlineMs), call.ClientGone),
        };
        attempt.Span = CallTracing.StartAttempt(attempt);
        return attempt;
    }

    /// <summary>Records the attempts that came to nothing, so that they too are in the books before the answer goes out.</summary>
    async ValueTask<GatewayError> GiveUpAsync(Call call, GatewayError error)
    {
        if (call.Events.Count > 0)
        {
            await settlement.RecordAsync(call);
        }

        return error;
    }

    static GatewayError AfterFailures(Call call, int failed, bool allThrottled, in AttemptEnd last)
    {
        var retryAfterMs = Math.Clamp(last.RetryAfterMs, 1000, 60_000);
        return allThrottled
            ? GatewayError.AllFull(call.Model, retryAfterMs)
            : GatewayError.AttemptsFailed(call.Model, failed, last.Reason, last.Fault?.Words ?? "", retryAfterMs);
    }
}
