using Sahab.Ledger.Contracts;

namespace Sahab.Ledger.Settlements;

/// <summary>
/// The course of a commitment's window: how far it is drawn down, how it will end by a forecast, and from which date on
/// no effort could draw the rest. Amounts are in the contract's currency, or in units.
/// </summary>
public sealed record BurnDown
{
    /// <summary>How the window stands at the beginning of <see cref="Today"/>.</summary>
    public required CommitmentStanding Standing { get; init; }

    /// <summary>The first day that is not drawn yet.</summary>
    public required DateOnly Today { get; init; }

    /// <summary>The part of the window that has passed. 0 to 1.</summary>
    public required decimal Elapsed { get; init; }

    /// <summary>
    /// What counts toward the target ÷ what would by now on an even course: 1 is on pace, below is behind. Null before
    /// the window begins, or where its target is 0.
    /// </summary>
    public required decimal? Pace { get; init; }

    /// <summary>What must be drawn a day from today to the window's end. 0 once it is met, or over.</summary>
    public required decimal RequiredPerDay { get; init; }

    /// <summary>What will have counted at the window's end, by the forecast.</summary>
    public required decimal ForecastCounted { get; init; }

    /// <summary>What will be missing at the window's end, by the forecast. At least 0.</summary>
    public required decimal ForecastShortfall { get; init; }

    /// <summary>
    /// What that costs at the window's end, in the contract's currency, after what the next one takes over.
    /// </summary>
    public required decimal ForecastOwed { get; init; }

    /// <summary>What will have been drawn beyond the target, by the forecast. At least 0.</summary>
    public decimal ForecastSurplus => decimal.Max(0, ForecastCounted - Standing.Target);

    /// <summary>The day within which the target is met, by the forecast; null: never, or it is met already.</summary>
    public required DateOnly? MetOn { get; init; }

    /// <summary>
    /// The first date from which what is left, the forecast drawn until then, could not be drawn even at full use of
    /// what is delivered. <see cref="Today"/> where it is too late already; null where the forecast meets the target.
    /// </summary>
    public required DateOnly? OutOfReachFrom { get; init; }

    /// <summary>Computes it. Days are of UTC; a day that the window cuts counts by its part.</summary>
    /// <param name="commitment">The commitment as it stands.</param>
    /// <param name="standing">How its window stands, all before <paramref name="today"/> counted.</param>
    /// <param name="today">The first day that is not drawn yet.</param>
    /// <param name="forecast">
    /// What a whole day will draw. At least 0; what exceeds <paramref name="most"/> is cut.
    /// </param>
    /// <param name="most">What a whole day could draw at full use of what is delivered by then. At least 0.</param>
    public static BurnDown Of(
        Commitment commitment,
        CommitmentStanding standing,
        DateOnly today,
        Func<DateOnly, decimal> forecast,
        Func<DateOnly, decimal> most)
    {
        ArgumentNullException.ThrowIfNull(commitment);
        ArgumentNullException.ThrowIfNull(standing);
        ArgumentNullException.ThrowIfNull(forecast);
        ArgumentNullException.ThrowIfNull(most);
        var days = DaysOf(standing.Window, today, forecast, most);
        var counted = standing.Counted;
        DateOnly? metOn = null;
        foreach (var day in days)
        {
            counted += day.Forecast;
            metOn ??= standing.Remaining > 0 && counted >= standing.Target ? day.Date : null;
        }

        var (passed, hours) = HoursOf(standing.Window, today);
        var missing = decimal.Max(0, standing.Target - counted);
        var length = days.Sum(day => day.Part);
        return new BurnDown
        {
            Standing = standing,
            Today = today,
            Elapsed = passed / hours,
            Pace = passed * standing.Target == 0 ? null : standing.Counted * hours / (passed * standing.Target),
            RequiredPerDay = length == 0 ? 0 : standing.Remaining / length,
            ForecastCounted = counted,
            ForecastShortfall = missing,
            ForecastOwed = commitment.SettleShortfall(standing.Window, missing).Owed,
            MetOn = metOn,
            OutOfReachFrom = OutOfReach(standing, today, days),
        };
    }

    static DateOnly? OutOfReach(CommitmentStanding standing, DateOnly today, List<Day> days)
    {
        var left = standing.Remaining;
        var reach = days.Sum(day => day.Most);
        foreach (var day in days)
        {
            if (left > reach)
            {
                return day.Date;
            }

            left = decimal.Max(0, left - day.Forecast);
            reach -= day.Most;
        }

        return left <= 0 ? null : days.Count == 0 ? today : days[^1].Date.AddDays(1);
    }

    static List<Day> DaysOf(
        CommitmentWindow window, DateOnly today, Func<DateOnly, decimal> forecast, Func<DateOnly, decimal> most)
    {
        var (from, until) = (Hour.Of(window.From), Hour.Of(window.Until));
        var days = new List<Day>();
        for (var date = from.Date > today ? from.Date : today; BeginOf(date) < until; date = date.AddDays(1))
        {
            var (begin, end) = (BeginOf(date), BeginOf(date.AddDays(1)));
            var hours = long.Min(end.Number, until.Number) - long.Max(begin.Number, from.Number);
            var part = hours / 24m;
            var limit = most(date) * part;
            days.Add(new Day(date, part, decimal.Min(forecast(date) * part, limit), limit));
        }

        return days;
    }

    static (decimal Passed, decimal All) HoursOf(CommitmentWindow window, DateOnly today)
    {
        var (from, until) = (Hour.Of(window.From).Number, Hour.Of(window.Until).Number);
        return (long.Clamp(BeginOf(today).Number, from, until) - from, until - from);
    }

    static Hour BeginOf(DateOnly date) => Hour.Of(new DateTimeOffset(date, TimeOnly.MinValue, TimeSpan.Zero));

    sealed record Day(DateOnly Date, decimal Part, decimal Forecast, decimal Most);
}
