using System.Globalization;
using Sahab.Ledger.Settlements;
using Sahab.Server.Portal.Pages;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Source.Commitments;
using Sahab.Server.Source.Contracts;

namespace Sahab.Server.Portal;

/// <summary>The pages of contracts: all, one, and what was drawn of a commitment down to the calls of an hour.</summary>
internal static class ContractPagesApi
{
    /// <summary>The most calls of an hour that its page lists; the API has them all.</summary>
    const int MostUsed = 200;

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/contracts", AllAsync).ExcludeFromDescription();
        endpoints.MapGet("/contracts/{id}", OneAsync).ExcludeFromDescription();
        endpoints.MapGet("/contracts/{id}/drawn/{commitment}", DrawnAsync).ExcludeFromDescription();
        endpoints.MapGet("/contracts/{id}/drawn/{commitment}/{day}", DayAsync).ExcludeFromDescription();
        endpoints.MapGet("/contracts/{id}/drawn/{commitment}/{day}/{hour:range(0,23)}", HourAsync)
            .ExcludeFromDescription();
    }

    static async Task<IResult> AllAsync(HttpContext context, PageRenderer renderer, CommitmentOutlooks outlooks) =>
        await ShowAsync(
            context, renderer, typeof(ContractsPage), new ContractsView(await outlooks.AllAsync(context.RequestAborted)));

    static async Task<IResult> OneAsync(
        string id, HttpContext context, PageRenderer renderer, CommitmentOutlooks outlooks) =>
        await outlooks.FindAsync(id, context.RequestAborted) is { } contract
            ? await ShowAsync(context, renderer, typeof(ContractPage), new ContractView(contract))
            : await renderer.ShowMissingAsync(context, "There is no such contract in the configuration in force.");

    static async Task<IResult> DrawnAsync(
        string id, string commitment, HttpContext context, PageRenderer renderer, CommitmentOutlooks outlooks) =>
        await FindAsync(id, commitment, outlooks, context) is { } view
            ? await ShowAsync(context, renderer, typeof(DrawnPage), view)
            : await NoCommitmentAsync(context, renderer);

    static async Task<IResult> DayAsync(
        string id, string commitment, string day, HttpContext context, PageRenderer renderer,
        CommitmentOutlooks outlooks, DrawnHours hours)
    {
        if (await FindAsync(id, commitment, outlooks, context) is not { } view || !TryDay(day, out var date))
        {
            return await NoCommitmentAsync(context, renderer);
        }

        var begin = new DateTimeOffset(date, TimeOnly.MinValue, TimeSpan.Zero);
        return await ShowAsync(context, renderer, typeof(DrawnPage), new DrawnView(view.Contract, view.Report)
        {
            Day = date,
            Hours = await hours.OfAsync(id, commitment, begin, begin.AddDays(1), context.RequestAborted),
        });
    }

    static async Task<IResult> HourAsync(
        string id, string commitment, string day, int hour, HttpContext context, PageRenderer renderer,
        CommitmentOutlooks outlooks, DrawnHours hours, UsageStore usage, ContractShelf shelf)
    {
        if (await FindAsync(id, commitment, outlooks, context) is not { } view || !TryDay(day, out var date))
        {
            return await NoCommitmentAsync(context, renderer);
        }

        var begin = new DateTimeOffset(date, new TimeOnly(hour, 0), TimeSpan.Zero);
        var query = new UsageQuery
        {
            From = begin,
            To = begin.AddHours(1),
            Where = new Dictionary<UsageDimension, string>
            {
                [UsageDimension.Provider] = view.Contract.Contract.Provider,
            },
        };
        var used = await usage.EventsAsync(query, null, MostUsed, context.RequestAborted);
        return await ShowAsync(context, renderer, typeof(DrawnPage), new DrawnView(view.Contract, view.Report)
        {
            Day = date,
            Hour = hour,
            Hours = await hours.OfAsync(id, commitment, begin, begin.AddHours(1), context.RequestAborted),
            Used = [.. used.Select(each => (each, Charge.Of(each, shelf.Known).Cost.Value))],
            HasMore = used.Count == MostUsed,
        });
    }

    static async Task<DrawnView?> FindAsync(
        string id, string commitment, CommitmentOutlooks outlooks, HttpContext context) =>
        await outlooks.FindAsync(id, context.RequestAborted) is { } contract
        && contract.Commitments.FirstOrDefault(report => report.Commitment.Id == commitment) is { } found
            ? new DrawnView(contract, found)
            : null;

    static bool TryDay(string text, out DateOnly day) => DateOnly.TryParseExact(
        text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out day) && day < DateOnly.MaxValue;

    static Task<IResult> NoCommitmentAsync(HttpContext context, PageRenderer renderer) => renderer.ShowMissingAsync(
        context, "There is no such contract, commitment or day in the configuration in force.");

    static Task<IResult> ShowAsync(HttpContext context, PageRenderer renderer, Type page, object view) =>
        renderer.ShowAsync(context, new PageView(page, new() { ["View"] = view }));
}
