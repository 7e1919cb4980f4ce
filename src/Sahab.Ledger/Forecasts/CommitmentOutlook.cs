using Sahab.Ledger.Contracts;
using Sahab.Ledger.Settlements;

namespace Sahab.Ledger.Forecasts;

/// <summary>How serious it is with a window of a commitment. In order of gravity.</summary>
public enum CommitmentAlarm : byte
{
    /// <summary>What counts has come up to the target.</summary>
    Met = 0,

    /// <summary>It will be met, at the lower bound of the forecast too.</summary>
    OnCourse = 1,

    /// <summary>It will be met by the forecast, but not at its lower bound.</summary>
    AtRisk = 2,

    /// <summary>It will be missed by the forecast, and can still be reached.</summary>
    Missing = 3,

    /// <summary>Not even full use of all that is delivered reaches it any more.</summary>
    OutOfReach = 4,
}

/// <summary>Where today lies beside a window.</summary>
public enum WindowPhase : byte
{
    /// <summary>It is over.</summary>
    Over = 0,

    /// <summary>It runs.</summary>
    Running = 1,

    /// <summary>It is still to begin.</summary>
    Ahead = 2,

    /// <summary>It had ended when our books began: nothing is known of it.</summary>
    BeforeBooks = 3,
}

/// <summary>A day to come of a window: what counts toward it at the day's end.</summary>
/// <param name="Day">The day, of UTC.</param>
/// <param name="Amount">What the day draws, by the forecast.</param>
/// <param name="Counted">What counts by its end, with the bounds of the forecast.</param>
/// <param name="CountedAtFullUse">The same at full use from today on; null: nothing limits it.</param>
public readonly record struct OutlookDay(DateOnly Day, Estimate Amount, Estimate Counted, decimal? CountedAtFullUse);

/// <summary>How a window of a commitment stands and how it will end. Amounts as in <see cref="BurnDown"/>.</summary>
public sealed record WindowOutlook
{
    /// <summary>Where today lies beside it.</summary>
    public required WindowPhase Phase { get; init; }

    /// <summary>How serious it is.</summary>
    public required CommitmentAlarm Alarm { get; init; }

    /// <summary>Its course by the forecast.</summary>
    public required BurnDown Expected { get; init; }

    /// <summary>Its course at the forecast's lower bound: little is drawn, much is missing.</summary>
    public required BurnDown Low { get; init; }

    /// <summary>Its course at the forecast's upper bound.</summary>
    public required BurnDown High { get; init; }

    /// <summary>Its days from today on; empty where it is over.</summary>
    public required IReadOnlyList<OutlookDay> Days { get; init; }
}

/// <summary>How all windows of a commitment stand and how they will end.</summary>
public sealed record CommitmentOutlook
{
    /// <summary>The commitment.</summary>
    public required Commitment Commitment { get; init; }

    /// <summary>The first day that is not drawn yet.</summary>
    public required DateOnly Today { get; init; }

    /// <summary>The forecast of what is drawn beside what is paid used or not.</summary>
    public required DrawForecast Forecast { get; init; }

    /// <summary>Its windows in order.</summary>
    public required IReadOnlyList<WindowOutlook> Windows { get; init; }

    /// <summary>The window that runs; else the next to begin; else the last.</summary>
    public WindowOutlook Present => Windows.FirstOrDefault(
        window => window.Phase is WindowPhase.Running or WindowPhase.Ahead) ?? Windows[^1];

    /// <summary>Makes it.</summary>
    /// <param name="contract">The contract's id.</param>
    /// <param name="commitment">The commitment as it stands.</param>
    /// <param name="standings">How those of its windows stand that have begun, all before today counted.</param>
    /// <param name="drawn">What each day drew, in the measure of the commitment.</param>
    /// <param name="today">The first day that is not drawn yet.</param>
    /// <param name="isFixed">What a day draws of what is paid used or not; see <see cref="FixedDraw"/>.</param>
    /// <param name="fullUse">What tokens could draw in a day at most; see <see cref="FullUse"/>.</param>
    /// <param name="opening">What our books of the contract begin with; null: they begin with it.</param>
    public static CommitmentOutlook Of(
        string contract,
        Commitment commitment,
        IEnumerable<CommitmentStanding> standings,
        IEnumerable<DailyAmount> drawn,
        DateOnly today,
        Func<DateOnly, decimal> isFixed,
        Func<DateOnly, decimal> fullUse,
        OpeningBalances? opening = null)
    {
        ArgumentNullException.ThrowIfNull(commitment);
        ArgumentNullException.ThrowIfNull(isFixed);
        ArgumentNullException.ThrowIfNull(fullUse);
        var history = DailyHistory.Of(
            drawn.Select(day => day with { Amount = decimal.Max(0, day.Amount - isFixed(day.Day)) }), today);
        var forecast = DrawForecast.Of(history);
        var known = standings.ToDictionary(standing => standing.Window.From);
        var windows = new List<WindowOutlook>();
        BurnDown? before = null;
        foreach (var window in commitment.Windows)
        {
            var standing = known.TryGetValue(window.From, out var found)
                ? found with { Window = window }
                : before is null || opening?.DrawOf(commitment.Id, window) is not null
                    ? CommitmentStanding.Begun(contract, commitment.Id, window, opening)
                    : Following(contract, commitment, window, before);
            var outlook = WindowOf(commitment, standing, today, new Course(forecast, isFixed, fullUse));
            var isClosed = opening?.Closes(window) == true;
            windows.Add(isClosed ? outlook with { Phase = WindowPhase.BeforeBooks } : outlook);
            before = isClosed ? null : outlook.Expected;
        }

        return new CommitmentOutlook
        {
            Commitment = commitment,
            Today = today,
            Forecast = forecast,
            Windows = windows,
        };
    }

