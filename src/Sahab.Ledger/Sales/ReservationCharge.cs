using System.Globalization;
using System.Numerics;
using Sahab.Ledger.Money;

namespace Sahab.Ledger.Sales;

/// <summary>What a calendar month (UTC) bears of something that was bought for a term.</summary>
/// <param name="Id">What was bought.</param>
/// <param name="Text">What it is, for people.</param>
/// <param name="Project">The project that it is for; empty: the whole organisation.</param>
/// <param name="Model">The model.</param>
/// <param name="Plan">The offer that it was bought by.</param>
/// <param name="Units">How many units.</param>
/// <param name="Month">The first day of the month.</param>
/// <param name="Amount">What the month bears.</param>
public sealed record ReservationCharge(
    string Id, string Text, string Project, string Model, string Plan, long Units, DateOnly Month, NanoUsd Amount)
{
    /// <summary>
    /// Spreads the price of a term over the calendar months that it lies in, by time. Rounded, half to even, are running
    /// totals, so that the months add up to the price exactly.
    /// </summary>
    /// <param name="price">What the whole term costs. At least 0.</param>
    /// <param name="from">Its beginning.</param>
    /// <param name="until">Its end, after the beginning.</param>
    public static IEnumerable<(DateOnly Month, NanoUsd Amount)> Spread(
        NanoUsd price, DateTimeOffset from, DateTimeOffset until)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(until, from);
        var (month, before) = (new DateOnly(from.UtcDateTime.Year, from.UtcDateTime.Month, 1), BigInteger.Zero);
        for (; new DateTimeOffset(month, TimeOnly.MinValue, TimeSpan.Zero) < until; month = month.AddMonths(1))
        {
            var next = new DateTimeOffset(month.AddMonths(1), TimeOnly.MinValue, TimeSpan.Zero);
            var passed = (next < until ? next : until) - from;
            var total = MonthlyCharges.DivideHalfEven(
                (BigInteger)price.Value * passed.Ticks, (until - from).Ticks);
            yield return (month, MonthlyCharges.ToNano(total - before));
            before = total;
        }
    }

    /// <summary>The line of an invoice.</summary>
    public InvoiceLine ToLine() => new()
    {
        Kind = InvoiceLineKind.Reservation,
        Month = Month,
        Text = Text,
        Amount = Amount,
        Account = Postings.Account.FeeRevenue($"capacity-{Model}"),
        Project = Project,
        Model = Model,
        Plan = string.Create(CultureInfo.InvariantCulture, $"{Plan}/{Id}"),
        Quantity = Units,
        Unit = "units",
    };
}
