using Sahab.Routing.Snapshot;

namespace Sahab.Server.Hosting.Configuration;

/// <summary>What must hold of the capacity that is sold on, and what is a risk of it.</summary>
internal sealed class CapacityRules(SahabConfig config, ProblemList problems)
{
    /// <summary>The most that a reservation may cost, in US dollars: what an amount of the ledger can hold.</summary>
    const decimal MostUsd = 9_000_000_000;

    public void Check()
    {
        if (problems.HasErrorAt("capacity"))
        {
            return;
        }

        foreach (var offer in config.Capacity.Offers)
        {
            CheckOffer(offer, $"capacity.offers.{offer.Id}");
        }

        foreach (var outage in config.Capacity.Outages)
        {
            CheckOutage(outage, $"capacity.outages.{outage.Id}");
        }
    }

    /// <summary>Warns of offers of which nothing can be sold, whatever is sold already.</summary>
    public static void Warn(SahabConfig config, ProblemList problems)
    {
        foreach (var offer in config.Capacity.Offers)
        {
            var held = config.Deployments.Where(deployment => deployment.Model == offer.Model
                && deployment is { Capacity: CapacityKind.Reserved, Limits.TokensPerMinute: not null }).ToList();
            var domains = held.GroupBy(deployment => DomainOf(config.Capacity.FailureDomain, deployment))
                .Select(group => group.Sum(deployment => deployment.Limits.TokensPerMinute!.Value)).ToList();
            var path = $"capacity.offers.{offer.Id}";
            if (held.Count == 0)
            {
                problems.Warn(
                    path, $"no deployment of {offer.Model} is reserved and has tokens_per_minute, so nothing can be sold",
                    "Write capacity: reserved and limits.tokens_per_minute at what was bought");
            }
            else if (domains.Sum() - domains.Max() < offer.TokensPerMinute * offer.Smallest)
            {
                problems.Warn(
                    path, $"nothing can be sold: {domains.Sum() - domains.Max()} tokens a minute of {offer.Model} are left when "
                    + "what holds most of it fails",
                    "Reserve more elsewhere, make the units smaller, or write a smaller failure_domain");
            }
            else if (held.Any(deployment => deployment.Limits.Concurrency * (decimal)offer.TokensPerMinute * offer.Smallest
                < domains.Sum() - domains.Max()))
            {
                problems.Warn(
                    path, "the smallest reservation comes to less than one of the calls that a deployment takes at once, so "
                    + "that its calls would not be within their share there",
                    "Write more concurrency, or a larger smallest");
            }
        }
    }

    /// <summary>What fails together with a deployment.</summary>
    public static string DomainOf(FailureDomain domain, DeploymentConfig deployment) => domain switch
    {
        FailureDomain.Provider => deployment.Provider,
        FailureDomain.Region => $"{deployment.Provider}/{deployment.Region}",
        _ => deployment.Id,
    };

    void CheckOffer(CapacityOfferConfig offer, string path)
    {
        string[] models = [.. config.Models.Select(model => model.Id)];
        if (!models.Contains(offer.Model))
        {
            problems.Error(
                $"{path}.model", $"there is no {TextForms.Quote(offer.Model)} among the models",
                Suggestions.Sentence(offer.Model, models, "models"));
        }

        if (offer.Until is { } until && Time(until) <= Time(offer.From))
        {
            problems.Error($"{path}.until", "it ends before it begins", "Write a later time, or leave it out");
        }

        if (offer.Largest < offer.Smallest)
        {
            problems.Error(
                $"{path}.largest", "it is less than the smallest", $"Write at least {offer.Smallest}");
        }

        if (offer.Terms.IsEmpty)
        {
            problems.Error($"{path}.terms", "without a term nothing can be reserved", "Write at least one");
        }

        foreach (var term in offer.Terms.Where(term => term.Price * offer.Largest > MostUsd))
        {
            problems.Error(
                $"{path}.terms.{term.Id}.price", "the largest reservation costs more than 9 billion dollars",
                "Write a smaller price, or a smaller largest");
        }
    }

    void CheckOutage(PlannedOutageConfig outage, string path)
    {
        string[] providers = [.. config.Providers.Select(provider => provider.Id)];
        var provider = config.FindProvider(outage.Provider);
        if (provider is null)
        {
            problems.Error(
                $"{path}.provider", $"there is no {TextForms.Quote(outage.Provider)} among the providers",
                Suggestions.Sentence(outage.Provider, providers, "providers"));
        }
        else if (outage.Region is { } region && provider.Regions.All(each => each.Id != region))
        {
            problems.Error(
                $"{path}.region", $"there is no {TextForms.Quote(region)} among the regions of {provider.Id}",
                Suggestions.Sentence(region, [.. provider.Regions.Select(each => each.Id)], "regions"));
        }

        if (Time(outage.Until) <= Time(outage.From))
        {
            problems.Error($"{path}.until", "it ends before it begins", "Write a later time");
        }
    }

    static DateTimeOffset Time(string text) => ContractBinding.TryTime(text, out var time) ? time : default;
}
