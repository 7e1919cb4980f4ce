using System.Text;
using Sahab.Server.Hosting.Access;

namespace Sahab.Server.Sell.Metering;

/// <summary>The questions about usage and the ledger. Mapped into a group that admits administrators only.</summary>
internal static class UsageApi
{
    public static IEndpointRouteBuilder Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/usage", TotalsAsync)
            .WithSummary("Usage and cost, by dimension and time")
            .Produces<UsageAnswer>();
        api.MapGet("/usage/events", EventsAsync)
            .WithSummary("Usage events, the newest first")
            .Produces<Listing<UsageEventAnswer>>();
        api.MapGet("/ledger/balances", BalancesAsync)
            .WithSummary("What every account of the ledger holds")
            .Produces<BalancesAnswer>();
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
            : Results.Ok(UsageAnswer.Of(question, totals));
    }

    static async Task<IResult> EventsAsync(HttpContext context, UsageStore store)
    {
        var question = UsageQuestion.Read(context.Request.Query, UsageQuestion.EventsParameters, out var fault);
        if (question is null)
        {
            return ControlError.Invalid(fault!.Parameter, fault.Message);
        }

        var events = await store.PricedEventsAsync(question.Query, question.Before, question.Limit, context.RequestAborted);
        var maySeeSales = Caller.Find(context)?.MayAnywhere(Permission.SeeSales) == true;
        return Results.Ok(new Listing<UsageEventAnswer>(
            "list", events.ConvertAll(priced => UsageEventAnswer.Of(priced, maySeeSales)),
            events.Count == question.Limit ? EventMark.Of(events[^1].Usage).ToString() : null));
    }

    static async Task<IResult> BalancesAsync(HttpContext context, UsageStore store) =>
        Results.Ok(BalancesAnswer.Of(await store.BalancesAsync(context.RequestAborted)));
}
