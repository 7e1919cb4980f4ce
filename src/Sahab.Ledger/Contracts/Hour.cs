namespace Sahab.Ledger.Contracts;

/// <summary>
/// An hour of UTC: the smallest part of time that contracts know. Whatever a contract dates begins and ends on a whole
/// hour, so no hour lies in two versions.
/// </summary>
/// <param name="Number">Whole hours since 0001-01-01T00:00Z. At least 0.</param>
public readonly record struct Hour(long Number) : IComparable<Hour>
{
    /// <summary>The hour that the instant lies in; an instant on the hour begins it.</summary>
    public static Hour Of(DateTimeOffset at) => new(at.UtcTicks / TimeSpan.TicksPerHour);

    /// <summary>Whether the instant is a whole hour of UTC.</summary>
    public static bool IsWhole(DateTimeOffset at) => at.UtcTicks % TimeSpan.TicksPerHour == 0;

    /// <summary>When it begins, in UTC.</summary>
    public DateTimeOffset Start => new(Number * TimeSpan.TicksPerHour, TimeSpan.Zero);

    /// <summary>When it ends, which belongs to the next.</summary>
    public DateTimeOffset End => Next.Start;

    /// <summary>The hour after this one.</summary>
    public Hour Next => new(Number + 1);

    /// <summary>Its day, in UTC.</summary>
    public DateOnly Date => DateOnly.FromDateTime(Start.UtcDateTime);

    /// <summary>Whether it is the last hour of its calendar month.</summary>
    public bool EndsMonth => End is { Day: 1, Hour: 0 };

    /// <summary>Hours in its calendar month: 672 to 744.</summary>
    public int HoursInMonth => DateTime.DaysInMonth(Start.Year, Start.Month) * 24;

    /// <summary>Which hour of its calendar month it is, from 1.</summary>
    public int OfMonth => ((Start.Day - 1) * 24) + Start.Hour + 1;

    /// <summary>The first hour of the calendar period that it lies in.</summary>
    public Hour StartOf(CalendarPeriod period)
    {
        var month = period switch
        {
            CalendarPeriod.Month => Start.Month,
            CalendarPeriod.Quarter => ((Start.Month - 1) / 3 * 3) + 1,
            _ => 1,
        };
        return Of(new DateTimeOffset(Start.Year, month, 1, 0, 0, 0, TimeSpan.Zero));
    }

    /// <inheritdoc/>
    public int CompareTo(Hour other) => Number.CompareTo(other.Number);

    /// <summary>Whether the first is the earlier.</summary>
    public static bool operator <(Hour left, Hour right) => left.Number < right.Number;

    /// <summary>Whether the first is the later.</summary>
    public static bool operator >(Hour left, Hour right) => left.Number > right.Number;

    /// <summary>Whether the first is not the later.</summary>
    public static bool operator <=(Hour left, Hour right) => left.Number <= right.Number;

    /// <summary>Whether the first is not the earlier.</summary>
    public static bool operator >=(Hour left, Hour right) => left.Number >= right.Number;

    /// <summary>Its beginning, such as <c>2026-03-01T07:00Z</c>.</summary>
    public override string ToString() =>
        Start.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm'Z'", System.Globalization.CultureInfo.InvariantCulture);
}
