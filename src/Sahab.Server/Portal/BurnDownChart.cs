using System.Text.Json;
using System.Text.Json.Nodes;
using Sahab.Ledger.Forecasts;
using Sahab.Server.Source.Commitments;

namespace Sahab.Server.Portal;

/// <summary>A window's course as the page's script draws it.</summary>
internal static class BurnDownChart
{
    /// <summary>More points than this cannot be told apart.</summary>
    const int MaxPoints = 400;

    /// <summary>
    /// The points in time (Unix seconds), and for each what is told of it: the even course, what is drawn, what will be,
    /// its bounds, and full use.
    /// </summary>
    public static string Of(ContractOutlook contract, CommitmentReport report, WindowOutlook outlook)
    {
        var standing = outlook.Expected.Standing;
        var (from, until) = (standing.Window.From, standing.Window.Until);
        var rows = Past(contract, report, outlook);
        if (rows.Count > 0)
        {
            var (at, now, _) = rows[^1];
            rows[^1] = (at, now, new OutlookDay(default, default, new Estimate(now!.Value, now.Value, now.Value), now));
        }

        rows.AddRange(outlook.Days.Select(day => (
            Seconds(day.Day.AddDays(1)), (decimal?)null, (OutlookDay?)day)));
        var every = 1 + ((rows.Count - 1) / MaxPoints);
        var edge = rows.FindLastIndex(row => row.Drawn is not null);
        var shown = rows.Where((_, index) => index % every == 0 || index == rows.Count - 1 || index == edge).ToList();
        decimal Even(long at) => standing.Target * decimal.Clamp(
            (at - from.ToUnixTimeSeconds()) / (decimal)(until - from).TotalSeconds, 0, 1);
        JsonArray Column(Func<(long At, decimal? Drawn, OutlookDay? Coming), decimal?> of) => [.. shown.Select(row =>
            of(row) is { } value ? (JsonNode)decimal.Round(value, 6) : null)];
        return new JsonObject
        {
            ["unit"] = report.Unit,
            ["target"] = standing.Target,
            ["today"] = Seconds(contract.Today),
            ["t"] = new JsonArray([.. shown.Select(row => (JsonNode)row.At)]),
            ["even"] = Column(row => Even(row.At)),
            ["drawn"] = Column(row => row.Drawn),
            ["forecast"] = Column(row => row.Coming?.Counted.Expected),
            ["low"] = Column(row => row.Coming?.Counted.Low),
            ["high"] = Column(row => row.Coming?.Counted.High),
            ["full"] = Column(row => row.Coming?.CountedAtFullUse),
        }.ToJsonString(JsonSerializerOptions.Web);
    }

    /// <summary>What counted at the end of each day until now, from what was carried into the window on.</summary>
    static List<(long At, decimal? Drawn, OutlookDay? Coming)> Past(
        ContractOutlook contract, CommitmentReport report, WindowOutlook outlook)
    {
        var rows = new List<(long, decimal?, OutlookDay?)>();
        var standing = outlook.Expected.Standing;
        var first = DateOnly.FromDateTime(standing.Window.From.UtcDateTime);
        var last = DateOnly.FromDateTime(standing.Window.Until.AddTicks(-1).UtcDateTime).AddDays(1);
        var end = contract.Today < last ? contract.Today : last;
        var drawn = report.Drawn.ToDictionary(day => day.Day, day => day.Amount);
        var counted = standing.Carried + report.DrawnBefore(standing.Window);
        if (report.Opening?.BooksFrom is { } books && books > standing.Window.From)
        {
            // The axis begins with the window; the course, which is not known before, with the books.
            rows.Add((Seconds(first), null, null));
            first = DateOnly.FromDateTime(books.UtcDateTime);
        }

        for (var day = first; day <= end; day = day.AddDays(1))
        {
            rows.Add((Seconds(day), counted, null));
            counted += drawn.GetValueOrDefault(day);
        }

        return rows;
    }

    static long Seconds(DateOnly day) =>
        new DateTimeOffset(day, TimeOnly.MinValue, TimeSpan.Zero).ToUnixTimeSeconds();
}
