using Sahab.Ledger.Contracts;
using Sahab.Ledger.Postings;

namespace Sahab.Ledger.Settlements;

/// <summary>Draws commitments down, and settles windows when they end.</summary>
static class Drawdown
{
    public static void Apply(SettledHour hour, SettlementState state)
    {
        var open = new List<OpenWindow>();
        foreach (var terms in hour.Terms)
        {
            foreach (var commitment in terms.Commitments)
            {
                if (commitment.WindowAt(hour.Hour) is { } window)
                {
                    open.Add(new OpenWindow(terms, commitment, window, state.Standing(terms, commitment, window)));
                }
            }
        }

        foreach (var use in hour.Uses)
        {
            Draw(hour, open, use);
        }

        foreach (var window in open)
        {
            window.BookDrawn(hour);
            state.Set(window.Terms, window.Commitment, window.Standing);
            if (window.Window.Until == hour.Hour.End)
            {
                Close(hour, state, window);
            }
        }
    }

    /// <summary>
    /// Each part of a use counts once: toward the first commitment in order that is still open for it, and so on. What
    /// no commitment needs is surplus of the first that it may count toward.
    /// </summary>
    static void Draw(SettledHour hour, List<OpenWindow> open, SettledUse use)
    {
        var left = 1m;
        for (var round = 0; round < 2; round++)
        {
            foreach (var window in open)
            {
                if (left > 0 && window.Commitment.Counts(use.Use))
                {
                    left -= window.Draw(MeasureOf(hour, use, window.Terms, window.Commitment), left, use.Use, surplus: round > 0);
                }
            }
        }
    }

    /// <summary>What the use is worth toward the commitment, whose contract may have another currency.</summary>
    public static decimal MeasureOf(SettledHour hour, SettledUse use, ContractTerms terms, Commitment commitment)
    {
        if (commitment.Measure == Measure.Quantity)
        {
            return use.Quantity;
        }

        var spend = commitment.Basis == DrawdownBasis.ListPrice ? use.List : use.Net;
        return use.Terms.Contract.Currency == terms.Contract.Currency
            ? spend
            : spend * hour.UsdPerUnit(use.Terms) / hour.UsdPerUnit(terms);
    }

    static void Close(SettledHour hour, SettlementState state, OpenWindow of)
    {
        var (terms, commitment, standing) = (of.Terms, of.Commitment, of.Standing);
        var surplus = decimal.Max(0, standing.Counted - standing.Target);
        var (deferred, exact) = commitment.SettleShortfall(of.Window, standing.Remaining);
        if (commitment.After(of.Window) is { } next)
        {
            state.Set(terms, commitment, state.Standing(terms, commitment, next) with
            {
                Carried = decimal.Min(surplus, commitment.SurplusRollover * of.Window.Amount),
                Deferred = deferred,
            });
        }

        var owed = Amounts.Round(exact);
        hour.Trace?.Owed.Add((terms, commitment, of.Window, owed));
        state.Set(terms, commitment, standing with { Owed = owed });
        hour.Book(
            terms,
            Account.ShortfallCost(terms.Contract.Id, commitment.Id),
            terms.Accrual,
            owed);
    }

    /// <summary>A commitment's window while an hour is drawn from it.</summary>
    sealed class OpenWindow(
        ContractTerms terms, Commitment commitment, CommitmentWindow window, CommitmentStanding standing)
    {
        readonly decimal _drawnBefore = standing.Drawn;

        public ContractTerms Terms => terms;

        public Commitment Commitment => commitment;

        public CommitmentWindow Window => window;

        public CommitmentStanding Standing { get; private set; } = standing;

        /// <summary>
        /// Draws what it may. Returns the part of the use that it took, 0 to <paramref name="left"/>.
        /// </summary>
        public decimal Draw(decimal measure, decimal left, Use use, bool surplus)
        {
            var offered = left * measure;
            var amount = surplus ? offered : decimal.Min(offered, Standing.Remaining);
            int? cap = null;
            for (var i = 0; i < commitment.Caps.Count && cap is null; i++)
            {
                if (commitment.Caps[i].Uses.Matches(use))
                {
                    cap = i;
                    var room = (commitment.Caps[i].Share * window.Amount) - Standing.CapDrawn(i);
                    amount = decimal.Min(amount, decimal.Max(0, room));
                }
            }

            if (amount <= 0)
            {
                return 0;
            }

            Standing = Standing.WithDraw(amount, cap);
            return amount == offered ? left : decimal.Min(left, amount / measure);
        }

        public void BookDrawn(SettledHour hour)
        {
            var step = Amounts.Step(_drawnBefore, Standing.Drawn);
            if (step != 0)
            {
                hour.Book(
                    terms,
                    Account.Drawn(terms.Contract.Id, commitment.Id),
                    Account.DrawnAgainst(terms.Contract.Id, commitment.Id),
                    step * commitment.UnitWorth);
            }
        }
    }
}
