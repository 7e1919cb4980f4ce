namespace Sahab.Ledger.Budgets;

/// <summary>How long a budget lasts before it begins anew. Calendar windows are those of UTC.</summary>
public enum BudgetPeriod : byte
{
    /// <summary>From the full hour.</summary>
    Hour = 0,

    /// <summary>From midnight.</summary>
    Day = 1,

    /// <summary>From Monday.</summary>
    Week = 2,

    /// <summary>From the first of the month.</summary>
    Month = 3,

    /// <summary>From the first of January, April, July or October.</summary>
    Quarter = 4,

    /// <summary>From the first of January.</summary>
    Year = 5,

    /// <summary>It never begins anew.</summary>
    Total = 6,
}

/// <summary>A time in which a budget counts: from its start up to its end, which belongs to the next.</summary>
/// <param name="StartUs">Microseconds since 1970, UTC; the smallest number for a budget that never begins anew.</param>
/// <param name="EndUs">The same; the greatest number for a budget that never begins anew.</param>
public readonly record struct BudgetWindow(long StartUs, long EndUs)
{
    const long HourUs = 3_600_000_000;
    const long DayUs = 24 * HourUs;
    const long WeekUs = 7 * DayUs;

    /// <summary>The first Monday of 1970 was its fifth day.</summary>
    const long FirstMondayUs = 4 * DayUs;

    /// <summary>Whether the budget never begins anew.</summary>
    public bool IsEndless => EndUs == long.MaxValue;

    /// <summary>The window of a period in which an instant lies.</summary>
    /// <param name="period">The period.</param>
    /// <param name="us">Microseconds since 1970, UTC, of the years 1 to 9998.</param>
    public static BudgetWindow Of(BudgetPeriod period, long us) => period switch
    {
        BudgetPeriod.Hour => Even(us, HourUs, 0),
        BudgetPeriod.Day => Even(us, DayUs, 0),
        BudgetPeriod.Week => Even(us, WeekUs, FirstMondayUs),
        BudgetPeriod.Month => Months(us, 1),
        BudgetPeriod.Quarter => Months(us, 3),
        BudgetPeriod.Year => Months(us, 12),
        BudgetPeriod.Total => new BudgetWindow(long.MinValue, long.MaxValue),
        _ => throw new ArgumentOutOfRangeException(nameof(period)),
    };

    static BudgetWindow Even(long us, long length, long from)
    {
        var into = (us - from) % length;
        var start = us - (into < 0 ? into + length : into);
        return new BudgetWindow(start, start + length);
    }

    static BudgetWindow Months(long us, int months)
    {
        var time = DateTime.UnixEpoch.AddTicks(us * TimeSpan.TicksPerMicrosecond);
        var start = new DateTime(time.Year, ((time.Month - 1) / months * months) + 1, 1, 0, 0, 0, DateTimeKind.Utc);
        return new BudgetWindow(ToUs(start), ToUs(start.AddMonths(months)));
    }

    static long ToUs(DateTime time) => (time - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
}
