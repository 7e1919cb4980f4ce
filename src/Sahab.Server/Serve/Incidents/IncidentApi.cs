using System.Globalization;
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
        operations.MapGet("/incidents", ListAsync).Pages<OutageAnswer>().WithSummary(
            "Outages of deployments, the last first, with what their failed attempts cost: ?days= back, 7 unless said otherwise.");
        api.MapGet("/service-status", (StatusBoard board) => Results.Ok(
                Listing<ModelStatusAnswer>.Whole(board.Read().Select(ModelStatusAnswer.Of))))
            .Needs(Permission.Public).Produces<Listing<ModelStatusAnswer>>().WithSummary(
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
                page.Cut(await desk.FindAsync(days, context.RequestAborted), CursorOf, lastFirst: true), OutageAnswer.Of,
                CursorOf)
            : fault!;
    }

    /// <summary>The last to begin comes first; what begins meanwhile is not on a later part.</summary>
    static string CursorOf(Outage outage) => string.Create(
        CultureInfo.InvariantCulture,
        $"{UnixMicroseconds.From(outage.From):D16}_{outage.Use.Deployment}_{outage.Use.Region}");
}

/// <summary>When a deployment was not there.</summary>
/// <param name="Until">Null: it is not over.</param>
/// <param name="FailedUsd">What its failed attempts cost, in US dollars.</param>
internal sealed record OutageAnswer(
    string Deployment, string Provider, string Region, string Country, string Model, DateTimeOffset From,
    DateTimeOffset? Until, DateTimeOffset LastFailedAt, long Attempts, long Failed, string FailedUsd)
{
    public static OutageAnswer Of(Outage outage) => new(
        outage.Use.Deployment, outage.Use.Provider, outage.Use.Region, outage.Use.Country, outage.Use.Model, outage.From,
        outage.IsOpen ? null : outage.Until, outage.Until, outage.Attempts, outage.Failed,
        outage.FailedUsd.ToString("0.#########", CultureInfo.InvariantCulture));
}

/// <summary>How available a model is.</summary>
/// <param name="Availability">The share of all calls of the days that were answered, 0 to 1; null without calls.</param>
/// <param name="Days">The oldest first; the last is today.</param>
internal sealed record ModelStatusAnswer(
    string Model, ServiceState State, double? Availability, IReadOnlyList<ModelDayAnswer> Days)
{
    public static ModelStatusAnswer Of(ModelStatus model) => new(
        model.Model, model.State, Share(model.Availability),
        [.. model.Days.Select(day => new ModelDayAnswer(day.Day, Share(day.Availability)))]);

    /// <summary>A share to five decimals: how many calls there were is not for everybody.</summary>
    static double? Share(double? share) => share is { } known ? Math.Round(known, 5) : null;
}

/// <summary>A day of a model.</summary>
internal sealed record ModelDayAnswer(DateOnly Day, double? Availability);
