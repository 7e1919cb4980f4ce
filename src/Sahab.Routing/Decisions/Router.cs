using System.Numerics;
using Sahab.Routing.Policies;
using Sahab.Routing.Requests;
using Sahab.Routing.Snapshot;
using Sahab.Routing.Steering;

namespace Sahab.Routing.Decisions;

/// <summary>
/// Chooses where a call goes: filters, then scores, then one pick. A function of its arguments and of what the
/// deployments' states hold; with the same of both it decides the same. Allocates nothing unless it has to trace.
/// </summary>
public static class Router
{
    /// <summary>
    /// How full a deployment that is paid by the token may be, 0 to 1, for a call of the batch tier to begin there.
    /// What is paid for already may be filled: calls of higher tiers go before those of batches in the queue.
    /// </summary>
    public const double MaxBatchLoad = 0.5;

    // A batch may wait for hours, at no worth; whatever waits at a price does so for seconds.
    private const long MaxPricedWaitMs = 60_000;

    /// <summary>Chooses without reserving: what <c>explain</c> and a simulator ask.</summary>
    /// <param name="request">The call.</param>
    /// <param name="profile">How to choose.</param>
    /// <param name="nowMs">Monotonic milliseconds, of the same clock that the states are told.</param>
    /// <param name="random">Breaks ties; the same seed breaks them the same way.</param>
    /// <param name="trace">Takes the reasons if given.</param>
    public static RouteDecision Decide(
        in RouteRequest request,
        RoutingProfile profile,
        long nowMs,
        ref RandomSource random,
        DecisionTrace? trace = null)
    {
        Span<CandidateVerdict> overruled = stackalloc CandidateVerdict[ModelRoute.MaxCandidates];
        overruled.Clear();
        return Decide(request, profile, nowMs, ref random, overruled, trace);
    }

    /// <summary>
    /// Chooses and reserves. Between a look and a reservation another call may have taken the last place; then the
    /// next best is chosen, until one holds or none is left.
    /// </summary>
    /// <param name="request">The call; <see cref="RouteRequest.ReservedTokens"/> are reserved.</param>
    /// <param name="profile">How to choose.</param>
    /// <param name="nowMs">Monotonic milliseconds, of the same clock that the states are told.</param>
    /// <param name="random">Breaks ties; the same seed breaks them the same way.</param>
    /// <param name="lease">To be ended when the attempt has ended, if there is a choice.</param>
    /// <param name="trace">Takes the reasons of the last round if given.</param>
    public static RouteDecision DecideAndReserve(
        in RouteRequest request,
        RoutingProfile profile,
        long nowMs,
        ref RandomSource random,
        out DeploymentLease lease,
        DecisionTrace? trace = null)
    {
        Span<CandidateVerdict> overruled = stackalloc CandidateVerdict[ModelRoute.MaxCandidates];
        overruled.Clear();
        while (true)
        {
            var decision = Decide(request, profile, nowMs, ref random, overruled, trace);
            if (decision.Choice is null)
            {
                lease = default;
                return decision;
            }

            if (decision.Choice.State.TryReserve(
                request.DemandAt(decision.Position), nowMs, out lease, out var verdict))
            {
                CountStakes(request, profile, decision.Choice, nowMs);
                return decision;
            }

            overruled[decision.Position] = verdict;
        }
    }

