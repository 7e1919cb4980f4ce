using System.Collections.Immutable;
using Sahab.Ledger.Capacity;
using Sahab.Ledger.Contracts;
using Sahab.Routing.Admission;
using Sahab.Routing.Snapshot;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Source.Contracts;

namespace Sahab.Server.Sell.Capacity;

/// <summary>
/// What is held of each model through time, by the configuration and the contracts in force: its reserved deployments with
/// their tokens a minute, while a contract holds them and no planned outage takes them away.
/// </summary>
internal sealed class CapacityHoldings(ConfigurationState configuration, ContractShelf contracts)
{
    SahabConfig Config => configuration.Current;

    /// <summary>How a model stands with what is sold of it.</summary>
    public CapacityCourse CourseOf(string model, IEnumerable<Reservation> sold) => new(
        HeldOf(Config, model), sold.Where(each => each.CancelledAt is null).Select(each => each.ToSold()),
        OpenOf(Config, model));

    /// <summary>What there is to be had of a model, now or later.</summary>
    public IEnumerable<HeldCapacity> HeldOf(string model) => HeldOf(Config, model);

    /// <summary>The offers in force, in the order of the configuration.</summary>
    public IEnumerable<CapacityOfferConfig> OffersAt(DateTimeOffset now) => Config.Capacity.Offers.Where(
        offer => Time(offer.From) <= now && !(offer.Until is { } until && Time(until) <= now));

    /// <summary>Models of which anything is offered.</summary>
    public IEnumerable<string> OfferedModels => Config.Capacity.Offers.Select(offer => offer.Model).Distinct();

    /// <summary>How many may have something of one model at a time: the rest is for groups of the configuration.</summary>
    public int MostHolders => TenantGroup.MaxGroups - Config.Groups.Length;

    /// <summary>What everybody has now of what is reserved.</summary>
    public ImmutableArray<ReservedShare> SharesAt(DateTimeOffset now, IReadOnlyList<Reservation> sold)
    {
        var shares = ImmutableArray.CreateBuilder<ReservedShare>();
        foreach (var model in sold.Where(each => each.StateAt(now) == "active")
            .GroupBy(each => each.Model).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            var step = CourseOf(model.Key, model).At(now);
            foreach (var holder in model.GroupBy(each => (each.Organisation, each.Project))
                .OrderBy(group => group.Key.Organisation, StringComparer.Ordinal)
                .ThenBy(group => group.Key.Project, StringComparer.Ordinal))
            {
                var (tokens, lent) = (holder.Sum(each => each.TokensPerMinute), holder.Sum(LentOf));
                // Where less is left than was sold, each has a part of it. What of the share is for the day on which a
                // domain fails is lent until then.
                var share = tokens / (decimal)Math.Max(Math.Max(step.WithoutDomain, step.Sold), 1);
                var kept = step.Held == 0 ? 0 : (tokens - lent) / step.Held;
                shares.Add(new ReservedShare(
                    model.Key, holder.Key.Organisation, holder.Key.Project, tokens, share, Math.Max(0, share - kept)));
            }
        }

        return shares.ToImmutable();
    }

    decimal LentOf(Reservation reservation) => reservation.TokensPerMinute
        * (Config.Capacity.Offers.FirstOrDefault(offer => offer.Id == reservation.Offer)?.Lendable ?? 0);

    List<HeldCapacity> HeldOf(SahabConfig config, string model)
    {
        var (held, known) = (new List<HeldCapacity>(), contracts.Known);
        foreach (var deployment in config.Deployments.Where(each => each.Model == model
            && each is { Capacity: CapacityKind.Reserved, Limits.TokensPerMinute: not null }))
        {
            var use = new Use(
                deployment.Provider, deployment.Region, config.FindRegion(deployment)?.Country ?? "", Use.Inference, model,
                deployment.Id);
            var domain = CapacityRules.DomainOf(config.Capacity.FailureDomain, deployment);
            var pieces = HeldByContract.TimesOf(known, use).Select(when => new HeldCapacity(
                domain, deployment.Id, deployment.Limits.TokensPerMinute!.Value, when.From, when.Until));
            foreach (var outage in config.Capacity.Outages.Where(outage => outage.Provider == deployment.Provider
                && (outage.Region is null || outage.Region == deployment.Region)))
            {
                pieces = HeldCapacity.Without(pieces, Time(outage.From), Time(outage.Until));
            }

            held.AddRange(pieces);
        }

        return held;
    }

    /// <summary>What guarantees of the configuration leave of a model.</summary>
    static decimal OpenOf(SahabConfig config, string model) => Math.Clamp(
        1 - config.Guarantees.Where(guarantee => guarantee.Models?.Contains(model) ?? true)
            .Sum(guarantee => guarantee.Share),
        0, 1);

    static DateTimeOffset Time(string text) => ContractBinding.TryTime(text, out var time) ? time : default;
}
