using Sahab.Ledger.Contracts;

namespace Sahab.Planning.Scenarios;

/// <summary>Writes a scenario's commitments out as contracts.</summary>
internal static class TakeOrPay
{
    /// <summary>The most hours that periods may come to on the calendar of their contracts.</summary>
    public const long MaxHours = 100_000;

    static readonly DateTimeOffset Begins = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>
    /// How long an hour of the contracts is in the scenario: so long that all periods, and the scenario, are whole
    /// hours.
    /// </summary>
    public static TimeSpan HourOf(Scenario scenario) => new(scenario.Commitments
        .Select(commitment => commitment.Period.Ticks).Aggregate(scenario.Length.Ticks, Common));

    public static ScenarioContracts ContractsOf(Scenario scenario)
    {
        var hour = HourOf(scenario);
        return new ScenarioContracts
        {
            Book = new ContractBook(scenario.Commitments.Select(each => ContractOf(scenario, each, hour)), []),
            Begins = Begins,
            Hour = hour,
        };
    }

    static Contract ContractOf(Scenario scenario, ScenarioCommitment commitment, TimeSpan hour)
    {
        var uses = new Selector { Deployments = commitment.Deployments.ToValueList() };
        var source = new ClauseSource("scenario", 1);
        var (hours, period) = (scenario.Length.Ticks / hour.Ticks, commitment.Period.Ticks / hour.Ticks);
        return new Contract
        {
            Id = commitment.Id,
            Provider = scenario.Deployments.First(each => each.Spec.Id == commitment.Deployments[0]).Spec.Provider,
            Versions =
            [
                new ContractVersion
                {
                    Number = 1,
                    ValidFrom = Begins,
                    KnownFrom = Begins,
                    Clauses =
                    [
                        new Scope { Id = commitment.Id + "-scope", Source = source, Uses = uses },
                        new Commitment
                        {
                            Id = commitment.Id,
                            Source = source,
                            Eligible = uses,
                            Windows = WindowsOf(commitment, hours, period).ToValueList(),
                        },
                    ],
                },
            ],
        };
    }

    static IEnumerable<CommitmentWindow> WindowsOf(ScenarioCommitment commitment, long hours, long period)
    {
        for (var from = 0L; from < hours; from += period)
        {
            var until = Math.Min(from + period, hours);
            yield return new CommitmentWindow(
                Begins.AddHours(from), Begins.AddHours(until), commitment.UsdPerPeriod * (until - from) / period);
        }
    }

    static long Common(long left, long right)
    {
        while (right > 0)
        {
            (left, right) = (right, left % right);
        }

        return left;
    }
}
