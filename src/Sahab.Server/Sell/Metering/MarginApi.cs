using System.Globalization;
using System.Text.Json.Serialization;
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
            .Produces<MarginAnswer>();
        return api;
    }

    static async Task<IResult> AskAsync(HttpContext context, MarginBook book, TimeProvider time)
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

        var totals = await book.ReadAsync(
            from, until, by, query["losses_first"] == "true", context.RequestAborted,
            query["organisation"].FirstOrDefault());
        return Results.Ok(new MarginAnswer("list", Text(from), Text(until), [.. totals.Select(total => MarginPart.Of(by, total))]));
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

/// <summary>Cost, revenue and margin by one dimension.</summary>
internal sealed record MarginAnswer(string Object, string From, string To, IReadOnlyList<MarginPart> Data);

/// <summary>Of one model, organisation, provider, deployment or contract, as was asked.</summary>
internal sealed record MarginPart
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Model { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Organisation { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Provider { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Deployment { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Contract { get; init; }

    public required long Calls { get; init; }

    public required string CostUsd { get; init; }

    public required string RevenueUsd { get; init; }

    public required string MarginUsd { get; init; }

    public static MarginPart Of(MarginDimension by, MarginTotal total)
    {
        string? If(MarginDimension dimension) => by == dimension ? total.Group : null;
        return new MarginPart
        {
            Model = If(MarginDimension.Model),
            Organisation = If(MarginDimension.Organisation),
            Provider = If(MarginDimension.Provider),
            Deployment = If(MarginDimension.Deployment),
            Contract = If(MarginDimension.Contract),
            Calls = total.Calls,
            CostUsd = UsageReport.UsdText(total.CostUsd),
            RevenueUsd = UsageReport.UsdText(total.RevenueUsd),
            MarginUsd = UsageReport.UsdText(total.MarginUsd),
        };
    }
}