    private static RouteDecision Decide(
        in RouteRequest request,
        RoutingProfile profile,
        long nowMs,
        ref RandomSource random,
        ReadOnlySpan<CandidateVerdict> overruled,
        DecisionTrace? trace)
    {
        var candidates = request.Route.Candidates.AsSpan();
        Span<CandidateVerdict> verdicts = stackalloc CandidateVerdict[ModelRoute.MaxCandidates];
        Span<double> scores = stackalloc double[ModelRoute.MaxCandidates];
        trace?.Begin(profile);

        var eligible = Filter(request, candidates, nowMs, overruled, verdicts);
        var home = profile.PrefixAffinity && request.PrefixHash != 0
            ? HomeOf(request.PrefixHash, candidates, eligible)
            : -1;
        var waitsFor = ScoreAll(request, profile, nowMs, home, verdicts, scores, trace);
        RouteDecision decision;
        if (eligible == 0)
        {
            decision = Refuse(request, candidates, verdicts, nowMs);
        }
        else if (waitsFor >= 0)
        {
            decision = Refuse(request, candidates, verdicts, nowMs) with
            {
                Reason = RouteRejection.Full,
                WaitsFor = candidates[waitsFor],
            };
        }
        else
        {
            var pick = Picking.Pick(profile, candidates, eligible, scores, ref random);
            decision = new RouteDecision { Choice = candidates[pick], Position = pick, AtHome = pick == home };
        }

        trace?.End(decision);
        return decision;
    }

    /// <summary>
    /// Scores who is eligible, and who is full of what is paid for if the call is patient. The position of the one that
    /// it had better wait for; -1 if there is none.
    /// </summary>
    private static int ScoreAll(
        in RouteRequest request,
        RoutingProfile profile,
        long nowMs,
        int home,
        ReadOnlySpan<CandidateVerdict> verdicts,
        Span<double> scores,
        DecisionTrace? trace)
    {
        var candidates = request.Route.Candidates.AsSpan();
        var isPatient = request.PatienceMs > 0 && profile.IsSteered;
        var (best, bestPaid, waitsFor) = (double.PositiveInfinity, double.PositiveInfinity, -1);
        for (var position = 0; position < candidates.Length; position++)
        {
            var score = default(CandidateScore);
            var isEligible = verdicts[position] == CandidateVerdict.Eligible;
            if (isEligible
                || (isPatient && IsPaidAndFull(request, candidates[position], position, verdicts[position])))
            {
                score = Scoring.Score(profile, request, candidates[position], position == home, nowMs);
                scores[position] = score.Total;
                if (isEligible)
                {
                    best = Math.Min(best, score.Total);
                }
                else if (score.Total < bestPaid)
                {
                    (bestPaid, waitsFor) = (score.Total, position);
                }
            }

            trace?.Add(new CandidateTrace
            {
                Deployment = candidates[position],
                Verdict = verdicts[position],
                Score = score,
                Load = candidates[position].State.Load,
                HeldFor = HolderOf(request, candidates[position], verdicts[position]),
                AtHome = position == home,
            });
        }

        return waitsFor >= 0 && bestPaid + WorthOfWaiting(request, profile) < best ? waitsFor : -1;
    }

    private static string? HolderOf(in RouteRequest request, Deployment candidate, CandidateVerdict verdict) =>
        verdict is CandidateVerdict.HeldBack or CandidateVerdict.BeyondShare
            ? candidate.State.Holder(request.Group)?.Id
            : null;

    // As if it had to wait for as long as it may: what is saved must be worth that.
    private static double WorthOfWaiting(in RouteRequest request, RoutingProfile profile) =>
        Math.Min(request.PatienceMs, MaxPricedWaitMs) * profile.NanoUsdPerMs * Scoring.Urgency(request.Tier);

    /// <summary>Whether it is full of what is paid for, and will have room again by itself.</summary>
    private static bool IsPaidAndFull(
        in RouteRequest request, Deployment candidate, int position, CandidateVerdict verdict) =>
        candidate.Spec.Kind == CapacityKind.Reserved
        && (IsFull(verdict) || verdict is CandidateVerdict.BorrowingLimit or CandidateVerdict.OwnersFirst)
        && (request.Tried & (1UL << position)) == 0;

    private static bool IsFull(CandidateVerdict verdict) => verdict is CandidateVerdict.RequestsFull
        or CandidateVerdict.TokensFull or CandidateVerdict.ConcurrencyFull or CandidateVerdict.HeldBack;

