using Sahab.Ledger.Contracts;
using Sahab.Ledger.Rating;

namespace Sahab.Ledger.Settlements;

/// <summary>
/// Everything of a contract that prices an event in its hour. Events with equal terms are priced alike, whatever else
/// of their contract was amended; so who keeps these beside an event knows later what it was charged, and whether an
/// amendment touches it.
/// </summary>
/// <param name="Contract">The contract that accrues the cost.</param>
/// <param name="Rate">The rate that prices it; null: list price.</param>
/// <param name="Tokens">The rate's own list prices; null: the deployment's.</param>
/// <param name="Discount">What is taken off the list price. 0 to 1.</param>
/// <param name="UsdPerUnit">
/// US dollars for a unit of the contract's currency. Above 0; 0 where the hour is before our books of the contract, so that
/// nothing is posted.
/// </param>
public sealed record ChargeTerms(
    string Contract, string? Rate, PriceTerms? Tokens, decimal Discount, decimal UsdPerUnit)
{
    /// <summary>Whether the hour is before our books of the contract.</summary>
    public bool IsBeforeBooks => UsdPerUnit == 0;

    /// <summary>The terms of a use in an hour; null: it falls under no contract.</summary>
    /// <exception cref="ArgumentException">The contract's currency has no rate then.</exception>
    public static ChargeTerms? For(Use use, Hour hour, ContractTimeline contracts)
    {
        ArgumentNullException.ThrowIfNull(contracts);
        return contracts.TermsFor(use, hour) is { } terms ? Of(terms, use, hour, contracts) : null;
    }

    /// <summary>The terms of a use that a contract covers in the hour.</summary>
    /// <exception cref="ArgumentException">The contract's currency has no rate then.</exception>
    public static ChargeTerms Of(ContractTerms terms, Use use, Hour hour, ContractTimeline contracts)
    {
        ArgumentNullException.ThrowIfNull(terms);
        ArgumentNullException.ThrowIfNull(contracts);
        var rate = terms.RateFor(use);
        return new ChargeTerms(
            terms.Contract.Id,
            rate?.Id,
            rate?.Tokens,
            rate?.Discount ?? 0,
            terms.IsKept(hour) ? contracts.UsdPerUnit(terms.Contract.Currency, hour) : 0);
    }
}
