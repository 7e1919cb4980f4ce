using System.Collections.Immutable;

namespace Sahab.Server.Plan.Scenarios;

/// <summary>What one policy came to over several seeds. Costs are in US dollars.</summary>
/// <param name="Policy">Its name.</param>
/// <param name="MeanUsd">The mean of the total, with what unserved calls are held to cost.</param>
/// <param name="LeastUsd">The least of it.</param>
/// <param name="MostUsd">The most.</param>
/// <param name="MeanRegret">The mean of the regret; null where no optimum was asked for.</param>
/// <param name="LeastRegret">The least of it.</param>
/// <param name="MostRegret">The most.</param>
/// <param name="AllMet">In how many of the seeds every tier was met.</param>
internal sealed record PolicySpread(
    string Policy, decimal MeanUsd, decimal LeastUsd, decimal MostUsd, double? MeanRegret, double? LeastRegret,
    double? MostRegret, int AllMet);

/// <summary>The same scenario under several seeds.</summary>
internal sealed record ScenarioSpread(string Scenario, double Scale, ImmutableArray<ScenarioOutcome> Outcomes)
{
    /// <summary>By policy, in the order in which they were run.</summary>
    public ImmutableArray<PolicySpread> Policies =>
    [
        .. Outcomes.SelectMany(outcome => outcome.Policies).GroupBy(policy => policy.Report.Policy)
            .Select(runs =>
            {
                var usd = runs.Select(run => run.Report.Cost.TotalUsd + run.Report.Cost.RefusalUsd).ToList();
                var regrets = runs.Select(run => run.Regret).OfType<double>().ToList();
                var all = regrets.Count == usd.Count;
                return new PolicySpread(
                    runs.Key, usd.Average(), usd.Min(), usd.Max(), all ? regrets.Average() : null,
                    all ? regrets.Min() : null, all ? regrets.Max() : null,
                    runs.Count(run => run.Report.Tiers.All(tier => tier.IsMet != false)));
            }),
    ];
}
