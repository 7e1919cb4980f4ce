using System.Collections.Immutable;
using System.Globalization;
using Sahab.Planning.Optimum;
using Sahab.Planning.Simulation;
using Sahab.Server.Plan.Scenarios;

namespace Sahab.Server.Portal;

/// <summary>What <c>sahab simulate</c> found, as its page shows it. Details are those of the first seed.</summary>
public sealed class SimulationFindings
{
    readonly ImmutableArray<ScenarioOutcome> _outcomes;

    internal SimulationFindings(ImmutableArray<ScenarioOutcome> outcomes) => _outcomes = outcomes;

    /// <summary>Colours that lines can be told apart by.</summary>
    const int Colours = 8;

    internal ScenarioOutcome First => _outcomes[0];

    internal ImmutableArray<PolicyOutcome> Policies => First.Policies;

    internal ScenarioSpread? Spread =>
        _outcomes.Length > 1 ? new ScenarioSpread(First.Scenario, First.Scale, _outcomes) : null;

    internal ImmutableArray<ulong> Seeds => [.. _outcomes.Select(outcome => outcome.Seed)];

    internal HindsightReport? Optimum => First.Optimum is { Status: SolverStatus.Optimal } found ? found : null;

    internal PolicyOutcome Cheapest => Policies.MinBy(policy => Held(policy.Report))!;

    /// <summary>What a policy cost with what unserved calls are held to cost, by which policies are compared.</summary>
    internal static decimal Held(SimulationReport report) => report.Cost.TotalUsd + report.Cost.RefusalUsd;

    internal IEnumerable<(string Name, CourseChart Drawn, CourseChart Lambda)> Commitments()
    {
        foreach (var (commitment, index) in Policies[0].Report.Course.Commitments.Select((each, index) => (each, index)))
        {
            CommitmentCourse Of(PolicyOutcome policy) => policy.Report.Course.Commitments[index];
            yield return (
                commitment.Commitment,
                Chart(
                    [.. Lines(policy => WithResets(Of(policy))),
                        new ChartLine("target", "target", Broken(commitment.TargetUsd, (now, next) => next != now))]),
                Chart([.. Lines(policy => [.. Of(policy).Lambda.Select(share => (double?)share)])], top: 1));
        }
    }

    internal IEnumerable<(string Name, CourseChart Load, CourseChart Mu)> Capacities()
    {
        foreach (var (capacity, index) in Policies[0].Report.Course.Capacities.Select((each, index) => (each, index)))
        {
            CapacityCourse Of(PolicyOutcome policy) => policy.Report.Course.Capacities[index];
            yield return (
                capacity.Deployment,
                Chart([.. Lines(policy => [.. Of(policy).Load.Select(load => (double?)load)])], top: 1),
                Chart([.. Lines(policy => [.. Of(policy).MuUsdPerHour.Select(mu => (double?)mu)])]));
        }
    }

    internal static string Style(int policy) => string.Create(CultureInfo.InvariantCulture, $"c{policy % Colours}");

    internal static string Usd(decimal usd) => string.Create(
        CultureInfo.InvariantCulture, $"{(usd < 0 ? "−" : "")}${decimal.Abs(usd):#,0.00}");

    /// <summary>A round amount, as short as it goes: $1.5k.</summary>
    internal static string ShortUsd(double usd) => usd switch
    {
        >= 1e6 => string.Create(CultureInfo.InvariantCulture, $"${usd / 1e6:0.##}M"),
        >= 1e3 => string.Create(CultureInfo.InvariantCulture, $"${usd / 1e3:0.##}k"),
        _ => string.Create(CultureInfo.InvariantCulture, $"${usd:0.##}"),
    };

    internal static string Regret(double? regret) =>
        regret is { } figure ? figure.ToString("0.0000", CultureInfo.InvariantCulture) : Display.Nothing;

    internal static string Figure(double value) => value.ToString("0.0000", CultureInfo.InvariantCulture);

    CourseChart Chart(IReadOnlyList<ChartLine> lines, double? top = null) =>
        new(Policies[0].Report.Course.Hours, lines, top);

    IEnumerable<ChartLine> Lines(Func<PolicyOutcome, IReadOnlyList<double?>> of) =>
        Policies.Select((policy, index) => new ChartLine(policy.Report.Policy, Style(index), of(policy)));

    // Where a window ends the next begins lower: the line does not fall, it begins anew.
    static IReadOnlyList<double?> WithResets(CommitmentCourse course) =>
        Broken(course.DrawnUsd, (now, next) => next < now);

    static IReadOnlyList<double?> Broken(ImmutableArray<double?> values, Func<double?, double?, bool> isBreak) =>
    [
        .. values.Select((value, index) =>
            index + 1 < values.Length && isBreak(value, values[index + 1]) ? null : value),
    ];
}
