using Sahab.Ledger.Contracts;
using Sahab.Ledger.Postings;

namespace Sahab.Ledger.Settlements;

/// <summary>
/// What books begin with that begin in the middle of a contract. The state of the settlement takes it from the contract
/// where it has nothing of its own yet, so an opening needs no step; here it is only turned into amounts and posted.
/// </summary>
static class Openings
{
    /// <summary>What was left of a prepayment; null: it is not among the balances.</summary>
    public static PrepaidBalance? Balance(SettledHour hour, ContractTerms terms, Prepayment prepayment) =>
        terms.Opening?.Prepayments.FirstOrDefault(each => each.Prepayment == prepayment.Id) is { } opening
            ? Balance(hour, terms, opening, prepayment)
            : null;

    /// <summary>What the open month had accrued, in nano-USD, at the rate of the day on which the books begin.</summary>
    public static decimal AccruedNano(SettledHour hour, ContractTerms terms) => terms.Opening is { Accrued: not 0 } opening
        ? Lines.ToNano(opening.Accrued * hour.UsdPerUnit(terms, opening.BooksFrom))
        : 0;

    /// <summary>What is posted as the books begin.</summary>
    public static Lines LinesOf(SettledHour hour, ContractTerms terms)
    {
        var (lines, contract, opening) = (new Lines(), terms.Contract.Id, terms.Opening!);
        var usd = hour.UsdPerUnit(terms, opening.BooksFrom);
        lines.Book(Account.Opening(contract), Account.Payable(terms.Contract.Provider), opening.Owed * usd);
        var accrued = AccruedNano(hour, terms);
        lines.Add(Account.Opening(contract), accrued);
        lines.Add(terms.Accrual, -accrued);
        foreach (var paid in opening.Prepayments)
        {
            var balance = Balance(hour, terms, paid, terms.Find<Prepayment>(paid.Prepayment));
            var left = Lines.ToNano(balance.Paid * balance.UsdPerUnit) - Lines.ToNano(balance.Drawn * balance.UsdPerUnit);
            lines.Add(Account.Prepaid(contract, paid.Prepayment), left);
            lines.Add(Account.Opening(contract), -left);
        }

        foreach (var draw in opening.Commitments)
        {
            var worth = terms.Find<Commitment>(draw.Commitment)?.UnitWorth ?? 0;
            lines.Book(
                Account.Drawn(contract, draw.Commitment),
                Account.DrawnBefore(contract, draw.Commitment),
                Amounts.Round(draw.Drawn + draw.Surplus) * worth * usd);
        }

        return lines;
    }

    static PrepaidBalance Balance(
        SettledHour hour, ContractTerms terms, OpeningPrepaid opening, Prepayment? prepayment)
    {
        var paid = opening.Paid ?? decimal.Max(opening.Left, prepayment?.Amount ?? 0);
        return new PrepaidBalance(
            paid,
            paid - opening.Left,
            opening.UsdPerUnit ?? hour.UsdPerUnit(terms, prepayment?.PaidAt ?? terms.Opening!.BooksFrom));
    }
}
