using System.Collections.Immutable;
using Sahab.Ledger.Rating;
using Sahab.Planning.Scenarios;
using Sahab.Routing.Snapshot;

namespace Sahab.Planning.Simulation;

/// <summary>What the calls cost, by deployment, provider and contract: sums, however many there are.</summary>
internal sealed class CostBook
{
    readonly Scenario _scenario;
    readonly ContractDesk _desk;
    readonly Line[] _lines;

    public CostBook(Scenario scenario, ContractDesk desk)
    {
        (_scenario, _desk) = (scenario, desk);
        _lines = new Line[scenario.Deployments.Length];
    }

    /// <summary>Rates an attempt that was served and counts it where it belongs.</summary>
    /// <param name="deployment">By its position in the scenario.</param>
    /// <param name="usage">What it used.</param>
    /// <param name="prices">The deployment's own prices when it was made.</param>
    /// <param name="hour">When it was made.</param>
    public void Add(int deployment, in TokenUsage usage, in PriceTerms prices, OpenHour hour)
    {
        ref var line = ref _lines[deployment];
        line.Calls++;
        line.Prompt += usage.PromptTokens;
        line.Cached += usage.CachedTokens;
        line.Output += usage.OutputTokens;
        _desk.Charge(deployment, usage, prices, hour);
    }

    public ImmutableArray<DeploymentCost> Deployments(Func<int, double> busyShare) =>
    [
        .. _scenario.Deployments.Select((deployment, index) => new DeploymentCost
        {
            Deployment = deployment.Spec.Id,
            Provider = deployment.Spec.Provider,
            Model = deployment.Spec.Model,
            Kind = deployment.Spec.Kind,
            Calls = _lines[index].Calls,
            PromptTokens = _lines[index].Prompt,
            CachedTokens = _lines[index].Cached,
            OutputTokens = _lines[index].Output,
            UsageUsd = _desk.UsageUsd(index),
            ReservedUsd = deployment.ReservedUsdPerHour * Hours(_scenario.Length),
            BusyShare = Math.Round(Math.Min(1, busyShare(index)), 6),
        }),
    ];

    /// <summary>By contract; then what falls under none, by provider.</summary>
    public ImmutableArray<ContractCost> Contracts()
    {
        var others = Enumerable.Range(0, _lines.Length)
            .GroupBy(index => _scenario.Deployments[index].Spec.Provider, StringComparer.Ordinal)
            .Select(all => new ContractCost
            {
                Contract = null,
                Provider = all.Key,
                UsageUsd = all.Sum(_desk.UncontractedUsd),
                ReservedUsd = all.Sum(index =>
                    _scenario.Deployments[index].ReservedUsdPerHour * Hours(_scenario.Length)),
            });
        return [.. _desk.Contracts(), .. others.Where(each => each.TotalUsd != 0)];
    }

    /// <summary>What went to capacity paid by the token though the model has some that is paid anyway.</summary>
    public SpillCount Spill()
    {
        var reserved = _scenario.Deployments.Where(deployment => deployment.Spec.Kind == CapacityKind.Reserved)
            .Select(deployment => deployment.Spec.Model).ToHashSet(StringComparer.Ordinal);
        var (calls, tokens, cost, all) = (0L, 0L, 0m, 0L);
        for (var i = 0; i < _lines.Length; i++)
        {
            var spec = _scenario.Deployments[i].Spec;
            if (reserved.Contains(spec.Model))
            {
                all += _lines[i].Calls;
                if (spec.Kind != CapacityKind.Reserved)
                {
                    calls += _lines[i].Calls;
                    tokens += _lines[i].Prompt + _lines[i].Output;
                    cost += _desk.UsageUsd(i);
                }
            }
        }

        return new SpillCount(calls, tokens, cost, all == 0 ? 0 : Math.Round((double)calls / all, 6));
    }

    static decimal Hours(TimeSpan length) => (decimal)length.Ticks / TimeSpan.TicksPerHour;

    struct Line
    {
        public long Calls;
        public long Prompt;
        public long Cached;
        public long Output;
    }
}
