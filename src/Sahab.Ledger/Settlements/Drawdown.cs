using Sahab.Ledger.Contracts;
using Sahab.Ledger.Postings;

namespace Sahab.Ledger.Settlements;

/// <summary>Draws commitments down, and settles windows when they end.</summary>
static class Drawdown
{
    public static void Apply(SettledHour hour, SettlementState state)
    {
        foreach (var use in hour.Uses)
        {
            Draw(hour, state, use);
        }

        foreach (var terms in hour.Terms)
        {
            foreach (var commitment in terms.Commitments)
            {
                if (commitment.WindowAt(hour.Hour) is { } window && window.Until == hour.Hour.End)
                {
                    Close(hour, state, terms, commitment, window);
                }
            }
        }
    }

    /// <summary>
    /// Each part of a use counts once: toward the first commitment in order that is still open for it, and so on. What no
    /// commitment needs is surplus of the first that it may count toward.
    /// </summary>
    static void Draw(SettledHour hour, SettlementState state, SettledUse use)
    {
        var left = 1m;
        foreach (var terms in hour.Terms)
        {
            foreach (var commitment in terms.Commitments)
            {
                left -= left > 0 ? DrawFrom(hour, state, use, left, (terms, commitment), surplus: false) : 0;
            }
        }

        foreach (var terms in hour.Terms)
        {
            foreach (var commitment in terms.Commitments)
            {
                left -= left > 0 ? DrawFrom(hour, state, use, left, (terms, commitment), surplus: true) : 0;
            }
        }
    }

    /// <summary>Draws what it may. Returns the part of the use that it took, 0 to <paramref name="left"/>.</summary>
    static decimal DrawFrom(
        SettledHour hour,
        SettlementState state,
        SettledUse use,
        decimal left,
        (ContractTerms Terms, Commitment Commitment) of,
        bool surplus)
    {
        var (terms, commitment) = of;
        var measure = MeasureOf(hour, use, terms, commitment);
        if (measure <= 0 || !commitment.Counts(use.Use) || commitment.WindowAt(hour.Hour) is not { } window)
        {
            return 0;
        }

        var standing = state.Standing(terms, commitment, window);
        var offered = left * measure;
        var amount = surplus ? offered : decimal.Min(offered, standing.Remaining);
        int? cap = null;
        for (var i = 0; i < commitment.Caps.Count && cap is null; i++)
        {
            if (commitment.Caps[i].Uses.Matches(use.Use))
            {
                cap = i;
                var room = (commitment.Caps[i].Share * window.Amount) - standing.CapDrawn(i);
                amount = decimal.Min(amount, decimal.Max(0, room));
            }
        }

        if (amount <= 0)
        {
            return 0;
        }

        state.Set(terms, commitment, standing.WithDraw(amount, cap));
        var step = Amounts.Step(standing.Drawn, standing.Drawn + amount);
        hour.Book(
            terms,
            Account.Drawn(terms.Contract.Id, commitment.Id),
            Account.DrawnAgainst(terms.Contract.Id, commitment.Id),
            step * commitment.UnitWorth);
        return amount == offered ? left : decimal.Min(left, amount / measure);
    }

    /// <summary>What the use is worth toward the commitment, whose contract may have another currency.</summary>
    static decimal MeasureOf(SettledHour hour, SettledUse use, ContractTerms terms, Commitment commitment)
    {
        if (commitment.Measure == Measure.Quantity)
        {
            return use.Quantity;
        }

        var spend = commitment.Basis == DrawdownBasis.ListPrice ? use.List : use.Net;
        return SettledHour.IsUnder(use, terms) || use.Terms.Contract.Currency == terms.Contract.Currency
            ? spend
            : spend * hour.UsdPerUnit(use.Terms) / hour.UsdPerUnit(terms);
    }

    static void Close(
        SettledHour hour, SettlementState state, ContractTerms terms, Commitment commitment, CommitmentWindow window)
    {
        var standing = state.Standing(terms, commitment, window);
        var surplus = decimal.Max(0, standing.Counted - standing.Target);
        var (deferred, exact) = commitment.SettleShortfall(window, standing.Remaining);
        if (commitment.After(window) is { } next)
        {
            state.Set(terms, commitment, state.Standing(terms, commitment, next) with
            {
                Carried = decimal.Min(surplus, commitment.SurplusRollover * window.Amount),
                Deferred = deferred,
            });
        }

        var owed = Amounts.Round(exact);
        state.Set(terms, commitment, standing with { Owed = owed });
        hour.Book(
            terms,
            Account.ShortfallCost(terms.Contract.Id, commitment.Id),
            Account.Accrual(terms.Contract.Id),
            owed);
    }
}
