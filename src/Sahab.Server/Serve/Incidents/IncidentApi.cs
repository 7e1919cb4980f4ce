using System.Globalization;
using System.Text.Json.Nodes;
using Sahab.Ledger.Claims;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Serve.Incidents;

/// <summary>When clouds were not there, for the operator; how available each model is, for everybody.</summary>
internal static class IncidentApi
{
    /// <param name="operations">The group of those who see operations.</param>
    public static void Map(IEndpointRouteBuilder api, IEndpointRouteBuilder operations)
    {
        operations.MapGet("/incidents", ListAsync).Pages().WithSummary(
            "Outages of deployments, the last first, with what their failed attempts cost: ?days= back, 7 unless said otherwise.");
        api.MapGet("/service-status", Show).Needs(Permission.Public).WithSummary(
            "How each model is served now, and its availability on each of the last 90 days. Public.");
    }

    static async Task<IResult> ListAsync(HttpContext context, IncidentDesk desk)
    {
        var days = IncidentDesk.DefaultDays;
        if ((string?)context.Request.Query["days"] is { } text
            && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out days)
                || days is < 1 or > IncidentDesk.MaxDays))
        {
            return ControlError.Invalid("days", $"'days' must be a whole number from 1 to {IncidentDesk.MaxDays}.");
        }

        return ListPage.TryRead(context, out var page, out var fault)
            ? page.Answer(
                page.Cut(await desk.FindAsync(days, context.RequestAborted), CursorOf, lastFirst: true), ToJson, CursorOf)
            : fault!;
    }

    /// <summary>The last to begin comes first; what begins meanwhile is not on a later part.</summary>
    static string CursorOf(Outage outage) => string.Create(
        CultureInfo.InvariantCulture,
        $"{UnixMicroseconds.From(outage.From):D16}_{outage.Use.Deployment}_{outage.Use.Region}");

    static IResult Show(StatusBoard board) => ControlBody.Ok(new JsonObject
    {
        ["object"] = "list",
        ["data"] = new JsonArray([.. board.Read().Select(model => (JsonNode)new JsonObject
        {
            ["model"] = model.Model,
            ["state"] = model.State.ToString().ToLowerInvariant(),
            ["availability"] = Share(model.Availability),
            ["days"] = new JsonArray([.. model.Days.Select(day => (JsonNode)new JsonObject
            {
                ["day"] = day.Day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                ["availability"] = Share(day.Availability),
            })]),
        })]),
        ["next"] = null,
    });

    /// <summary>A share to five decimals: how many calls there were is not for everybody.</summary>
    static double? Share(double? share) => share is { } known ? Math.Round(known, 5) : null;

    static JsonObject ToJson(Outage outage) => new()
    {
        ["deployment"] = outage.Use.Deployment,
        ["provider"] = outage.Use.Provider,
        ["region"] = outage.Use.Region,
        ["country"] = outage.Use.Country,
        ["model"] = outage.Use.Model,
        ["from"] = outage.From,
        ["until"] = outage.IsOpen ? null : outage.Until,
        ["last_failed_at"] = outage.Until,
        ["attempts"] = outage.Attempts,
        ["failed"] = outage.Failed,
        ["failed_usd"] = outage.FailedUsd.ToString("0.#########", CultureInfo.InvariantCulture),
    };
}
