using Sahab.Ledger.Contracts;

namespace Sahab.Ledger.Forecasts;

/// <summary>What came to on a day.</summary>
/// <param name="Day">The day, of UTC.</param>
/// <param name="Amount">In any unit of money or quantity. At least 0.</param>
public readonly record struct DailyAmount(DateOnly Day, decimal Amount);

/// <summary>Whole days one after another, without gaps: what a forecast is made from.</summary>
public sealed record DailyHistory
{
    /// <summary>The most days that are looked at; older ones tell nothing of what is to come.</summary>
    public const int MaxDays = 400;

    DailyHistory(DateOnly first, ValueList<decimal> amounts) => (First, Amounts) = (first, amounts);

    /// <summary>The first day on which there was anything; <see cref="Until"/> where there never was.</summary>
    public DateOnly First { get; }

    /// <summary>The amount of each day from the first on. At least 0 each.</summary>
    public ValueList<decimal> Amounts { get; }

    /// <summary>The day after the last: the first that is to be forecast.</summary>
    public DateOnly Until => First.AddDays(Amounts.Count);

    /// <summary>
    /// Orders the days. Days without an amount count as 0, but for those before the first amount: nothing was measured
    /// then. The day that is not over is left out.
    /// </summary>
    /// <param name="days">In any order; several amounts of one day add up.</param>
    /// <param name="today">The day that is not over. It and what comes after it are left out.</param>
    public static DailyHistory Of(IEnumerable<DailyAmount> days, DateOnly today)
    {
        ArgumentNullException.ThrowIfNull(days);
        var oldest = today.DayNumber > MaxDays ? today.AddDays(-MaxDays) : DateOnly.MinValue;
        var sums = new SortedDictionary<DateOnly, decimal>();
        foreach (var (day, amount) in days)
        {
            if (day >= oldest && day < today)
            {
                sums[day] = sums.GetValueOrDefault(day) + amount;
            }
        }

        var first = sums.Where(sum => sum.Value > 0).Select(sum => sum.Key).FirstOrDefault(today);
        var amounts = new decimal[today.DayNumber - first.DayNumber];
        for (var i = 0; i < amounts.Length; i++)
        {
            // What is taken back in a day beyond what it drew says nothing of the days to come.
            amounts[i] = decimal.Max(0, sums.GetValueOrDefault(first.AddDays(i)));
        }

        return new DailyHistory(first, amounts.ToValueList());
    }
}
