using Sahab.Ledger.Contracts;

namespace Sahab.Ledger.Settlements;

/// <summary>What the rules did in an hour, which the postings alone do not tell: who was covered, paid ahead, or owed.</summary>
sealed class HourTrace
{
    readonly Dictionary<(string Contract, Use Use), decimal> _paidAhead = [];

    /// <summary>Parts of uses that a baseline paid for, as they were before it did.</summary>
    public List<Coverage> Covered { get; } = [];

    /// <summary>Prepayments that were paid in the hour.</summary>
    public List<(ContractTerms Terms, Prepayment Prepayment)> Paid { get; } = [];

    /// <summary>What was left of prepayments that ended with the hour.</summary>
    public List<(ContractTerms Terms, Prepayment Prepayment, decimal Left)> Expired { get; } = [];

    /// <summary>What windows that ended with the hour owe.</summary>
    public List<(ContractTerms Terms, Commitment Commitment, CommitmentWindow Window, decimal Owed)> Owed { get; } = [];

    public void Cover(CommittedUse clause, IEnumerable<SettledUse> uses, decimal share) => Covered.AddRange(uses.Select(
        use => new Coverage(clause, use.Terms, use.Use, use.List * share, use.Net * share, use.Quantity * share)));

    public void PayAhead(ContractTerms terms, Use use, decimal amount) =>
        _paidAhead[(terms.Contract.Id, use)] = PaidAhead(terms, use) + amount;

    /// <summary>What prepayments paid of a use, in the contract's currency.</summary>
    public decimal PaidAhead(ContractTerms terms, Use use) => _paidAhead.GetValueOrDefault((terms.Contract.Id, use));
}

/// <summary>A part of a use that a baseline paid for.</summary>
sealed record Coverage(CommittedUse Clause, ContractTerms Terms, Use Use, decimal List, decimal Net, decimal Quantity)
{
    public decimal Of(Measure measure) => measure == Measure.Quantity ? Quantity : List;
}
