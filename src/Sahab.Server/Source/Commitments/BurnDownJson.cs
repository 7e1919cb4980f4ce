using System.Text.Json.Nodes;
using Sahab.Ledger.Forecasts;
using Sahab.Ledger.Settlements;

namespace Sahab.Server.Source.Commitments;

/// <summary>Outlooks as JSON, each with the queries that lead to what its figures are made of.</summary>
internal static class BurnDownJson
{
    public static JsonObject BurnDown(ContractOutlook contract, IEnumerable<CommitmentReport> reports) =>
        Head(contract, reports, report => new JsonObject
        {
            ["windows"] = new JsonArray(
            [
                .. report.Outlook.Windows.Select(window => (JsonNode)WindowOf(contract, report, window)),
            ]),
        });

    public static JsonObject Forecast(ContractOutlook contract, IEnumerable<CommitmentReport> reports) =>
        Head(contract, reports, report => ForecastOf(contract, report));

    /// <summary>The query for what a commitment's days, or hours, have drawn.</summary>
    public static string DrawnQuery(
        ContractOutlook contract, CommitmentReport report, DateOnly from, DateOnly until, string by = "day") =>
        $"/api/contracts/{Uri.EscapeDataString(contract.Contract.Id)}/drawn"
        + $"?commitment={Uri.EscapeDataString(report.Commitment.Id)}"
        + $"&from={OutlookWords.Day(from)}&until={OutlookWords.Day(until)}&by={by}";

    public static string? Time(DateTimeOffset? time) => time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", null);

    static JsonObject Head(
        ContractOutlook contract, IEnumerable<CommitmentReport> reports, Func<CommitmentReport, JsonObject> of)
    {
        var data = new JsonArray();
        foreach (var report in reports)
        {
            var (commitment, source) = (report.Commitment, report.Commitment.Source);
            var node = of(report);
            node.Insert(0, "commitment", commitment.Id);
            node.Insert(1, "unit", report.Unit);
            node.Insert(2, "source", new JsonObject { ["document"] = source.Document, ["page"] = source.Page });
            data.Add(node);
        }

        return new JsonObject
        {
            ["object"] = "list",
            ["contract"] = contract.Contract.Id,
            ["provider"] = contract.Contract.Provider,
            ["currency"] = contract.Contract.Currency,
            ["settled_until"] = Time(contract.SettledUntil),
            ["today"] = OutlookWords.Day(contract.Today),
            ["books_from"] = Time(contract.BooksFrom),
            ["data"] = data,
        };
    }

    static JsonObject WindowOf(ContractOutlook contract, CommitmentReport report, WindowOutlook outlook)
    {
        var (expected, standing) = (outlook.Expected, outlook.Expected.Standing);
        var from = DateOnly.FromDateTime(standing.Window.From.UtcDateTime);
        var until = DateOnly.FromDateTime(standing.Window.Until.AddTicks(-1).UtcDateTime).AddDays(1);
        var id = Uri.EscapeDataString(contract.Contract.Id);
        return new JsonObject
        {
            ["from"] = Time(standing.Window.From),
            ["until"] = Time(standing.Window.Until),
            ["phase"] = Word(outlook.Phase),
            ["alarm"] = Word(outlook.Alarm),
            ["says"] = OutlookWords.Say(report, outlook),
            ["amount"] = standing.Window.Amount,
            ["deferred"] = standing.Deferred,
            ["target"] = standing.Target,
            ["carried"] = standing.Carried,
            ["counted"] = report.CountedIn(standing.Window),
            ["drawn_before_books"] = report.DrawnBefore(standing.Window),
            ["counted_before_today"] = standing.Counted,
            ["remaining"] = standing.Remaining,
            ["elapsed"] = decimal.Round(expected.Elapsed, 6),
            ["pace"] = expected.Pace is { } pace ? decimal.Round(pace, 9) : null,
            ["required_per_day"] = decimal.Round(expected.RequiredPerDay, 9),
            ["forecast"] = new JsonObject
            {
                ["expected"] = OutcomeOf(expected),
                ["low"] = OutcomeOf(outlook.Low),
                ["high"] = OutcomeOf(outlook.High),
                ["band"] = DrawForecast.Coverage,
            },
            ["out_of_reach_from"] = expected.OutOfReachFrom is { } lost ? OutlookWords.Day(lost) : null,
            ["counted_at_full_use"] = outlook.Days.Count == 0 ? null : outlook.Days[^1].CountedAtFullUse,
            ["trace"] = new JsonObject
            {
                ["counted"] = DrawnQuery(contract, report, from, until),
                ["target"] = $"/api/contracts/{id}",
                ["forecast"] = $"/api/contracts/{id}/forecast?commitment={Uri.EscapeDataString(report.Commitment.Id)}",
            },
        };
    }

    static JsonObject OutcomeOf(BurnDown course) => new()
    {
        ["counted"] = course.ForecastCounted,
        ["shortfall"] = course.ForecastShortfall,
        ["owed"] = course.ForecastOwed,
        ["surplus"] = course.ForecastSurplus,
        ["met_on"] = course.MetOn is { } day ? OutlookWords.Day(day) : null,
    };

    static JsonObject ForecastOf(ContractOutlook contract, CommitmentReport report)
    {
        var (forecast, present) = (report.Outlook.Forecast, report.Outlook.Present);
        var weekdays = new JsonObject();
        foreach (var (day, share) in forecast.Weekdays.OrderBy(pair => ((int)pair.Key + 6) % 7))
        {
            weekdays[day.ToString().ToLowerInvariant()] = share;
        }

        return new JsonObject
        {
            ["window"] = new JsonObject
            {
                ["from"] = Time(present.Expected.Standing.Window.From),
                ["until"] = Time(present.Expected.Standing.Window.Until),
            },
            ["level_per_day"] = forecast.Level,
            ["trend_per_day"] = forecast.TrendPerDay,
            ["trend_days"] = forecast.TrendDays,
            ["weekdays"] = weekdays,
            ["band"] = DrawForecast.Coverage,
            ["history"] = new JsonArray(
            [
                .. report.Drawn.Where(day => day.Day >= forecast.History.First).Select(day => (JsonNode)new JsonObject
                {
                    ["day"] = OutlookWords.Day(day.Day),
                    ["drawn"] = day.Amount,
                    ["trace"] = DrawnQuery(contract, report, day.Day, day.Day.AddDays(1), "hour"),
                }),
            ]),
            ["days"] = new JsonArray(
            [
                .. present.Days.Select(day => (JsonNode)new JsonObject
                {
                    ["day"] = OutlookWords.Day(day.Day),
                    ["drawn"] = Band(day.Amount),
                    ["counted"] = Band(day.Counted),
                    ["counted_at_full_use"] = day.CountedAtFullUse,
                }),
            ]),
        };
    }

    static JsonObject Band(Estimate estimate) => new()
    {
        ["low"] = estimate.Low,
        ["expected"] = estimate.Expected,
        ["high"] = estimate.High,
    };

    static string Word<T>(T value)
        where T : struct, Enum => System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());
}