    /// <summary>A window that is still to begin, with what the one before will leave to it by the forecast.</summary>
    static CommitmentStanding Following(
        string contract, Commitment commitment, CommitmentWindow window, BurnDown before) => new()
        {
            Contract = contract,
            Commitment = commitment.Id,
            Window = window,
            Carried = decimal.Min(before.ForecastSurplus, commitment.SurplusRollover * before.Standing.Window.Amount),
            Deferred = commitment.SettleShortfall(before.Standing.Window, before.ForecastShortfall).Deferred,
        };

    static WindowOutlook WindowOf(
        Commitment commitment, CommitmentStanding standing, DateOnly today, Course course)
    {
        var window = standing.Window;
        var from = DateOf(window.From) > today ? DateOf(window.From) : today;
        var until = DateOf(window.Until.AddTicks(-1)).AddDays(1);
        var days = course.Days(from, until);
        BurnDown At(Func<Estimate, decimal> bound) => BurnDown.Of(
            commitment, standing, today,
            day => StepOf(days, day.DayNumber - from.DayNumber, bound),
            day => days[day.DayNumber - from.DayNumber].Most);
        var (expected, low, high) = (
            At(sum => sum.Expected), At(sum => sum.Low), At(sum => sum.High));
        return new WindowOutlook
        {
            Phase = until <= today ? WindowPhase.Over
                : DateOf(window.From) > today ? WindowPhase.Ahead : WindowPhase.Running,
            Alarm = AlarmOf(standing, today, expected, low),
            Expected = expected,
            Low = low,
            High = high,
            Days = Accumulate(standing, days),
        };
    }

    static CommitmentAlarm AlarmOf(CommitmentStanding standing, DateOnly today, BurnDown expected, BurnDown low) =>
        standing.Remaining <= 0 ? CommitmentAlarm.Met
        : expected.ForecastShortfall <= 0
            ? low.ForecastShortfall <= 0 ? CommitmentAlarm.OnCourse : CommitmentAlarm.AtRisk
        : expected.OutOfReachFrom is { } lost && IsLostAtOnce(standing, today, lost)
            ? CommitmentAlarm.OutOfReach
        : CommitmentAlarm.Missing;

    /// <summary>Whether the date is the first on which anything could still be drawn.</summary>
    static bool IsLostAtOnce(CommitmentStanding standing, DateOnly today, DateOnly lost)
    {
        var begin = DateOf(standing.Window.From);
        return lost <= (begin > today ? begin : today);
    }

    static decimal StepOf(CourseDay[] days, int index, Func<Estimate, decimal> bound) =>
        days[index].Fixed + bound(days[index].Sum) - (index == 0 ? 0 : bound(days[index - 1].Sum));

    static List<OutlookDay> Accumulate(CommitmentStanding standing, CourseDay[] days)
    {
        var outlook = new List<OutlookDay>(days.Length);
        var (isFixed, most) = (standing.Counted, (decimal?)standing.Counted);
        foreach (var day in days)
        {
            isFixed += day.Fixed;
            most = day.Most >= FullUse.Unbounded ? null : most + day.Most;
            outlook.Add(new OutlookDay(day.Day, Plus(day.Amount, day.Fixed), Plus(day.Sum, isFixed), most));
        }

        return outlook;
    }

    static Estimate Plus(Estimate of, decimal amount) => new(of.Low + amount, of.Expected + amount, of.High + amount);

    static DateOnly DateOf(DateTimeOffset at) => DateOnly.FromDateTime(at.UtcDateTime);

    /// <summary>What days to come draw, and could draw.</summary>
    sealed record Course(DrawForecast Forecast, Func<DateOnly, decimal> Fixed, Func<DateOnly, decimal> FullUse)
    {
        public CourseDay[] Days(DateOnly from, DateOnly until) =>
        [
            .. Forecast.Days(from, until).Select(day =>
            {
                var isFixed = Fixed(day.Day);
                return new CourseDay(
                    day.Day, isFixed, day.Amount, day.Sum,
                    decimal.Min(Forecasts.FullUse.Unbounded, isFixed + FullUse(day.Day)));
            }),
        ];
    }

    readonly record struct CourseDay(DateOnly Day, decimal Fixed, Estimate Amount, Estimate Sum, decimal Most);
}
