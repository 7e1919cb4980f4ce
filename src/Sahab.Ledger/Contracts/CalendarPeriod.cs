namespace Sahab.Ledger.Contracts;

/// <summary>A period of the calendar, in UTC.</summary>
public enum CalendarPeriod : byte
{
    /// <summary>From the first of a month.</summary>
    Month = 0,

    /// <summary>From the first of January, April, July or October.</summary>
    Quarter = 1,

    /// <summary>From the first of January.</summary>
    Year = 2,
}
