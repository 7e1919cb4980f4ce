using Sahab.Ledger.Contracts;
using Sahab.Ledger.Postings;

namespace Sahab.Ledger.Settlements;

/// <summary>What is paid ahead, and what is billed at the end of a month.</summary>
static class Payments
{
    public static void Apply(SettledHour hour, SettlementState state)
    {
        foreach (var terms in hour.Terms)
        {
            UsePrepayments(hour, state, terms);
            Bill(hour, state, terms);
        }
    }

    static void UsePrepayments(SettledHour hour, SettlementState state, ContractTerms terms)
    {
        if (terms.Prepayments.Count == 0)
        {
            return;
        }

        var unpaid = hour.Uses.Where(use => SettledHour.IsUnder(use, terms))
            .Select(use => (use.Use, use.Net)).ToArray();
        foreach (var prepayment in terms.Prepayments)
        {
            if (prepayment.PaidAt == hour.Hour.Start)
            {
                Pay(hour, state, terms, prepayment);
            }

            if (state.Prepaid(hour, terms, prepayment) is not { } balance)
            {
                continue;
            }

            var drawn = Take(hour.Trace, terms, unpaid, prepayment, balance.Left);
            var after = balance with { Drawn = balance.Drawn + drawn };
            BookUse(hour, terms, prepayment, balance, after);
            if (prepayment.Until == hour.Hour.End)
            {
                var expired = after with { Drawn = after.Paid };
                hour.Trace?.Expired.Add((terms, prepayment, after.Left));
                hour.LinesOf(terms).Book(
                    Account.ExpiredCost(terms.Contract.Id, prepayment.Id),
                    Account.Prepaid(terms.Contract.Id, prepayment.Id),
                    UsdOf(expired) - UsdOf(after));
                after = expired;
            }

            state.Set(terms, prepayment, after);
        }
    }

    static void Pay(SettledHour hour, SettlementState state, ContractTerms terms, Prepayment prepayment)
    {
        hour.Trace?.Paid.Add((terms, prepayment));
        hour.Book(
            terms,
            Account.Prepaid(terms.Contract.Id, prepayment.Id),
            Account.Payable(terms.Contract.Provider),
            prepayment.Amount);
        state.Set(terms, prepayment, new PrepaidBalance(prepayment.Amount, 0, hour.UsdPerUnit(terms)));
    }

    /// <summary>Takes from what is unpaid up to a limit. Returns what it took, in the contract's currency.</summary>
    static decimal Take(
        HourTrace? trace, ContractTerms terms, (Use Use, decimal Net)[] unpaid, Prepayment prepayment, decimal limit)
    {
        var taken = 0m;
        for (var i = 0; i < unpaid.Length; i++)
        {
            if (prepayment.Uses.Matches(unpaid[i].Use))
            {
                var part = decimal.Min(unpaid[i].Net * prepayment.Share, limit - taken);
                trace?.PayAhead(terms, unpaid[i].Use, part);
                unpaid[i].Net -= part;
                taken += part;
            }
        }

        return taken;
    }

    /// <summary>The use lowers the bill at the hour's rate and the balance at that of the payment.</summary>
    static void BookUse(
        SettledHour hour, ContractTerms terms, Prepayment prepayment, PrepaidBalance before, PrepaidBalance after)
    {
        var rate = hour.UsdPerUnit(terms);
        var lines = hour.LinesOf(terms);
        var saved = Lines.ToNano(after.Drawn * rate) - Lines.ToNano(before.Drawn * rate);
        var used = Lines.ToNano(after.Drawn * after.UsdPerUnit) - Lines.ToNano(before.Drawn * before.UsdPerUnit);
        lines.Add(terms.Accrual, saved);
        lines.Add(Account.Prepaid(terms.Contract.Id, prepayment.Id), -used);
        lines.Add(Account.ExchangeCost(terms.Contract.Id), used - saved);
    }

    static decimal UsdOf(PrepaidBalance balance) =>
        decimal.Round(balance.Drawn * balance.UsdPerUnit, 9, MidpointRounding.ToEven);

    /// <summary>What has accrued is billed with the last hour of a calendar month, or of the contract.</summary>
    static void Bill(SettledHour hour, SettlementState state, ContractTerms terms)
    {
        var accrual = terms.Accrual;
        var lines = hour.LinesOf(terms);
        var accrued = state.Accrued(hour, terms) - lines.Of(accrual)
            + hour.Uses.Where(use => SettledHour.IsUnder(use, terms)).Sum(use => use.AccruedNano);
        if (hour.Hour.EndsMonth || terms.Version.Ends == hour.Hour.End)
        {
            lines.Add(accrual, accrued);
            lines.Add(Account.Payable(terms.Contract.Provider), -accrued);
            accrued = 0;
        }

        state.SetAccrued(terms, accrued);
    }
}
