using System.Collections.Immutable;
using Sahab.Planning.Scenarios;
using Sahab.Planning.Simulation;
using Sahab.Routing.Snapshot;

namespace Sahab.Planning.Optimum;

/// <summary>What the optimum with hindsight found.</summary>
public sealed record HindsightReport
{
    /// <summary>How solving ended. The figures are only there if it is optimal.</summary>
    public required SolverStatus Status { get; init; }

    /// <summary>Who solved it.</summary>
    public required string Solver { get; init; }

    /// <summary>Rows of the programme.</summary>
    public required int Rows { get; init; }

    /// <summary>Columns of the programme.</summary>
    public required int Columns { get; init; }

    /// <summary>Where it cannot be fulfilled: the rows at fault, and by how much.</summary>
    public ImmutableArray<RowAtFault> AtFault { get; init; } = [];

    /// <summary>The least that all of it can cost.</summary>
    public CostSum Cost { get; init; } = new(0, 0, 0, 0, 0);

    /// <summary>What each provider is paid.</summary>
    public ImmutableArray<ProviderCost> Providers { get; init; } = [];

    /// <summary>Each period of each commitment, with λ.</summary>
    public ImmutableArray<CommitmentPrice> Commitments { get; init; } = [];

    /// <summary>Each reserved deployment, with μ.</summary>
    public ImmutableArray<CapacityPrice> Capacities { get; init; } = [];

    /// <summary>
    /// What a simulation cost for every dollar of the optimum, unserved calls at what they are held to cost; null
    /// where there is no optimum or it costs nothing.
    /// </summary>
    public double? RegretOf(SimulationReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var least = Cost.TotalUsd + Cost.RefusalUsd;
        return Status == SolverStatus.Optimal && least > 0
            ? (double)((report.Cost.TotalUsd + report.Cost.RefusalUsd) / least)
            : null;
    }
}

/// <summary>What one more dollar of a commitment costs.</summary>
/// <param name="Commitment">Its id; of a contract's, that of the contract first: "aws/spend".</param>
/// <param name="Period">From 0.</param>
/// <param name="ShortfallUsd">What is owed for nothing even at the optimum.</param>
/// <param name="Lambda">
/// λ, 0 to 1: 0 where what has to be spent is spent anyway, 1 where it cannot be.
/// </param>
public sealed record CommitmentPrice(string Commitment, int Period, decimal ShortfallUsd, double Lambda);

/// <summary>What one more hour of a replica would be worth.</summary>
/// <param name="Deployment">Its id.</param>
/// <param name="MeanMu">μ in US dollars for an hour, on average over all buckets.</param>
/// <param name="MaxMu">The highest of one bucket.</param>
public sealed record CapacityPrice(string Deployment, double MeanMu, double MaxMu);

/// <summary>
/// The optimum with hindsight: the least that a scenario could have cost, had all of it been known beforehand. The
/// yardstick of every policy.
/// </summary>
public static class HindsightOptimum
{
    const double SecondsPerHour = 3600;

