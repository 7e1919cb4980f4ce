using System.Collections.Immutable;
using System.Globalization;
using Sahab.Routing.Admission;
using Sahab.Routing.Snapshot;

namespace Sahab.Planning.Scenarios;

/// <summary>Something in a scenario that makes no sense.</summary>
/// <param name="Key">The path of it, as in the file: <c>traffic.chat.model</c>.</param>
/// <param name="Message">What is wrong, without a full stop.</param>
/// <param name="Remedy">What would be right, without a full stop.</param>
public sealed record ScenarioProblem(string Key, string Message, string Remedy);

/// <summary>Finds what in a scenario makes no sense, before anything is made of it.</summary>
public static class ScenarioCheck
{
    const int MaxReplicas = 1024;
    const int MaxShapes = 64;
    const int MaxBuckets = 10_000;

    static readonly TimeSpan MaxLength = TimeSpan.FromDays(366);

    /// <summary>All problems; none if the scenario can be simulated.</summary>
    public static ImmutableArray<ScenarioProblem> ProblemsOf(Scenario scenario)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        return
        [
            .. OfTheWhole(scenario),
            .. scenario.Deployments.SelectMany(OfDeployment),
            .. scenario.Traffic.SelectMany(traffic => OfTraffic(scenario, traffic)),
            .. OfShares(scenario),
            .. OfEvents(scenario),
            .. ContractCheck.ProblemsOf(scenario),
            .. OfGuarantees(scenario),
        ];
    }

    /// <summary>Throws if there are problems, naming all.</summary>
    /// <exception cref="ArgumentException">There are problems.</exception>
    public static void ThrowIfProblems(Scenario scenario)
    {
        var problems = ProblemsOf(scenario);
        if (problems.Length > 0)
        {
            throw new ArgumentException(
                string.Join(' ', problems.Select(problem => $"{problem.Key}: {problem.Message}. {problem.Remedy}.")),
                nameof(scenario));
        }
    }

    static IEnumerable<ScenarioProblem> OfTheWhole(Scenario scenario)
    {
        if (scenario.Length <= TimeSpan.Zero || scenario.Length > MaxLength)
        {
            yield return new("length", "the scenario has no length that can be simulated", "Give it up to 366 days");
        }

        if (scenario.Bucket <= TimeSpan.Zero || scenario.Day <= TimeSpan.Zero)
        {
            yield return new("bucket", "a span of time is empty", "Write more than zero");
        }
        else if (scenario.Length / scenario.Bucket > MaxBuckets)
        {
            yield return new("bucket", $"the length has more than {MaxBuckets:N0} of them", "Make them longer");
        }

        foreach (var crowded in scenario.Deployments.CountBy(deployment => deployment.Spec.Model)
            .Where(model => model.Value > ModelRoute.MaxCandidates))
        {
            yield return new(
                "deployments", $"model {crowded.Key} has {crowded.Value} of them",
                $"Let it have {ModelRoute.MaxCandidates} at most");
        }

        if (scenario.Shapes is < 1 or > MaxShapes)
        {
            yield return new("shapes", "so many shapes are not possible", $"Write 1 to {MaxShapes}");
        }

        foreach (var (key, isEmpty) in new[]
        {
            ("deployments", scenario.Deployments.IsEmpty), ("traffic", scenario.Traffic.IsEmpty),
            ("tenants", scenario.Tenants.IsEmpty), ("tiers", scenario.Tiers.IsEmpty),
        })
        {
            if (isEmpty)
            {
                yield return new(key, "there are none", "Write at least one");
            }
        }
    }

    static IEnumerable<ScenarioProblem> OfDeployment(ScenarioDeployment deployment)
    {
        var key = $"deployments.{deployment.Spec.Id}";
        var upstream = deployment.Upstream;
        if (deployment.Replicas is < 1 or > MaxReplicas)
        {
            yield return new($"{key}.replicas", "so many replicas are not possible", $"Write 1 to {MaxReplicas}");
        }

        if (deployment.ReservedUsdPerHour < 0)
        {
            yield return new($"{key}.reserved_usd_per_hour", "the price is negative", "Write at least 0");
        }

        if (!(upstream.PrefillTokensPerSecond > 0 && upstream.StepMs > 0 && upstream.ChunkTokens > 0
            && upstream.MaxBatch > 0 && upstream.MemoryTokens > 0 && upstream.MaxWaiting >= 0
            && upstream.StepMsPerCall >= 0 && upstream.StepMsPerThousandTokens >= 0 && upstream.OverheadMs >= 0))
        {
            yield return new($"{key}.upstream", "a replica with these figures does nothing", "See docs/simulation.md");
        }
    }

    static IEnumerable<ScenarioProblem> OfTraffic(Scenario scenario, TrafficTerms traffic)
    {
        var key = $"traffic.{traffic.Id}";
        if (!scenario.Models.Contains(traffic.Model, StringComparer.Ordinal))
        {
            yield return new(
                $"{key}.model", $"no deployment serves {traffic.Model}",
                $"Models are {string.Join(", ", scenario.Models)}");
        }

        if (!(traffic.CallsPerHour > 0) || !(traffic.GrowthPerWeek > -1) || traffic.Prefixes < 1
            || traffic.DailySwing is not (>= 0 and <= 1) || traffic.WeekendDrop is not (>= 0 and <= 1)
            || traffic.Peak is not (>= 0 and <= 1) || traffic.PrefixShare is not (>= 0 and <= 1))
        {
            yield return new(key, "a figure is out of its range", "See docs/simulation.md");
        }

        if (traffic.Demand is not null && (traffic.DailySwing != 0 || traffic.WeekendDrop != 0))
        {
            yield return new(
                $"{key}.demand", "daily_swing or weekend_drop stands beside it",
                "Leave them out: the curve has its days and weekends");
        }
    }

    static IEnumerable<ScenarioProblem> OfShares(Scenario scenario)
    {
        foreach (var tenant in scenario.Tenants.Where(tenant => !(tenant.Share > 0) || tenant.Weight < 1))
        {
            yield return new($"tenants.{tenant.Id}", "its share or weight is nothing", "Write more than 0");
        }

        foreach (var tier in scenario.Tiers.Where(tier => !(tier.Share > 0) || tier.Target is not (>= 0 and <= 1)))
        {
            yield return new(
                $"tiers.{tier.Tier.ToString().ToLowerInvariant()}", "its share or target is out of range",
                "Write a share above 0 and a target from 0 to 1");
        }

        if (scenario.Tiers.DistinctBy(tier => tier.Tier).Count() != scenario.Tiers.Length)
        {
            yield return new("tiers", "a tier stands here twice", "Keep one");
        }
    }

    static IEnumerable<ScenarioProblem> OfEvents(Scenario scenario)
    {
        var ids = scenario.Deployments.Select(deployment => deployment.Spec.Id).ToHashSet(StringComparer.Ordinal);
        for (var i = 0; i < scenario.Outages.Length; i++)
        {
            var outage = scenario.Outages[i];
            if (!scenario.Deployments.Any(deployment => outage.Covers(deployment.Spec)))
            {
                yield return new(
                    Item("outages", i), $"there is no deployment of {outage.Deployment ?? outage.Provider}",
                    $"Deployments are {string.Join(", ", ids)}");
            }
        }

        for (var i = 0; i < scenario.Spikes.Length; i++)
        {
            if (!scenario.Traffic.Any(traffic => traffic.Id == scenario.Spikes[i].Traffic)
                || !(scenario.Spikes[i].Factor >= 0))
            {
                yield return new(
                    Item("spikes", i), $"there is no traffic {scenario.Spikes[i].Traffic}, or the factor is negative",
                    $"Traffic is {string.Join(", ", scenario.Traffic.Select(traffic => traffic.Id))}");
            }
        }

        for (var i = 0; i < scenario.PriceChanges.Length; i++)
        {
            if (!ids.Contains(scenario.PriceChanges[i].Deployment))
            {
                yield return new(
                    Item("price_changes", i), $"there is no deployment {scenario.PriceChanges[i].Deployment}",
                    $"Deployments are {string.Join(", ", ids)}");
            }
        }
    }

    static IEnumerable<ScenarioProblem> OfGuarantees(Scenario scenario)
    {
        if (scenario.Groups.Length > TenantGroup.MaxGroups)
        {
            yield return new(
                "groups", $"there are {scenario.Groups.Length} of them", $"Let there be {TenantGroup.MaxGroups} at most");
        }

        foreach (var given in scenario.Guarantees)
        {
            if (!scenario.Models.Contains(given.Model) || !scenario.Groups.Contains(given.Terms.Group))
            {
                yield return new(
                    "guarantees", $"there is no model {given.Model}, or no tenant of the group {given.Terms.Group}",
                    "Name what there is");
            }
        }

        foreach (var model in scenario.Guarantees.GroupBy(given => given.Model, given => given.Terms))
        {
            if (model.Any(terms => !terms.IsValid) || model.Sum(terms => terms.Share) > 1
                || model.DistinctBy(terms => terms.Group).Count() < model.Count())
            {
                yield return new(
                    "guarantees", $"what is guaranteed of {model.Key} is out of range, twice, or more than all of it",
                    "Write a share for each group once, at most 1 together, and limits from 0 to 1");
            }
        }
    }

    static string Item(string list, int index) => string.Create(CultureInfo.InvariantCulture, $"{list}[{index}]");
}
