using System.Collections.Immutable;
using Sahab.Routing.Snapshot;

namespace Sahab.Routing.Steering;

/// <summary>A commitment whose window is open, as the router is steered by it.</summary>
/// <param name="Id">Unique among those that are steered together; another window of it has another id.</param>
/// <param name="Deployments">Ids of the deployments whose usage draws on it now. None draws on two.</param>
/// <param name="Pace">How it stands, in US dollars.</param>
/// <param name="OwedShare">What is owed of a dollar that is missing at the window's end. 0 to 1.</param>
public sealed record SteeredCommitment(
    string Id, ImmutableArray<string> Deployments, CommitmentPace Pace, double OwedShare = 1);

/// <summary>
/// The controller that keeps λ of every commitment and μ of every reserved deployment right as traffic goes by. Its
/// owner lets it step every few seconds; it decides nothing itself, but sets the prices that the router reads. Not
/// thread-safe.
/// </summary>
/// <param name="day">How long a day is: 24 hours, unless time is compressed. Above zero.</param>
public sealed class ContractSteering(TimeSpan day)
{
    const double NanoPerUsd = 1e9;
    const double TokensPerPrice = 1_000_000;

    readonly Dictionary<string, Paced> _paced = new(StringComparer.Ordinal);
    readonly Dictionary<string, ScarcityPricer> _scarce = new(StringComparer.Ordinal);
    double _lastMs = double.NaN;

    /// <summary>λ of each commitment that was steered in the last step.</summary>
    public IReadOnlyDictionary<string, double> Shares =>
        _paced.ToDictionary(each => each.Key, each => each.Value.Share, StringComparer.Ordinal);

    /// <summary>What calls that were placed have drawn of a commitment by estimate, since it was first steered.</summary>
    public decimal WonUsd(string commitment) =>
        _paced.TryGetValue(commitment, out var paced) ? paced.Stake.WonNanoUsd / 1_000_000_000m : 0;

    /// <summary>Sets λ and μ of every deployment for the calls that come from now on.</summary>
    /// <param name="routing">The snapshot in force.</param>
    /// <param name="commitments">Those whose window is open.</param>
    /// <param name="nowMs">Monotonic milliseconds, in which the paces are told too.</param>
    public void Step(RoutingSnapshot routing, ImmutableArray<SteeredCommitment> commitments, double nowMs)
    {
        ArgumentNullException.ThrowIfNull(routing);
        var seconds = double.IsNaN(_lastMs) ? 0 : Math.Max(0, nowMs - _lastMs) / 1000;
        _lastMs = nowMs;
        Adopt(routing, commitments);
        foreach (var deployment in routing.Deployments)
        {
            var price = deployment.State.Price;
            var paced = PacedBy(commitments, deployment.Spec.Id);
            price.Stake = paced?.Stake;
            price.Set(paced?.Share ?? 0, ScarcityOf(routing, deployment, seconds, nowMs));
        }

        foreach (var commitment in commitments)
        {
            Pace(routing, commitment, seconds, nowMs);
        }
    }

    void Pace(RoutingSnapshot routing, SteeredCommitment commitment, double seconds, double nowMs)
    {
        var paced = _paced[commitment.Id];
        var (contested, won) = (paced.Stake.ContestedNanoUsd, paced.Stake.WonNanoUsd);
        paced.Share = commitment.OwedShare * paced.Pacer.Update(
            commitment.Pace, (contested - paced.Contested) / NanoPerUsd, (won - paced.Won) / NanoPerUsd,
            PaidUsdPerSecond(routing, commitment, nowMs) * seconds, nowMs);
        (paced.Contested, paced.Won) = (contested, won);
        foreach (var id in commitment.Deployments)
        {
            if (routing.TryGetDeployment(id, out var deployment))
            {
                deployment.State.Price.Set(paced.Share, deployment.State.Price.NanoUsdPerUnit);
            }
        }
    }

