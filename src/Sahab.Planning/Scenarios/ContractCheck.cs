using Sahab.Ledger.Contracts;

namespace Sahab.Planning.Scenarios;

/// <summary>Finds what in a scenario's contracts and commitments makes no sense.</summary>
internal static class ContractCheck
{
    /// <summary>How far a length may be from whole hours: what compressing it can cost.</summary>
    const double HourRest = 1e-6;

    public static IEnumerable<ScenarioProblem> ProblemsOf(Scenario scenario)
    {
        if (scenario.Length <= TimeSpan.Zero)
        {
            return [];
        }

        if (scenario.Contracts is not { } contracts)
        {
            return OfCommitments(scenario);
        }

        return scenario.Commitments.IsEmpty ? OfContracts(scenario, contracts) :
        [
            new(
                "commitments", "there are contracts too",
                "Write them as commitments of a contract, or leave the contracts out"),
        ];
    }

    static IEnumerable<ScenarioProblem> OfContracts(Scenario scenario, ScenarioContracts contracts)
    {
        if (!Hour.IsWhole(contracts.Begins))
        {
            yield return new("begins", "it is not a whole hour of UTC", "Contracts know whole hours only");
        }

        if (contracts.Hour <= TimeSpan.Zero || contracts.Share <= 0)
        {
            yield return new("contracts", "their hours or amounts come to nothing", "Compress time less");
            yield break;
        }

        var hours = scenario.Length / contracts.Hour;
        if (Math.Abs(hours - ContractCalendar.HoursOf(scenario.Length, contracts.Hour)) > HourRest)
        {
            yield return new("length", "with contracts it has to be whole hours", "Contracts know whole hours only");
        }
    }

    static IEnumerable<ScenarioProblem> OfCommitments(Scenario scenario)
    {
        var counted = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var commitment in scenario.Commitments)
        {
            var key = $"commitments.{commitment.Id}";
            if (commitment.Period <= TimeSpan.Zero || commitment.UsdPerPeriod < 0)
            {
                yield return new(
                    key, "its period or amount is out of range", "Write a period above 0 and an amount from 0");
                yield break;
            }

            foreach (var id in commitment.Deployments)
            {
                if (!scenario.Deployments.Any(deployment => deployment.Spec.Id == id))
                {
                    yield return new($"{key}.deployments", $"there is no deployment {id}", "Name one that there is");
                }
                else if (!counted.TryAdd(id, commitment.Id))
                {
                    yield return new(
                        $"{key}.deployments", $"what is spent at {id} counts toward {counted[id]} already",
                        "Let it count once");
                }
            }

            if (ProvidersOf(scenario, commitment) > 1 || commitment.Deployments.IsEmpty)
            {
                yield return new(
                    $"{key}.deployments", "they are not of one provider", "A commitment is made with one: name its own");
            }
        }

        if (!scenario.Commitments.IsEmpty && scenario.Length / TakeOrPay.HourOf(scenario) > TakeOrPay.MaxHours)
        {
            yield return new(
                "commitments", "their periods and the length have no common measure",
                "Make them multiples of an hour, or at least of a minute");
        }
    }

    static int ProvidersOf(Scenario scenario, ScenarioCommitment commitment) => scenario.Deployments
        .Where(deployment => commitment.Deployments.Contains(deployment.Spec.Id))
        .Select(deployment => deployment.Spec.Provider).Distinct(StringComparer.Ordinal).Count();
}
