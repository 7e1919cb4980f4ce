using System.Collections.Immutable;
using Sahab.Ledger.Contracts;

namespace Sahab.Planning.Scenarios;

/// <summary>The contracts that hold while a scenario runs, and how its time lies on their calendar.</summary>
public sealed record ScenarioContracts
{
    /// <value>The contracts. All that they say is known from the beginning.</value>
    public required ContractBook Book { get; init; }

    /// <value>When on their calendar the scenario begins: a whole hour of UTC.</value>
    public required DateTimeOffset Begins { get; init; }

    /// <value>How long an hour of their calendar takes in the scenario: an hour, less where time is compressed.</value>
    public TimeSpan Hour { get; init; } = TimeSpan.FromHours(1);

    /// <value>
    /// The part of all their amounts that falls to the scenario: 1, less where time is compressed. There are so many
    /// times the calls then; to the contracts each of them counts as often as it stands for.
    /// </value>
    public decimal Share { get; init; } = 1;

    internal ScenarioContracts Compressed(double factor) =>
        this with { Hour = Hour * factor, Share = Share * (decimal)factor };
}

/// <summary>
/// Take or pay, in short: in every period so much is to be spent at the deployments together, and what is not is owed
/// at its end. A period that the scenario cuts short counts in proportion. The ledger sees it as a contract with the
/// deployments' provider, which has one commitment with a window for each period.
/// </summary>
public sealed record ScenarioCommitment
{
    /// <value>Unique in a scenario.</value>
    public required string Id { get; init; }

    /// <value>The deployments whose usage counts, all of one provider. At least one.</value>
    public required ImmutableArray<string> Deployments { get; init; }

    /// <value>How long a period is. Above zero.</value>
    public required TimeSpan Period { get; init; }

    /// <value>What is to be spent in it, in US dollars. At least 0.</value>
    public required decimal UsdPerPeriod { get; init; }
}
