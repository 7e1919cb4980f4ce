using System.Text;
using System.Text.Json.Nodes;
using Sahab.Server.Hosting.Access;

namespace Sahab.Server.Sell.Metering;

/// <summary>The questions about usage and the ledger. Mapped into a group that admits administrators only.</summary>
internal static class UsageApi
{
    public static IEndpointRouteBuilder Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/usage", TotalsAsync)
            .WithSummary("Usage and cost, by dimension and time")
            .Produces(StatusCodes.Status200OK).Produces(StatusCodes.Status400BadRequest);
        api.MapGet("/usage/events", EventsAsync)
            .WithSummary("Usage events, the newest first")
            .Produces(StatusCodes.Status200OK).Produces(StatusCodes.Status400BadRequest);
        api.MapGet("/ledger/balances", BalancesAsync)
            .WithSummary("What every account of the ledger holds")
            .Produces(StatusCodes.Status200OK);
        return api;
    }

    static async Task<IResult> TotalsAsync(HttpContext context, UsageStore store)
    {
        var question = UsageQuestion.Read(context.Request.Query, UsageQuestion.TotalsParameters, out var fault);
        if (question is null)
        {
            return ControlError.Invalid(fault!.Parameter, fault.Message);
        }

        var totals = await store.TotalsAsync(question.Query, question.By, context.RequestAborted);
        return question.Csv
            ? Results.Text(UsageReport.ToCsv(question.By, totals), "text/csv", Encoding.UTF8)
            : Json(UsageReport.ToJson(question, totals));
    }

    static async Task<IResult> EventsAsync(HttpContext context, UsageStore store)
    {
        var question = UsageQuestion.Read(context.Request.Query, UsageQuestion.EventsParameters, out var fault);
        if (question is null)
        {
            return ControlError.Invalid(fault!.Parameter, fault.Message);
        }

        var events = await store.EventsAsync(question.Query, question.Before, question.Limit, context.RequestAborted);
        return Json(UsageReport.ToJson(events, question.Limit));
    }

    static async Task<IResult> BalancesAsync(HttpContext context, UsageStore store) =>
        Json(UsageReport.ToJson(await store.BalancesAsync(context.RequestAborted)));

    static IResult Json(JsonObject body) => Results.Text(body.ToJsonString(), "application/json", Encoding.UTF8);
}
