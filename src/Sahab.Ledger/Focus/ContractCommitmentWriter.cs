using Sahab.Ledger.Contracts;
using Sahab.Ledger.Settlements;
using static Sahab.Ledger.Focus.FocusText;

namespace Sahab.Ledger.Focus;

/// <summary>
/// Writes what the contracts commit us to as rows of FOCUS's ContractCommitment: one for each window of a commitment, and
/// one for each committed use, prepayment and tranche of capacity.
/// </summary>
public static class ContractCommitmentWriter
{
    /// <summary>A contract is billed in the currency that it was made in: there is no second one.</summary>
    static readonly string[] Unwritten = ["PricingCurrency", "PricingCurrencyContractCommitmentCost"];

    /// <summary>What the contracts commit to as they are known at an instant, in the order of their statement.</summary>
    /// <param name="book">The contracts.</param>
    /// <param name="at">When; what becomes known later is not there.</param>
    /// <param name="standings">How commitments stand, for those that are exhausted; may be empty.</param>
    /// <param name="provider">Of this provider only; null: of all.</param>
    public static IReadOnlyList<CommitmentTerm> TermsOf(
        ContractBook book, DateTimeOffset at, IReadOnlyList<CommitmentStanding> standings, string? provider = null)
    {
        ArgumentNullException.ThrowIfNull(book);
        ArgumentNullException.ThrowIfNull(standings);
        return
        [
            .. book.Contracts.Where(contract => provider is null || contract.Provider == provider)
                .SelectMany(contract => new CommitmentHistory(contract, at).Terms(standings)),
        ];
    }

    /// <summary>The terms as a data set.</summary>
    /// <param name="terms">The terms.</param>
    /// <param name="version">ContractCommitment in the version that is asked for.</param>
    public static FocusTable ToTable(IEnumerable<CommitmentTerm> terms, FocusDataSet version)
    {
        ArgumentNullException.ThrowIfNull(terms);
        ArgumentNullException.ThrowIfNull(version);
        var table = new FocusTable([.. version.Columns.Select(column => column.Name).Except(Unwritten)]);
        foreach (var term in terms)
        {
            table.Add([.. table.Columns.Select(name => ValueOf(term, name))]);
        }

        return table;
    }

    static string? ValueOf(CommitmentTerm term, string column) => column switch
    {
        "BillingCurrency" => term.Contract.Currency,
        "ContractCommitmentApplicability" => term.Applicability,
        "ContractCommitmentBenefitCategory" => term.Benefit,
        "ContractCommitmentCategory" => term.Measure == Measure.Spend ? "Spend" : "Usage",
        "ContractCommitmentCost" => term.Cost is { } cost ? Number(cost) : null,
        "ContractCommitmentCreated" => Time(term.Created),
        "ContractCommitmentDescription" => term.Description,
        "ContractCommitmentDiscountPercentage" => term.Discount is { } part ? Number(part) : null,
        "ContractCommitmentDurationType" => term.Duration,
        "ContractCommitmentFulfillmentInterval" => term.Interval,
        "ContractCommitmentId" => term.Id,
        "ContractCommitmentLastUpdated" => Time(term.LastUpdated),
        "ContractCommitmentLifecycleStatus" => term.Status,
        "ContractCommitmentModel" => term.IsContinuous ? "Continuous" : "Discontinuous",
        "ContractCommitmentOfferCategory" => "Negotiated",
        "ContractCommitmentPaymentInterval" => term.Upfront == 1 ? "One-Time" : "Monthly",
        "ContractCommitmentPaymentModel" => term.Upfront switch
        {
            0 => "No Upfront",
            1 => "All Upfront",
            _ => "Partial Upfront",
        },
        "ContractCommitmentPaymentUpfrontPercentage" => Number(term.Upfront),
        "ContractCommitmentPeriodEnd" => Time(term.Until),
        "ContractCommitmentPeriodStart" => Time(term.From),
        "ContractCommitmentQuantity" => term.Quantity is { } quantity ? Number(quantity) : null,
        "ContractCommitmentType" => term.Type,
        "ContractCommitmentUnit" => term.Unit,
        "ContractId" => term.Contract.Id,
        "ContractPeriodEnd" => Time(term.ContractPeriod.Until),
        "ContractPeriodStart" => Time(term.ContractPeriod.From),
        _ => term.Contract.Provider,
    };
}
