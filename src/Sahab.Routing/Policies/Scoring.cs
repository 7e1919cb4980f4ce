using Sahab.Ledger.Rating;
using Sahab.Routing.Admission;
using Sahab.Routing.Requests;
using Sahab.Routing.Snapshot;

namespace Sahab.Routing.Policies;

/// <summary>Scores one candidate for one request.</summary>
internal static class Scoring
{
    private const double TokensPerPrice = 1_000_000;
    private const double LoadThatDoubles = 32;
    private const double HighestUtilisation = 0.9;
    private const double LoadWithRoom = 0.85;
    private const double LoadWithoutRoom = 0.97;

    /// <summary>The score under a profile.</summary>
    /// <param name="profile">What counts.</param>
    /// <param name="request">The call.</param>
    /// <param name="deployment">The candidate.</param>
    /// <param name="atHome">Whether the prompt's prefix lives there.</param>
    /// <param name="nowMs">Monotonic milliseconds.</param>
    public static CandidateScore Score(
        RoutingProfile profile, in RouteRequest request, Deployment deployment, bool atHome, long nowMs)
    {
        var scorers = profile.Scorers;
        if (scorers == Scorers.Busyness)
        {
            return new CandidateScore { Total = Busyness(deployment.State, nowMs) };
        }

        if (scorers == Scorers.Priority)
        {
            return new CandidateScore { Total = deployment.Spec.Priority };
        }

        var score = (scorers & Scorers.Cost) != 0 ? Cost(profile, request, deployment, atHome) : default;
        var (firstTokenMs, latencyMs) =
            (scorers & Scorers.Latency) != 0 ? Latency(profile, request, deployment.State, nowMs) : default;
        var latency = latencyMs * profile.NanoUsdPerMs * Urgency(request.Tier);
        var failure = (scorers & Scorers.Failures) != 0 ? Failure(profile, deployment.State, nowMs) : 0;
        return score with
        {
            // Latency that stands alone is compared in milliseconds, whatever a millisecond is worth.
            Total = scorers == Scorers.Latency ? latencyMs : score.CostNanoUsd + latency + failure,
            FirstTokenMs = firstTokenMs,
            LatencyMs = latencyMs,
            LatencyNanoUsd = latency,
            FailureNanoUsd = failure,
        };
    }

    // A place that stands empty is worth nothing to others as long as there are more of them.
    private static double Scarceness(double load) =>
        Math.Clamp((load - LoadWithRoom) / (LoadWithoutRoom - LoadWithRoom), 0, 1);

    /// <summary>What a call is expected to cost by the rate, nothing of its prompt cached, in nano-USD.</summary>
    public static double RateOf(in RouteRequest request, Deployment deployment)
    {
        var prices = PricesOf(deployment);
        return (((double)request.PromptTokens * prices.PromptNanoPerMillion)
            + ((double)request.ExpectedOutputTokens * prices.OutputNanoPerMillion)) / TokensPerPrice;
    }

    private static PriceTerms PricesOf(Deployment deployment) =>
        deployment.State.Price.Rate is { } rate ? rate.Prices : deployment.Spec.Prices;

