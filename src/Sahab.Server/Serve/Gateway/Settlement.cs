using Sahab.Ledger.Rating;
using Sahab.Ledger.Sales;
using Sahab.Routing.Requests;
using Sahab.Routing.Snapshot;
using Sahab.Server.Hosting;
using Sahab.Server.Sell.Metering;
using Sahab.Wire.OpenAI;

namespace Sahab.Server.Serve.Gateway;

/// <summary>
/// Ends attempts and calls: gives back what was reserved and not used, teaches the router what happened, and makes
/// the usage durable. Each attempt is settled once and each call closed once.
/// </summary>
internal sealed partial class Settlement(
    Journal journal, UnrecordedUsage unrecorded, RecentCalls recent, RunningTotals totals,
    GatewayInstruments instruments, CallBudgets budgets, IdSource ids, MonotonicClock clock, ILogger<Settlement> logger)
{
    public void Succeeded(Attempt attempt, in MeteredUsage metered)
    {
        var nowMs = clock.NowMs;
        var firstTokenMs = attempt.FirstToken?.TotalMilliseconds ?? 0;
        var totalMs = clock.MillisecondsBetween(attempt.StartedTimestamp, clock.Timestamp);
        var usage = metered.Usage;
        if (!attempt.Call.Facts.Stream && attempt.FirstToken is not null)
        {
            attempt.Lease.Answered(firstTokenMs, usage.OutputTokens / Math.Max(1, attempt.Call.Facts.N), nowMs);
        }

        attempt.Lease.Succeed(
            new AttemptUsage(
                usage.PromptTokens, usage.CachedTokens, usage.OutputTokens,
                attempt.Call.Facts.Stream ? Math.Max(0, totalMs - firstTokenMs) : 0, attempt.AtHome),
            nowMs);
        if ((metered.Flags & (UsageFlags.Estimated | UsageFlags.Suspect)) == 0)
        {
            var facts = attempt.Call.Facts;
            // The tokens of what is passed through are those of images and sound, not of its text.
            attempt.Call.Route!.History.Learn(
                attempt.Call.Operation.IsPassThrough() ? 0 : facts.PromptBytes, usage, Math.Max(1, facts.N) * Math.Max(1, facts.PromptCount));
        }

        var outcome = attempt.Call.IsClientGone ? AttemptOutcome.Abandoned : AttemptOutcome.Succeeded;
        Note(attempt, outcome, metered);
    }

    public void Abandoned(Attempt attempt, in MeteredUsage metered)
    {
        attempt.Lease.Release(metered.Usage.TotalTokens, clock.NowMs);
        Note(attempt, AttemptOutcome.Abandoned, metered);
    }

    public void Failed(Attempt attempt, AttemptOutcome outcome, in MeteredUsage metered)
    {
        var kind = outcome switch
        {
            AttemptOutcome.Unreachable => FailureKind.Unreachable,
            AttemptOutcome.TimedOut => FailureKind.TimedOut,
            AttemptOutcome.Stalled => FailureKind.Stalled,
            AttemptOutcome.Cut => FailureKind.Cut,
            _ => FailureKind.ServerError,
        };
        attempt.Lease.Fail(kind, metered.Usage.TotalTokens, clock.NowMs);
        Note(attempt, outcome, metered);
    }

    public void Throttled(Attempt attempt, long? retryAfterMs)
    {
        attempt.Lease.Throttle(retryAfterMs, clock.NowMs);
        Note(attempt, AttemptOutcome.Throttled, attempt.Spent);
    }

    public void Refused(Attempt attempt)
    {
        attempt.Lease.Release(0, clock.NowMs);
        Note(attempt, AttemptOutcome.Refused, attempt.Spent);
    }

    public void Unauthorized(Attempt attempt)
    {
        attempt.Lease.RejectCredential(
            attempt.UpstreamStatus == 401 ? OutageReason.CredentialUnknown : OutageReason.CredentialForbidden,
            clock.NowMs);
        Note(attempt, AttemptOutcome.Unauthorized, attempt.Spent);
    }

    /// <summary>
    /// Settles the key's limits and budgets and makes the call's attempts durable; false if that did not work now, in which case
    /// they wait until it does.
    /// </summary>
    public async ValueTask<bool> RecordAsync(Call call)
    {
        call.IsRecorded = true;
        call.KeyLease.Settle(call.TokensUsed(), clock.NowMs);
        call.Cover?.Settle(call.TokensUsed(), clock.NowMs);
        if (call.Events.Count == 0)
        {
            return true;
        }

        var phase = budgets.Settle(call);
        try
        {
            await journal.AppendAsync(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(call.Events));
            return true;
        }
        catch (JournalUnavailableException failure)
        {
            LogNotRecorded(call.Id, call.Events.Count, failure);
            unrecorded.Add(call.Events);
            instruments.NotRecorded(call.Events.Count);
            return false;
        }
        finally
        {
            budgets.Leave(phase);
        }
    }

    /// <summary>Closes a call that has had its answer: what nobody settled is given back, and the call is shown.</summary>
    public void Close(Call call)
    {
        call.KeyLease.Cancel(clock.NowMs);
        call.Cover?.Cancel(clock.NowMs);
        CallBudgets.End(call);
        var now = clock.Timestamp;
        var durationMs = clock.MillisecondsBetween(call.StartedTimestamp, now);
        var status = call.Status == 0 ? StatusCodes.Status499ClientClosedRequest : call.Status;
        recent.Add(new FinishedCall(
            call.Id, call.StartedAt, call.Key?.Tenant ?? "", call.Key?.Id ?? "", call.Model,
            OperationNames.Of(call.Operation), call.Facts.Stream, status, durationMs, call.QueuedMs,
            Math.Max(0, durationMs - call.UpstreamMs - call.QueuedMs), call.Events, call.FailureReason,
            call.AttemptReasons));
        totals.CallEnded(status);
        instruments.CallEnded(call, status, durationMs);
        CallTracing.CallEnded(call, status);
    }

    void Note(Attempt attempt, AttemptOutcome outcome, in MeteredUsage metered)
    {
        var call = attempt.Call;
        var spec = attempt.Target.Deployment.Spec;
        var usage = new UsageEvent
        {
            EventId = ids.Next(),
            CallId = call.Id,
            Attempt = attempt.Number,
            StartedAt = attempt.StartedAt,
            Duration = TimeSpan.FromMilliseconds(
                clock.MillisecondsBetween(attempt.StartedTimestamp, clock.Timestamp)),
            FirstToken = attempt.FirstToken,
            Tenant = call.Key!.Tenant,
            Key = call.Key.Id,
            Model = call.Route!.Name,
            Deployment = spec.Id,
            Provider = spec.Provider,
            Region = spec.Region,
            Country = attempt.Target.Country,
            Operation = OperationNames.Of(call.Operation),
            ServiceTier = TierName(call),
            Outcome = outcome,
            UpstreamStatus = attempt.UpstreamStatus,
            Usage = metered.Usage,
            Prices = spec.Prices,
            Flags = call.IsClientGone ? metered.Flags | UsageFlags.ClientGone : metered.Flags,
            UpstreamRequestId = attempt.UpstreamRequestId,
        };
        call.Events.Add(usage);
        totals.AttemptEnded(usage);
        instruments.AttemptEnded(call.Operation, usage);
        CallTracing.AttemptEnded(attempt, usage);
    }

    /// <summary>The tier that a call is sold by: what reserved capacity covers has one of its own.</summary>
    public static string TierName(Call call) => call.Cover is null ? TierName(call.Tier) : PricePlan.Reserved;

    static string TierName(ServiceTier tier) => tier switch
    {
        ServiceTier.Priority => "priority",
        ServiceTier.Default => "default",
        ServiceTier.Flex => "flex",
        ServiceTier.Batch => "batch",
        _ => throw new ArgumentOutOfRangeException(nameof(tier)),
    };

    [LoggerMessage(1201, LogLevel.Error, "Call {CallId}: the usage of its {Attempts} attempts could not be journaled yet")]
    partial void LogNotRecorded(Guid callId, int attempts, JournalUnavailableException failure);
}
