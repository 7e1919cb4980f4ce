namespace Sahab.Ledger.Forecasts;

/// <summary>What is expected, and between which bounds it will lie in <see cref="DrawForecast.Coverage"/>.</summary>
/// <param name="Low">At least 0, at most <paramref name="Expected"/>.</param>
/// <param name="Expected">At least 0.</param>
/// <param name="High">At least <paramref name="Expected"/>.</param>
public readonly record struct Estimate(decimal Low, decimal Expected, decimal High);

/// <summary>A day to come.</summary>
/// <param name="Day">The day, of UTC.</param>
/// <param name="Amount">What comes to on it.</param>
/// <param name="Sum">
/// What comes to from the first day asked for to the end of this. Its bounds are narrower than those of the days added
/// up, and wider than if their errors were independent. None of the three ever falls.
/// </param>
public readonly record struct ForecastDay(DateOnly Day, Estimate Amount, Estimate Sum);

/// <summary>
/// What will come to day by day, by trend and weekly season, with a band made of the errors that the same method would
/// have made in the past. Scales with the history; knows no dates but by their distance.
/// </summary>
public sealed class DrawForecast
{
    /// <summary>The part of outcomes that a band is to hold.</summary>
    public const decimal Coverage = 0.8m;

    /// <summary>The most days that can be asked for at once: a hundred years.</summary>
    public const int MaxDays = 36_600;

    /// <summary>Days after which the season comes again.</summary>
    public const int Week = 7;

    readonly SeriesFit _fit;
    readonly ErrorSpread _spread;
    readonly decimal _scale;

    DrawForecast(DailyHistory history, SeriesFit fit, ErrorSpread spread, decimal scale) =>
        (History, _fit, _spread, _scale) = (history, fit, spread, scale);

    /// <summary>What it was made from.</summary>
    public DailyHistory History { get; }

    /// <summary>What an average day stands at after the last, its weekday apart. At least 0.</summary>
    public decimal Level => Money(_fit.Level);

    /// <summary>By how much that rises a day at first; the trend fades.</summary>
    public decimal TrendPerDay => Money(_fit.Slope);

    /// <summary>By how many days the trend is carried on, all in all. 0 to 56.</summary>
    public decimal TrendDays => decimal.Round((decimal)_fit.Carry, 1);

    /// <summary>
    /// What a weekday takes of an average day, 1 on average over the week; empty while less than two weeks are known,
    /// and where the season is not the week.
    /// </summary>
    public IReadOnlyDictionary<DayOfWeek, decimal> Weekdays => (_fit.Season.Length == Week ? _fit.Season : [])
        .Select((share, place) => (History.First.AddDays(place).DayOfWeek, Share: decimal.Round((decimal)share, 3)))
        .ToDictionary(day => day.DayOfWeek, day => day.Share);

    /// <summary>Makes it. Takes some tens of milliseconds for a year of history.</summary>
    /// <param name="history">What came to until now.</param>
    /// <param name="season">After how many steps of the history its season comes again. At least 1.</param>
    public static DrawForecast Of(DailyHistory history, int season = Week)
    {
        ArgumentNullException.ThrowIfNull(history);
        ArgumentOutOfRangeException.ThrowIfLessThan(season, 1);
        var scale = 0m;
        foreach (var amount in history.Amounts)
        {
            scale = decimal.Max(scale, amount);
        }

        var series = new double[history.Amounts.Count];
        for (var i = 0; i < series.Length; i++)
        {
            series[i] = (double)(history.Amounts[i] / scale);
        }

        return new DrawForecast(history, SeriesFit.Of(series, season), ErrorSpread.Of(series, season), scale);
    }

    /// <summary>A day to come, by itself.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The day lies in the history.</exception>
    public Estimate On(DateOnly day) => Days(day, day.AddDays(1))[0].Amount;

    /// <summary>What comes to from one day to another, which does not belong to it. Nothing where they are one.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The first day lies in the history.</exception>
    public Estimate Total(DateOnly from, DateOnly until) => until <= from ? default : Days(from, until)[^1].Sum;

    /// <summary>The days from one to another, which does not belong to them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The first day lies in the history, or they are more than <see cref="MaxDays"/>.
    /// </exception>
    public IReadOnlyList<ForecastDay> Days(DateOnly from, DateOnly until)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(from, History.Until);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(until.DayNumber - from.DayNumber, MaxDays);
        var before = from.DayNumber - History.Until.DayNumber;
        var days = new ForecastDay[int.Max(0, until.DayNumber - from.DayNumber)];
        var (sum, low, high) = (0.0, 0.0, 0.0);
        for (var i = 0; i < days.Length; i++)
        {
            var amount = _fit.At(before + i + 1);
            var off = _spread.OfOne(before + i + 1);
            sum += amount;

            // A stretch that begins later is as uncertain as a longer one from now: exact for a random walk.
            var sumOff = _spread.OfSum((3 * before) + i + 1);
            low = double.Max(low, sum * (1 - sumOff));
            high = double.Max(high, sum * (1 + sumOff));
            days[i] = new ForecastDay(
                from.AddDays(i),
                new Estimate(Money(amount * double.Max(0, 1 - off)), Money(amount), Money(amount * (1 + off))),
                new Estimate(Money(low), Money(sum), Money(high)));
        }

        return days;
    }

    decimal Money(double amount) => decimal.Round((decimal)amount * _scale, 9);
}
