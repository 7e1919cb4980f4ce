using Sahab.Ledger.Contracts;

namespace Sahab.Ledger.Settlements;

/// <summary>
/// How amounts that run over many hours are rounded: so that the sum is as if it had been rounded once.
/// </summary>
static class Amounts
{
    /// <summary>To a billionth of a unit of currency, half to even.</summary>
    public static decimal Round(decimal amount) => decimal.Round(amount, 9, MidpointRounding.ToEven);

    /// <summary>
    /// What falls to the step between two running totals. Rounding the totals, not the steps, makes the steps of a
    /// period add up to its rounded total, in however many steps it comes.
    /// </summary>
    public static decimal Step(decimal before, decimal after) => Round(after) - Round(before);

    /// <summary>What falls to an hour of an amount for its calendar month.</summary>
    public static decimal OfMonth(decimal monthly, Hour hour) =>
        Step(monthly * (hour.OfMonth - 1) / hour.HoursInMonth, monthly * hour.OfMonth / hour.HoursInMonth);
}
