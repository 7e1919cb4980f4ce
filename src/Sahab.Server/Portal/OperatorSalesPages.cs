using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Portal.Pages.Operator;
using Sahab.Server.Sell.Invoices;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Sell.Prices;
using Sahab.Server.Sell.Tenants;
using static Sahab.Server.Portal.OperatorPagesApi;

namespace Sahab.Server.Portal;

/// <summary>The operator's pages about who buys: organisations, invoices, prices and margin.</summary>
internal static class OperatorSalesPages
{
    /// <summary>Months that can be chosen of invoices.</summary>
    const int Months = 24;

    public static void Map(IEndpointRouteBuilder pages)
    {
        pages.MapGet("/organisations", OrganisationsAsync).Needs(Permission.SeeOrganisation);
        // Not named as the value that lets members in.
        pages.MapGet("/organisations/{id}", OrganisationAsync).Needs(Permission.SeeOrganisation);
        pages.MapGet("/invoices", InvoicesAsync).Needs(Permission.SeeSales);
        pages.MapGet("/invoices/{number}", InvoiceAsync).Needs(Permission.SeeSales);
        pages.MapGet("/margin", MarginAsync).Needs(Permission.SeeSales);
        pages.MapGet("/prices", (HttpContext context, PageRenderer renderer, PriceShelf shelf, TimeProvider time) =>
                ShowAsync(context, renderer, typeof(PriceBookPage), new PricesView(shelf.Current, time.GetUtcNow())))
            .Needs(Permission.SeeSales);
    }

    static async Task<IResult> OrganisationsAsync(HttpContext context, PageRenderer renderer, OrganisationStore store)
    {
        var (search, page) = (Text(context, "search"), new ListPage(MostRows, Text(context, "after") ?? ""));
        var found = search is null
            ? await store.ListAsync(null, page, context.RequestAborted)
            : await store.SearchAsync(search, page, context.RequestAborted);
        return await ShowAsync(context, renderer, typeof(OrganisationListPage), new OperatorOrganisationsView
        {
            Organisations = [.. found.Take(MostRows)],
            Search = search ?? "",
            Next = found.Count > MostRows ? found[MostRows - 1].Id : null,
        });
    }

    static async Task<IResult> OrganisationAsync(
        string id, HttpContext context, PageRenderer renderer, OrganisationStore organisations, OrganisationRooms rooms) =>
        await organisations.FindAsync(id, context.RequestAborted) is { } found
            ? await ShowAsync(
                context, renderer, typeof(OrganisationPage), await rooms.LookAsync(found, Viewer.Of(context), context.RequestAborted))
            : await renderer.ShowMissingAsync(context);

    static async Task<IResult> InvoicesAsync(
        HttpContext context, PageRenderer renderer, InvoiceStore store, InvoiceDesk desk, TimeProvider time)
    {
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        var present = new DateOnly(today.Year, today.Month, 1);
        if (!InvoiceApi.TryMonth(Text(context, "month"), out var month))
        {
            month = present.AddMonths(-1);
        }

        InvoiceBookApi.TryCursor(Text(context, "after") ?? "", out var before);
        var state = Text(context, "state");
        var found = await store.ListAllAsync(
            new InvoiceQuestion { Month = month, Status = state, Before = before }, MostRows + 1, context.RequestAborted);
        return await ShowAsync(context, renderer, typeof(InvoicesPage), new OperatorInvoicesView
        {
            Month = month,
            IsOver = month < present,
            Months = [.. Enumerable.Range(0, Months).Select(back => present.AddMonths(-back)).Append(month).Distinct()],
            Due = await InvoiceBookApi.NotIssuedAsync(desk, store, month, context.RequestAborted),
            Documents = [.. found.Take(MostRows)],
            State = state,
            Next = found.Count > MostRows ? InvoiceBookApi.CursorOf(found[MostRows - 1]) : null,
        });
    }

    static async Task<IResult> InvoiceAsync(string number, HttpContext context, PageRenderer renderer, InvoiceStore store) =>
        await store.FindAsync(number, context.RequestAborted) is { } document
            ? await ShowAsync(context, renderer, typeof(InvoicePage), new OperatorInvoiceView(document)
            {
                Payments = await store.PaymentsAsync(number, context.RequestAborted),
            })
            : await renderer.ShowMissingAsync(context);

    static async Task<IResult> MarginAsync(HttpContext context, PageRenderer renderer, MarginBook book, TimeProvider time)
    {
        var days = Number(context, "days", 30, MostDays);
        var until = UnixMicroseconds.ToTime(UnixMicroseconds.HourOf(UnixMicroseconds.From(time.GetUtcNow()))).AddHours(1);
        var by = Enum.TryParse<MarginDimension>(Text(context, "by"), ignoreCase: true, out var asked) && Enum.IsDefined(asked)
            ? asked
            : MarginDimension.Model;
        return await ShowAsync(context, renderer, typeof(MarginPage), new MarginView
        {
            By = by,
            Days = days,
            From = until.AddDays(-days),
            Until = until,
            Totals = await book.ReadAsync(until.AddDays(-days), until, by, lossesFirst: true, context.RequestAborted),
        });
    }
}
