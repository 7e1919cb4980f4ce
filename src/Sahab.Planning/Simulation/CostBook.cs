using System.Collections.Immutable;
using Sahab.Ledger.Money;
using Sahab.Ledger.Rating;
using Sahab.Planning.Scenarios;
using Sahab.Routing.Snapshot;
using Sahab.Routing.Steering;

namespace Sahab.Planning.Simulation;

/// <summary>What the calls cost, by deployment and by period of a commitment: sums, however many there are.</summary>
internal sealed class CostBook
{
    readonly Scenario _scenario;
    readonly Line[] _lines;
    readonly NanoUsd[][] _drawn;
    readonly int[] _commitmentOf;
    readonly string[][] _windows;

    public CostBook(Scenario scenario)
    {
        _scenario = scenario;
        _lines = new Line[scenario.Deployments.Length];
        _drawn = [.. scenario.Commitments.Select(terms => new NanoUsd[terms.PeriodsIn(scenario.Length)])];
        _windows =
        [
            .. scenario.Commitments.Select(terms => Enumerable.Range(0, terms.PeriodsIn(scenario.Length))
                .Select(period => $"{terms.Id}, period {period}").ToArray()),
        ];
        _commitmentOf = [.. scenario.Deployments.Select(deployment => IndexOf(scenario, deployment.Spec.Id))];
    }

    /// <summary>Rates an attempt that was served and counts it where it belongs.</summary>
    /// <param name="deployment">By its position in the scenario.</param>
    /// <param name="usage">What it used.</param>
    /// <param name="prices">The prices when it was made.</param>
    /// <param name="startedMs">When it was made: its period is that of then.</param>
    public void Add(int deployment, in TokenUsage usage, in PriceTerms prices, double startedMs)
    {
        var cost = Rater.Rate(usage, prices);
        ref var line = ref _lines[deployment];
        line.Calls++;
        line.Prompt += usage.PromptTokens;
        line.Cached += usage.CachedTokens;
        line.Output += usage.OutputTokens;
        line.Cost += cost;
        if (_commitmentOf[deployment] is >= 0 and var commitment)
        {
            var periods = _drawn[commitment];
            var period = (int)(startedMs / _scenario.Commitments[commitment].Period.TotalMilliseconds);
            periods[Math.Min(period, periods.Length - 1)] += cost;
        }
    }

    /// <summary>How the windows stand that are open.</summary>
    public ImmutableArray<SteeredCommitment> Paces(double nowMs)
    {
        var open = ImmutableArray.CreateBuilder<SteeredCommitment>(_drawn.Length);
        for (var i = 0; i < _drawn.Length; i++)
        {
            var terms = _scenario.Commitments[i];
            var periodMs = terms.Period.TotalMilliseconds;
            var period = (int)(nowMs / periodMs);
            if (period < _drawn[i].Length)
            {
                open.Add(new SteeredCommitment(_windows[i][period], terms.Deployments, new CommitmentPace
                {
                    Target = (double)terms.UsdIn(period, _scenario.Length),
                    Drawn = (double)_drawn[i][period].ToUsd(),
                    UntilMs = Math.Min((period + 1) * periodMs, _scenario.Length.TotalMilliseconds),
                }));
            }
        }

        return open.ToImmutable();
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
            UsageUsd = _lines[index].Cost.ToUsd(),
            ReservedUsd = deployment.ReservedUsdPerHour * Hours(_scenario.Length),
            BusyShare = Math.Round(Math.Min(1, busyShare(index)), 6),
        }),
    ];

    public ImmutableArray<CommitmentCost> Commitments() =>
    [
        .. _scenario.Commitments.SelectMany((terms, index) => _drawn[index].Select((drawn, period) =>
        {
            var committed = terms.UsdIn(period, _scenario.Length);
            return new CommitmentCost(
                terms.Id, period, committed, drawn.ToUsd(), Math.Max(0, committed - drawn.ToUsd()));
        })),
    ];

    /// <summary>What went to capacity paid by the token though the model has some that is paid anyway.</summary>
    public SpillCount Spill()
    {
        var reserved = _scenario.Deployments.Where(deployment => deployment.Spec.Kind == CapacityKind.Reserved)
            .Select(deployment => deployment.Spec.Model).ToHashSet(StringComparer.Ordinal);
        var (calls, tokens, cost, all) = (0L, 0L, NanoUsd.Zero, 0L);
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
                    cost += _lines[i].Cost;
                }
            }
        }

        return new SpillCount(calls, tokens, cost.ToUsd(), all == 0 ? 0 : Math.Round((double)calls / all, 6));
    }

    static decimal Hours(TimeSpan length) => (decimal)length.Ticks / TimeSpan.TicksPerHour;

    static int IndexOf(Scenario scenario, string deployment)
    {
        for (var i = 0; i < scenario.Commitments.Length; i++)
        {
            if (scenario.Commitments[i].Deployments.Contains(deployment))
            {
                return i;
            }
        }

        return -1;
    }

    struct Line
    {
        public long Calls;
        public long Prompt;
        public long Cached;
        public long Output;
        public NanoUsd Cost;
    }
}
