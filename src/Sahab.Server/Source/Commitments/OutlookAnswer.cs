using System.Text.Json.Serialization;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Forecasts;
using Sahab.Ledger.Settlements;
using Sahab.Server.Hosting;
using Sahab.Server.Source.Contracts;

namespace Sahab.Server.Source.Commitments;

/// <summary>Outlooks of a contract's commitments.</summary>
/// <param name="Object">Always <c>list</c>.</param>
/// <param name="SettledUntil">Until when all is settled; null: nothing is yet.</param>
/// <param name="Today">The first day that is not settled to its end.</param>
/// <param name="BooksFrom">From when on our books of it are kept; null: from its beginning.</param>
internal sealed record OutlookAnswer<T>(
    string Object, string Contract, string Provider, string Currency, string? SettledUntil, string Today, string? BooksFrom,
    IReadOnlyList<T> Data)
{
    public static OutlookAnswer<T> Of(
        ContractOutlook contract, IEnumerable<CommitmentReport> reports, Func<ContractOutlook, CommitmentReport, T> of) => new(
        "list", contract.Contract.Id, contract.Contract.Provider, contract.Contract.Currency,
        ContractTime.Text(contract.SettledUntil), OutlookWords.Day(contract.Today), ContractTime.Text(contract.BooksFrom),
        [.. reports.Select(report => of(contract, report))]);
}

/// <summary>How the windows of a commitment stand, and how they will end.</summary>
internal sealed record BurnDownAnswer(
    string Commitment, string Unit, ClauseSourceAnswer Source, IReadOnlyList<WindowOutlookAnswer> Windows)
{
    public static BurnDownAnswer Of(ContractOutlook contract, CommitmentReport report) => new(
        report.Commitment.Id, report.Unit, ClauseSourceAnswer.Of(report.Commitment.Source),
        [.. report.Outlook.Windows.Select(window => WindowOutlookAnswer.Of(contract, report, window))]);
}

/// <summary>How a window stands, and how it will end.</summary>
/// <param name="Says">The same in words.</param>
/// <param name="Counted">What counts toward it as settled.</param>
/// <param name="CountedBeforeToday">The same without today's hours, with which the forecast begins.</param>
/// <param name="Elapsed">The part of its time that is over, 0 to 1.</param>
/// <param name="Pace">What counts to what would by now at an even pace; null: nothing would.</param>
/// <param name="OutOfReachFrom">The day from which on it cannot be reached; null: none is known.</param>
/// <param name="CountedAtFullUse">What would count at full use of all that is delivered; null: nothing limits it, or it is over.</param>
internal sealed record WindowOutlookAnswer(
    string From, string Until, [property: JsonConverter(typeof(DashedWords<WindowPhase>))] WindowPhase Phase,
    [property: JsonConverter(typeof(DashedWords<CommitmentAlarm>))] CommitmentAlarm Alarm, string Says, decimal Amount,
    decimal Deferred, decimal Target, decimal Carried, decimal Counted, decimal DrawnBeforeBooks, decimal CountedBeforeToday,
    decimal Remaining, decimal Elapsed, decimal? Pace, decimal RequiredPerDay, WindowForecastAnswer Forecast,
    string? OutOfReachFrom, decimal? CountedAtFullUse, WindowTraceAnswer Trace)
{
    public static WindowOutlookAnswer Of(ContractOutlook contract, CommitmentReport report, WindowOutlook outlook)
    {
        var (expected, standing) = (outlook.Expected, outlook.Expected.Standing);
        return new WindowOutlookAnswer(
            ContractTime.Text(standing.Window.From), ContractTime.Text(standing.Window.Until), outlook.Phase, outlook.Alarm,
            OutlookWords.Say(report, outlook), standing.Window.Amount, standing.Deferred, standing.Target, standing.Carried,
            report.CountedIn(standing.Window), report.DrawnBefore(standing.Window), standing.Counted, standing.Remaining,
            decimal.Round(expected.Elapsed, 6), expected.Pace is { } pace ? decimal.Round(pace, 9) : null,
            decimal.Round(expected.RequiredPerDay, 9),
            new WindowForecastAnswer(
                CourseAnswer.Of(expected), CourseAnswer.Of(outlook.Low), CourseAnswer.Of(outlook.High), DrawForecast.Coverage),
            OutlookTrace.Day(expected.OutOfReachFrom),
            outlook.Days.Count == 0 ? null : outlook.Days[^1].CountedAtFullUse,
            WindowTraceAnswer.Of(contract, report, standing.Window));
    }
}

/// <summary>How a window will end.</summary>
/// <param name="Band">How likely it ends between low and high, 0 to 1.</param>
internal sealed record WindowForecastAnswer(CourseAnswer Expected, CourseAnswer Low, CourseAnswer High, decimal Band);

/// <summary>How a window ends by one course of what is drawn.</summary>
/// <param name="MetOn">The day on which it is met; null: it is not, or was before today.</param>
internal sealed record CourseAnswer(decimal Counted, decimal Shortfall, decimal Owed, decimal Surplus, string? MetOn)
{
    public static CourseAnswer Of(BurnDown course) => new(
        course.ForecastCounted, course.ForecastShortfall, course.ForecastOwed, course.ForecastSurplus,
        OutlookTrace.Day(course.MetOn));
}

