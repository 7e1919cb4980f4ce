using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Metering;

/// <summary>What was spent and earned, by model, organisation, provider, deployment or contract.</summary>
internal static class MarginApi
{
    static readonly string[] Known = ["by", "from", "to", "losses_first", "organisation"];

    public static IEndpointRouteBuilder Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/margin", AskAsync).Needs(Permission.SeeSales)
            .WithSummary("Cost, revenue and margin by model, organisation, provider, deployment or contract; ?organisation= of one only")
            .Produces(StatusCodes.Status200OK).Produces(StatusCodes.Status400BadRequest);
        return api;
    }

    static async Task<IResult> AskAsync(HttpContext context, UsageStore store, TimeProvider time)
    {
        var query = context.Request.Query;
        if (query.Keys.FirstOrDefault(name => !Known.Contains(name)) is { } unknown)
        {
            return ControlError.Invalid(unknown, $"Unknown parameter '{unknown}'. Known: {string.Join(", ", Known)}.");
        }

        if (!Enum.TryParse<MarginDimension>(query["by"].FirstOrDefault() ?? "model", ignoreCase: true, out var by)
            || !Enum.IsDefined(by))
        {
            return ControlError.Invalid("by", "by is one of: model, organisation, provider, deployment, contract.");
        }

        var now = UnixMicroseconds.ToTime(UnixMicroseconds.HourOf(UnixMicroseconds.From(time.GetUtcNow()))).AddHours(1);
        if (!TryHour(query["from"].FirstOrDefault(), now.AddDays(-30), out var from)
            || !TryHour(query["to"].FirstOrDefault(), now, out var until))
        {
            return ControlError.Invalid("from", "from and to are whole hours in UTC, such as 2026-11-01T00:00:00Z.");
        }

        var totals = await store.MarginAsync(
            from, until, by, query["losses_first"] == "true", context.RequestAborted,
            query["organisation"].FirstOrDefault());
        return Results.Text(
            new JsonObject
            {
                ["object"] = "list",
                ["from"] = Text(from),
                ["to"] = Text(until),
                ["data"] = new JsonArray([.. totals.Select(total => (JsonNode)new JsonObject
                {
                    [by.ToString().ToLowerInvariant()] = total.Group,
                    ["calls"] = total.Calls,
                    ["cost_usd"] = UsageReport.UsdText(total.CostUsd),
                    ["revenue_usd"] = UsageReport.UsdText(total.RevenueUsd),
                    ["margin_usd"] = UsageReport.UsdText(total.MarginUsd),
                })]),
            }.ToJsonString(),
            "application/json", Encoding.UTF8);
    }

    static bool TryHour(string? text, DateTimeOffset otherwise, out DateTimeOffset hour)
    {
        hour = otherwise;
        return text is null || (DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out hour)
            && hour.UtcTicks % TimeSpan.TicksPerHour == 0);
    }

    static string Text(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
