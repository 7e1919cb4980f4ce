using Sahab.Ledger.Rating;
using Sahab.Server.Source.Commitments;

namespace Sahab.Server.Portal;

/// <summary>What the pages of contracts show. Public because pages take it as parameters; what is in it stays within.</summary>
public sealed class ContractsView
{
    internal ContractsView(IReadOnlyList<ContractOutlook> contracts) => Contracts = contracts;

    internal IReadOnlyList<ContractOutlook> Contracts { get; }
}

/// <summary>What the page of one contract shows.</summary>
public sealed class ContractView
{
    internal ContractView(ContractOutlook contract) => Contract = contract;

    internal ContractOutlook Contract { get; }

    /// <summary>Where the pages of a contract are.</summary>
    internal static string AddressOf(ContractOutlook contract) =>
        "/contracts/" + Uri.EscapeDataString(contract.Contract.Id);

    /// <summary>Where the days of a commitment are.</summary>
    internal static string AddressOf(ContractOutlook contract, CommitmentReport report) =>
        $"{AddressOf(contract)}/drawn/{Uri.EscapeDataString(report.Commitment.Id)}";
}

/// <summary>What was drawn of a commitment: in all days, or in the hours of one, or in one of those.</summary>
public sealed class DrawnView
{
    internal DrawnView(ContractOutlook contract, CommitmentReport report) => (Contract, Report) = (contract, report);

    internal ContractOutlook Contract { get; }

    internal CommitmentReport Report { get; }

    /// <summary>The day whose hours are shown; null: all days are.</summary>
    internal DateOnly? Day { get; init; }

    /// <summary>The hour of the day that is shown; null: all are.</summary>
    internal int? Hour { get; init; }

    /// <summary>The day's hours, or the one.</summary>
    internal IReadOnlyList<DrawnHour> Hours { get; init; } = [];

    /// <summary>What was used in the hour, the latest first, and what each costs by the contracts, in nano-USD.</summary>
    internal IReadOnlyList<(UsageEvent Event, long Nano)> Used { get; init; } = [];

    /// <summary>Whether there was more.</summary>
    internal bool HasMore { get; init; }
}