/// <summary>The queries that lead to what a window's figures are made of.</summary>
internal sealed record WindowTraceAnswer(string Counted, string Target, string Forecast)
{
    public static WindowTraceAnswer Of(ContractOutlook contract, CommitmentReport report, CommitmentWindow window)
    {
        var from = DateOnly.FromDateTime(window.From.UtcDateTime);
        var until = DateOnly.FromDateTime(window.Until.AddTicks(-1).UtcDateTime).AddDays(1);
        var id = Uri.EscapeDataString(contract.Contract.Id);
        return new WindowTraceAnswer(
            OutlookTrace.Drawn(contract, report, from, until), $"/api/contracts/{id}",
            $"/api/contracts/{id}/forecast?commitment={Uri.EscapeDataString(report.Commitment.Id)}");
    }
}

/// <summary>What a commitment will draw day by day, and from which history.</summary>
/// <param name="Window">The window that is forecast.</param>
/// <param name="TrendDays">By how many days the trend is carried on, all in all.</param>
/// <param name="Weekdays">What each weekday takes of an average day; empty: too little is known, or the season is another.</param>
/// <param name="Band">How likely a sum is between low and high, 0 to 1.</param>
internal sealed record ForecastAnswer(
    string Commitment, string Unit, ClauseSourceAnswer Source, ForecastWindowAnswer Window, decimal LevelPerDay,
    decimal TrendPerDay, decimal TrendDays, IReadOnlyDictionary<string, decimal> Weekdays, decimal Band,
    IReadOnlyList<DrawnDayAnswer> History, IReadOnlyList<ForecastDayAnswer> Days)
{
    public static ForecastAnswer Of(ContractOutlook contract, CommitmentReport report)
    {
        var (forecast, present) = (report.Outlook.Forecast, report.Outlook.Present);
        return new ForecastAnswer(
            report.Commitment.Id, report.Unit, ClauseSourceAnswer.Of(report.Commitment.Source),
            new ForecastWindowAnswer(
                ContractTime.Text(present.Expected.Standing.Window.From),
                ContractTime.Text(present.Expected.Standing.Window.Until)),
            forecast.Level, forecast.TrendPerDay, forecast.TrendDays,
            forecast.Weekdays.OrderBy(pair => ((int)pair.Key + 6) % 7)
                .ToDictionary(pair => pair.Key.ToString().ToLowerInvariant(), pair => pair.Value, StringComparer.Ordinal),
            DrawForecast.Coverage,
            [
                .. report.Drawn.Where(day => day.Day >= forecast.History.First).Select(day => new DrawnDayAnswer(
                    OutlookWords.Day(day.Day), day.Amount,
                    OutlookTrace.Drawn(contract, report, day.Day, day.Day.AddDays(1), "hour"))),
            ],
            [
                .. present.Days.Select(day => new ForecastDayAnswer(
                    OutlookWords.Day(day.Day), EstimateAnswer.Of(day.Amount), EstimateAnswer.Of(day.Counted),
                    day.CountedAtFullUse)),
            ]);
    }
}

internal sealed record ForecastWindowAnswer(string From, string Until);

/// <summary>What a day has drawn, in the commitment's unit.</summary>
/// <param name="Trace">The query for its hours.</param>
internal sealed record DrawnDayAnswer(string Day, decimal Drawn, string Trace);

/// <summary>What a day will draw, and what will count by then.</summary>
/// <param name="CountedAtFullUse">The same at full use of all that is delivered; null: nothing limits it.</param>
internal sealed record ForecastDayAnswer(
    string Day, EstimateAnswer Drawn, EstimateAnswer Counted, decimal? CountedAtFullUse);

internal sealed record EstimateAnswer(decimal Low, decimal Expected, decimal High)
{
    public static EstimateAnswer Of(Estimate estimate) => new(estimate.Low, estimate.Expected, estimate.High);
}

/// <summary>Queries for what figures are made of, and days, as answers have them.</summary>
internal static class OutlookTrace
{
    /// <summary>The query for what a commitment's days, or hours, have drawn.</summary>
    public static string Drawn(
        ContractOutlook contract, CommitmentReport report, DateOnly from, DateOnly until, string by = "day") =>
        $"/api/contracts/{Uri.EscapeDataString(contract.Contract.Id)}/drawn"
        + $"?commitment={Uri.EscapeDataString(report.Commitment.Id)}"
        + $"&from={OutlookWords.Day(from)}&until={OutlookWords.Day(until)}&by={by}";

    /// <summary>The query for what was used of a provider in an hour.</summary>
    public static string Used(string provider, DateTimeOffset hour) =>
        $"/api/usage/events?provider={Uri.EscapeDataString(provider)}&from={ContractTime.Text(hour)}"
        + $"&to={ContractTime.Text(hour.AddHours(1))}";

    public static string? Day(DateOnly? day) => day is { } known ? OutlookWords.Day(known) : null;
}