    /// <summary>
    /// What reserved capacity serves now of the models that a commitment's deployments have, at their prices, in US dollars
    /// for a second.
    /// </summary>
    static double PaidUsdPerSecond(RoutingSnapshot routing, SteeredCommitment commitment, double nowMs)
    {
        var (nano, seen) = (0.0, new HashSet<string>(StringComparer.Ordinal));
        foreach (var id in commitment.Deployments)
        {
            if (routing.TryGetDeployment(id, out var drawing) && seen.Add(drawing.Spec.Model)
                && routing.TryGetModel(drawing.Spec.Model, out var route))
            {
                var perToken = RateOf(drawing, route.History)
                    / Math.Max(1, route.History.MeanPromptTokens + route.History.MeanOutputTokens);
                foreach (var other in route.Candidates)
                {
                    if (other.Spec.Kind == CapacityKind.Reserved)
                    {
                        nano += other.State.Read((long)nowMs).TokensLastMinute / 60.0 * perToken;
                    }
                }
            }
        }

        return nano / NanoPerUsd;
    }

    double ScarcityOf(RoutingSnapshot routing, Deployment deployment, double seconds, double nowMs)
    {
        if (deployment.Spec.Kind != CapacityKind.Reserved || !routing.TryGetModel(deployment.Spec.Model, out var route))
        {
            return 0;
        }

        var (load, running) = (deployment.State.Load, deployment.State.Busy((long)nowMs));
        var room = Math.Max(1, deployment.Spec.Limits.Concurrency ?? (running / Math.Max(load, 0.01)));
        return _scarce[deployment.Spec.Id].Update(
            load * room, route.History.Waiting, room, WorthOf(route, deployment), seconds);
    }

    /// <summary>
    /// What an average call of the model saves here against where it is cheapest by the token, for each unit.
    /// </summary>
    static double WorthOf(ModelRoute route, Deployment deployment)
    {
        var history = route.History;
        var units = deployment.Spec.Weights.UnitsOf(history.MeanPromptTokens, 0, history.MeanOutputTokens);
        var cheapest = double.PositiveInfinity;
        foreach (var other in route.Candidates)
        {
            if (other.Spec.Kind != CapacityKind.Reserved)
            {
                cheapest = Math.Min(cheapest, CostOf(other, history));
            }
        }

        return units <= 0 || double.IsInfinity(cheapest)
            ? 0
            : Math.Max(0, cheapest - CostOf(deployment, history)) / units;
    }

    static double CostOf(Deployment deployment, ModelHistory history) =>
        (1 - deployment.State.Price.CommitmentShare) * RateOf(deployment, history);

    static double RateOf(Deployment deployment, ModelHistory history)
    {
        var prices = deployment.State.Price.Rate?.Prices ?? deployment.Spec.Prices;
        return ((history.MeanPromptTokens * prices.PromptNanoPerMillion)
            + (history.MeanOutputTokens * prices.OutputNanoPerMillion)) / TokensPerPrice;
    }

    Paced? PacedBy(ImmutableArray<SteeredCommitment> commitments, string deployment)
    {
        foreach (var commitment in commitments)
        {
            if (commitment.Deployments.Contains(deployment))
            {
                return _paced[commitment.Id];
            }
        }

        return null;
    }

    /// <summary>Begins with what is new and forgets what is gone.</summary>
    void Adopt(RoutingSnapshot routing, ImmutableArray<SteeredCommitment> commitments)
    {
        foreach (var commitment in commitments)
        {
            _paced.TryAdd(commitment.Id, new Paced(new CommitmentPacer(day)));
        }

        Keep(_paced, commitments.Length, id => commitments.Any(each => each.Id == id));
        foreach (var deployment in routing.Deployments)
        {
            _scarce.TryAdd(deployment.Spec.Id, new ScarcityPricer());
        }

        Keep(_scarce, routing.Deployments.Length, id => routing.TryGetDeployment(id, out _));
    }

    static void Keep<T>(Dictionary<string, T> known, int count, Func<string, bool> isThere)
    {
        if (known.Count > count)
        {
            foreach (var id in known.Keys.Where(id => !isThere(id)).ToList())
            {
                known.Remove(id);
            }
        }
    }

    sealed class Paced(CommitmentPacer pacer)
    {
        public CommitmentPacer Pacer => pacer;

        public CommitmentStake Stake { get; } = new();

        public double Share { get; set; }

        public long Contested { get; set; }

        public long Won { get; set; }
    }
}