    // A call that is paid by the token draws on the commitment of where it goes. Where it draws on none, those that it
    // could have drawn on are told, so that whoever paces them knows how much there was to win. What another commitment
    // has won is not lost: or two of them would outbid each other for the same calls.
    private static void CountStakes(
        in RouteRequest request, RoutingProfile profile, Deployment choice, long nowMs)
    {
        if (choice.Spec.Kind == CapacityKind.Reserved || !profile.IsSteered)
        {
            return;
        }

        if (choice.State.Price.Stake is { } won)
        {
            won.Add(Scoring.RateOf(request, choice), won: true);
            return;
        }

        var candidates = request.Route.Candidates.AsSpan();
        for (var position = 0; position < candidates.Length; position++)
        {
            var candidate = candidates[position];
            if (candidate.State.Price.Stake is { } stake && !HasStakeBefore(candidates, position, stake)
                && VerdictOn(request, candidate, position, nowMs) == CandidateVerdict.Eligible)
            {
                stake.Add(Scoring.RateOf(request, candidate), won: false);
            }
        }
    }

    // Deployments of one commitment have one stake in a call.
    private static bool HasStakeBefore(
        ReadOnlySpan<Deployment> candidates, int position, CommitmentStake stake)
    {
        for (var before = 0; before < position; before++)
        {
            if (candidates[before].State.Price.Stake == stake)
            {
                return true;
            }
        }

        return false;
    }

    private static ulong Filter(
        in RouteRequest request,
        ReadOnlySpan<Deployment> candidates,
        long nowMs,
        ReadOnlySpan<CandidateVerdict> overruled,
        Span<CandidateVerdict> verdicts)
    {
        var eligible = 0UL;
        for (var position = 0; position < candidates.Length; position++)
        {
            var verdict = overruled[position] != CandidateVerdict.Eligible
                ? overruled[position]
                : VerdictOn(request, candidates[position], position, nowMs);
            verdicts[position] = verdict;
            eligible |= verdict == CandidateVerdict.Eligible ? 1UL << position : 0;
        }

        return eligible;
    }

    private static CandidateVerdict VerdictOn(
        in RouteRequest request, Deployment candidate, int position, long nowMs)
    {
        var spec = candidate.Spec;
        if ((request.Needs & ~spec.Capabilities) != 0)
        {
            return CandidateVerdict.LacksCapability;
        }

        if (spec.ContextTokens > 0 && request.ReservedTokens > spec.ContextTokens)
        {
            return CandidateVerdict.ContextTooShort;
        }

        if (request.Countries is null || !request.Countries.Contains(spec.Country))
        {
            return CandidateVerdict.CountryNotAllowed;
        }

        if (candidate.State.Price.IsBarred)
        {
            return CandidateVerdict.Barred;
        }

        if (((request.Barred | request.Unfit) & (1UL << position)) != 0)
        {
            return (request.Barred & (1UL << position)) != 0
                ? CandidateVerdict.ProviderBarred
                : CandidateVerdict.UseNotAllowed;
        }

        var verdict = candidate.State.LookAtHealth(nowMs);
        if (verdict == CandidateVerdict.Eligible)
        {
            verdict = candidate.State.LookAtCapacity(request.DemandAt(position), nowMs);
        }

        if (verdict == CandidateVerdict.Eligible && request.Tier == ServiceTier.Batch
            && request.PatienceMs > 0 && spec.Kind != CapacityKind.Reserved
            && candidate.State.Load > MaxBatchLoad)
        {
            verdict = CandidateVerdict.NotIdle;
        }

        return verdict == CandidateVerdict.Eligible && (request.Tried & (1UL << position)) != 0
            ? CandidateVerdict.AlreadyTried
            : verdict;
    }