    /// <summary>Why there is no optimum of a scenario, as a sentence; null: there is one.</summary>
    public static string? ProblemOf(Scenario scenario)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        return ContractRows.ProblemOf(scenario);
    }

    /// <summary>Builds the programme of a scenario, as for a look at it.</summary>
    /// <exception cref="ArgumentException">
    /// The scenario makes no sense, which is named, or has what <see cref="ProblemOf"/> tells.
    /// </exception>
    public static LinearProgram ProgramOf(Scenario scenario) => HindsightProgram.Build(scenario).Program;

    /// <summary>Finds it.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <param name="solver">Who solves.</param>
    /// <param name="limit">How long it may take.</param>
    /// <param name="stop">Gives up.</param>
    /// <exception cref="ArgumentException">
    /// The scenario makes no sense, which is named, or has what <see cref="ProblemOf"/> tells.
    /// </exception>
    /// <exception cref="SolverException">The solver is not there or broke down.</exception>
    public static async Task<HindsightReport> FindAsync(
        Scenario scenario, ISolver solver, TimeSpan limit, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(solver);
        var built = HindsightProgram.Build(scenario);
        var solution = await solver.SolveAsync(built.Program, limit, stop);
        var report = new HindsightReport
        {
            Status = solution.Status,
            Solver = solver.Name,
            Rows = built.Program.Rows.Count,
            Columns = built.Program.Costs.Count,
        };
        return solution.Status switch
        {
            SolverStatus.Optimal => Fill(report, scenario, built, solution),
            SolverStatus.Infeasible => report with
            {
                AtFault = await Elastic.ExplainAsync(built.Program, solver, limit, stop),
            },
            _ => report,
        };
    }

    static HindsightReport Fill(
        HindsightReport report, Scenario scenario, HindsightProgram built, LinearSolution solution)
    {
        var providers = ProvidersOf(scenario, built, solution);
        var commitments = built.Contracts.Rows.Select(each => new CommitmentPrice(
            each.Commitment, each.Period, Usd(solution.Columns[each.Shortfall] * each.OwedShare),
            Math.Round(solution.Duals[each.Row], 6))).ToImmutableArray();
        var credit = Math.Round(built.Contracts.Fixed.Values.Sum(each => each.CreditUsd), 6);
        var (usage, reserved) = (providers.Sum(each => each.UsageUsd), providers.Sum(each => each.ReservedUsd));
        var shortfall = commitments.Sum(each => each.ShortfallUsd);
        return report with
        {
            Cost = new CostSum(
                usage, reserved, shortfall, usage + reserved + shortfall + credit,
                Usd(built.Refusals.Sum(refusal => solution.Columns[refusal.Column] * refusal.UsdPerCall)))
            {
                CreditUsd = credit,
            },
            Providers = providers,
            Commitments = commitments,
            Capacities = CapacitiesOf(scenario, built, solution),
        };
    }

    static ImmutableArray<ProviderCost> ProvidersOf(
        Scenario scenario, HindsightProgram built, LinearSolution solution)
    {
        var (calls, usd) = (new double[scenario.Deployments.Length], new double[scenario.Deployments.Length]);
        foreach (var flow in built.Flows)
        {
            calls[flow.Deployment] += solution.Columns[flow.Column];
            usd[flow.Deployment] += solution.Columns[flow.Column] * flow.UsdPerCall;
        }

        var hours = (decimal)scenario.Length.Ticks / TimeSpan.TicksPerHour;
        var fees = built.Contracts.Fixed.Values;
        return
        [
            .. scenario.Deployments.Select(deployment => deployment.Spec.Provider)
                .Concat(fees.Select(fee => fee.Provider)).Distinct(StringComparer.Ordinal)
                .Select(provider =>
                {
                    var all = Enumerable.Range(0, scenario.Deployments.Length)
                        .Where(index => scenario.Deployments[index].Spec.Provider == provider).ToArray();
                    return new ProviderCost(
                        provider, (long)Math.Round(all.Sum(index => calls[index])), Usd(all.Sum(index => usd[index])),
                        all.Sum(index => scenario.Deployments[index].ReservedUsdPerHour * hours)
                            + Math.Round(fees.Where(fee => fee.Provider == provider).Sum(fee => fee.ReservedUsd), 6));
                }),
        ];
    }

    static ImmutableArray<CapacityPrice> CapacitiesOf(
        Scenario scenario, HindsightProgram built, LinearSolution solution)
    {
        var prices = ImmutableArray.CreateBuilder<CapacityPrice>();
        for (var index = 0; index < scenario.Deployments.Length; index++)
        {
            if (scenario.Deployments[index].Spec.Kind == CapacityKind.Reserved)
            {
                // A bucket without a row has more than can be used: there it is worth nothing.
                var values = built.Capacities.Where(row => row.Deployment == index)
                    .Select(row => Math.Max(0, -solution.Duals[row.Row]) * SecondsPerHour).ToArray();
                prices.Add(new CapacityPrice(
                    scenario.Deployments[index].Spec.Id, Math.Round(values.Sum() / built.Buckets, 6),
                    Math.Round(values.DefaultIfEmpty(0).Max(), 6)));
            }
        }

        return prices.ToImmutable();
    }

    static decimal Usd(double usd) => Math.Round((decimal)usd, 6);
}