    private static CandidateScore Cost(
        RoutingProfile profile, in RouteRequest request, Deployment deployment, bool atHome)
    {
        var prices = profile.IsSteered ? PricesOf(deployment) : deployment.Spec.Prices;
        var learned = deployment.State.Learned;
        var cached = profile.PrefixAffinity
            ? request.PromptTokens * (atHome ? learned.CachedAtHome : learned.CachedElsewhere)
            : 0;
        var (prompt, output) = (request.PromptTokens - cached, (double)request.ExpectedOutputTokens);
        var rate = ((prompt * prices.PromptNanoPerMillion)
            + (cached * prices.CachedNanoPerMillion)
            + (output * prices.OutputNanoPerMillion)) / TokensPerPrice;
        if (!profile.IsSteered)
        {
            return new CandidateScore { CostNanoUsd = rate, RateNanoUsd = rate, CachedTokens = cached };
        }

        var price = deployment.State.Price;
        var (share, scarcity) = (price.CommitmentShare, price.NanoUsdPerUnit);

        // What a group is guaranteed is not taken from others, so it does not pay what it is worth to them.
        scarcity = scarcity == 0 || deployment.State.IsWithinShare(new Demand(request.ReservedTokens, request.Group))
            ? 0
            : scarcity * deployment.Spec.Weights.UnitsOf(prompt, cached, output) * Scarceness(deployment.State.Load);
        return new CandidateScore
        {
            CostNanoUsd = (rate * (1 - share)) + scarcity,
            RateNanoUsd = rate,
            CommitmentShare = share,
            ScarcityNanoUsd = scarcity,
            CachedTokens = cached,
        };
    }

    private static (double FirstTokenMs, double ToTheEndMs) Latency(
        RoutingProfile profile, in RouteRequest request, DeploymentState state, long nowMs)
    {
        var learned = state.Learned;
        var inFlight = state.Busy(nowMs);
        var observed = learned.FirstTokenMs;
        double firstTokenMs;
        if (double.IsNaN(observed))
        {
            // Nothing says what it can carry, so each call that is still exploring counts in full against the next.
            firstTokenMs = profile.PriorFirstTokenMs * (1 + inFlight);
        }
        else
        {
            var freshness = Freshness(profile, learned.ObservedAtMs, nowMs);
            var concurrency = state.ConcurrencyOrZero;
            firstTokenMs = Mix(observed, profile.PriorFirstTokenMs, freshness)
                * Growth(inFlight, concurrency) / Growth(learned.FirstTokenInFlight, concurrency);
        }

        var rate = learned.TokensPerSecond;
        rate = double.IsNaN(rate)
            ? profile.PriorTokensPerSecond
            : Mix(rate, profile.PriorTokensPerSecond, Freshness(profile, learned.ObservedAtMs, nowMs));
        return (firstTokenMs, firstTokenMs + (request.ExpectedOutputTokens * 1000.0 / rate));
    }

    private static double Failure(RoutingProfile profile, DeploymentState state, long nowMs)
    {
        // Of a half-open breaker the failures are known and served; it is to be probed when it would be chosen.
        if (state.WouldProbe(nowMs))
        {
            return 0;
        }

        var learned = state.Learned;
        return profile.NanoUsdPerFailure * Mix(
            learned.FailureRate, 0, Freshness(profile, learned.FailuresAtMs, nowMs));
    }

    private static double Busyness(DeploymentState state, long nowMs)
    {
        var inFlight = state.Busy(nowMs);
        var concurrency = state.ConcurrencyOrZero;
        return concurrency > 0 ? (double)inFlight / concurrency : inFlight / (inFlight + LoadThatDoubles);
    }

    // How waiting grows with the calls in flight: as in a queue with one server when the size is known, and slowly
    // and linearly when it is not. Only the ratio of two values is used.
    private static double Growth(double inFlight, long concurrency) => concurrency > 0
        ? 1 / (1 - (HighestUtilisation * Math.Min(1, inFlight / concurrency)))
        : 1 + (inFlight / LoadThatDoubles);

    // 1 for an observation of this moment, a half after the half-life, then ever more slowly to 0.
    private static double Freshness(RoutingProfile profile, long observedAtMs, long nowMs) =>
        1 / (1 + (Math.Max(0, nowMs - observedAtMs) / profile.ObservationHalfLifeMs));

    private static double Mix(double observed, double prior, double freshness) =>
        prior + ((observed - prior) * freshness);

    /// <summary>How much a tier's time is worth against that of the default one.</summary>
    public static double Urgency(ServiceTier tier) => tier switch
    {
        ServiceTier.Priority => 2,
        ServiceTier.Default => 1,
        ServiceTier.Flex => 0.25,
        _ => 0,
    };
}