    // Rendezvous hashing: each prefix ranks the deployments in an order of its own, and lives at the first that may
    // serve it. One that goes away moves only the prefixes that lived there.
    private static int HomeOf(ulong prefixHash, ReadOnlySpan<Deployment> candidates, ulong eligible)
    {
        var (home, highest) = (-1, 0UL);
        for (var left = eligible; left != 0; left &= left - 1)
        {
            var position = BitOperations.TrailingZeroCount(left);
            var rank = RandomSource.Mix(prefixHash ^ candidates[position].IdHash);
            if (home < 0 || rank > highest)
            {
                (home, highest) = (position, rank);
            }
        }

        return home;
    }

    private static RouteDecision Refuse(
        in RouteRequest request,
        ReadOnlySpan<Deployment> candidates,
        ReadOnlySpan<CandidateVerdict> verdicts,
        long nowMs)
    {
        var reason = RouteRejection.NoDeployment;
        var (retryAfterMs, claimed, isBeyondShare) = (long.MaxValue, 0UL, false);
        for (var position = 0; position < candidates.Length; position++)
        {
            var rejection = RejectionOf(verdicts[position]);
            if (rejection <= RouteRejection.OutOfService)
            {
                var wait = candidates[position].State.RetryAfterMs(request.DemandAt(position), nowMs);
                retryAfterMs = Math.Min(retryAfterMs, Math.Max(1, wait));
                rejection = (request.Tried & (1UL << position)) != 0 ? RouteRejection.AllTried : rejection;
            }

            reason = rejection < reason ? rejection : reason;
            isBeyondShare |= verdicts[position] == CandidateVerdict.BeyondShare;

            // A call that borrows nothing hears of its group's share first, so what is full has its own part in it.
            claimed |= request.WithinShare && IsFull(verdicts[position]) ? 1UL << position : 0;
        }

        return new RouteDecision
        {
            Position = -1,
            Reason = ReasonOf(reason, isBeyondShare, verdicts[..candidates.Length]),
            Claimed = claimed & ~request.Tried,
            RetryAfterMs = retryAfterMs == long.MaxValue ? 0 : retryAfterMs,
        };
    }

    // Where nothing promises anything, what somebody has decided is told before what nobody can change.
    private static RouteRejection ReasonOf(
        RouteRejection reason, bool isBeyondShare, ReadOnlySpan<CandidateVerdict> verdicts)
    {
        if (reason is not (RouteRejection.NoDeployment or RouteRejection.CountryNotAllowed))
        {
            return reason;
        }

        return verdicts.Contains(CandidateVerdict.ProviderBarred) ? RouteRejection.ProviderBarred
            : verdicts.Contains(CandidateVerdict.UseNotAllowed) ? RouteRejection.UseNotAllowed
            : reason == RouteRejection.NoDeployment && isBeyondShare ? RouteRejection.BeyondShare
            : reason;
    }

    private static RouteRejection RejectionOf(CandidateVerdict verdict) => verdict switch
    {
        CandidateVerdict.RequestsFull
            or CandidateVerdict.TokensFull
            or CandidateVerdict.ConcurrencyFull
            or CandidateVerdict.NotIdle
            or CandidateVerdict.HeldBack
            or CandidateVerdict.BorrowingLimit
            or CandidateVerdict.OwnersFirst => RouteRejection.Full,
        CandidateVerdict.Throttled => RouteRejection.Throttled,
        CandidateVerdict.BreakerOpen or CandidateVerdict.ProbeInFlight => RouteRejection.Unhealthy,
        CandidateVerdict.OutOfService => RouteRejection.OutOfService,
        CandidateVerdict.AlreadyTried => RouteRejection.AllTried,
        CandidateVerdict.LargerThanLimit => RouteRejection.TooLarge,
        CandidateVerdict.ContextTooShort => RouteRejection.ContextTooLong,
        CandidateVerdict.LacksCapability => RouteRejection.NotCapable,
        CandidateVerdict.CountryNotAllowed => RouteRejection.CountryNotAllowed,
        _ => RouteRejection.NoDeployment,
    };
}
