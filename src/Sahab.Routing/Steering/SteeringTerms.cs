using System.Collections.Immutable;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Purchases;
using Sahab.Ledger.Rating;
using Sahab.Ledger.Settlements;
using Sahab.Routing.Snapshot;

namespace Sahab.Routing.Steering;

/// <summary>A window of a commitment that is open, and what draws on it.</summary>
/// <param name="Standing">How it stands, as last settled; as it began where nothing is settled of it.</param>
/// <param name="Commitment">What was agreed.</param>
/// <param name="UsdPerUnit">US dollars for a unit of what is counted.</param>
/// <param name="Deployments">Ids of the deployments whose next call draws on it.</param>
public sealed record OpenWindow(
    CommitmentStanding Standing, Commitment Commitment, double UsdPerUnit, ImmutableArray<string> Deployments)
{
    /// <summary>Such as "aws/spend from 2026-01-01T00".</summary>
    public string Id => string.Create(
        null, $"{Standing.Contract}/{Standing.Commitment} from {Standing.Window.From.UtcDateTime:yyyy-MM-dd'T'HH}");
}

/// <summary>What the contracts in force say of each deployment at one moment.</summary>
public static class SteeringTerms
{
    /// <summary>
    /// The windows that are open. A deployment draws on the first of its contract's commitments, in the order of
    /// drawdown, that its calls count toward and that has anything left.
    /// </summary>
    /// <param name="routing">The deployments.</param>
    /// <param name="contracts">The contracts as they are known.</param>
    /// <param name="standings">How windows stand, as last settled.</param>
    /// <param name="now">The moment.</param>
    /// <exception cref="ArgumentException">A currency has no rate.</exception>
    public static ImmutableArray<OpenWindow> OpenWindows(
        RoutingSnapshot routing, ContractTimeline contracts, IReadOnlyList<CommitmentStanding> standings, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(routing);
        ArgumentNullException.ThrowIfNull(contracts);
        ArgumentNullException.ThrowIfNull(standings);
        var hour = Hour.Of(now);
        return
        [
            .. from deployment in routing.Deployments
               where deployment.Spec.Kind != CapacityKind.Reserved
               let use = UseOf(deployment.Spec)
               let terms = contracts.TermsFor(use, hour)
               where terms is not null
               let open = FirstOpen(terms, use, hour, standings)
               where open.Standing is not null
               group deployment.Spec.Id by (terms, open.Standing, open.Commitment) into drawing
               let usd = (double)contracts.UsdPerUnit(drawing.Key.terms.Contract.Currency, hour)
               select new OpenWindow(
                   drawing.Key.Standing, drawing.Key.Commitment, usd * (double)drawing.Key.Commitment.UnitWorth,
                   [.. drawing]),
        ];
    }

    /// <summary>Puts the rates in force, and keeps calls away from what somebody's exclusivity bars.</summary>
    /// <exception cref="ArgumentException">A currency has no rate.</exception>
    public static void Apply(RoutingSnapshot routing, ContractTimeline contracts, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(routing);
        ArgumentNullException.ThrowIfNull(contracts);
        var hour = Hour.Of(now);
        foreach (var deployment in routing.Deployments)
        {
            var use = UseOf(deployment.Spec);
            var rate = RateOf(deployment.Spec, use, contracts, hour);
            if (deployment.State.Price.Rate != rate)
            {
                deployment.State.Price.Rate = rate;
            }

            deployment.State.Price.IsBarred = ContractRights.BarsUse(use, contracts, now) is not null;
        }
    }

    /// <summary>What a call that a deployment serves uses.</summary>
    public static Use UseOf(DeploymentSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return new Use(spec.Provider, spec.Region, spec.Country.ToString(), Use.Inference, spec.Model, spec.Id);
    }

    static ContractRate? RateOf(DeploymentSpec spec, Use use, ContractTimeline contracts, Hour hour)
    {
        if (contracts.TermsFor(use, hour) is not { } terms)
        {
            return null;
        }

        var rate = terms.RateFor(use);
        var share = (1 - (rate?.Discount ?? 0)) * contracts.UsdPerUnit(terms.Contract.Currency, hour);
        var prices = rate?.Tokens ?? spec.Prices;
        return rate?.Tokens is null && share == 1 ? null : new ContractRate(new PriceTerms(
            Of(prices.PromptNanoPerMillion), Of(prices.CachedNanoPerMillion), Of(prices.CacheWriteNanoPerMillion),
            Of(prices.CacheWrite1hNanoPerMillion), Of(prices.OutputNanoPerMillion)));

        long Of(long nano) => (long)(nano * share);
    }

    static (CommitmentStanding? Standing, Commitment Commitment) FirstOpen(
        ContractTerms terms, Use use, Hour hour, IReadOnlyList<CommitmentStanding> standings)
    {
        foreach (var commitment in terms.Commitments)
        {
            if (commitment.WindowAt(hour) is { } window && commitment.Counts(use))
            {
                var standing = standings.FirstOrDefault(each => each.Contract == terms.Contract.Id
                        && each.Commitment == commitment.Id && each.Window.From == window.From)
                    ?? CommitmentStanding.Begun(terms.Contract.Id, commitment.Id, window, terms.Opening);
                if (standing.Remaining > 0)
                {
                    return (standing, commitment);
                }
            }
        }

        return (null, null!);
    }
}
