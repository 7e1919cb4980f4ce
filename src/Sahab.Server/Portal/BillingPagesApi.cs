using System.Text.Json.Nodes;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Portal.Pages;
using Sahab.Server.Sell.Invoices;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Sell.Tenants;

namespace Sahab.Server.Portal;

/// <summary>What an organisation owes, down to each call.</summary>
internal static class BillingPagesApi
{
    const int CallsOfPage = 100;

    public static void Map(IEndpointRouteBuilder console)
    {
        var invoices = console.MapGroup("/invoices").Needs(Permission.SeeBilling);
        invoices.MapGet("", ListAsync);
        invoices.MapGet("/{number}", InvoiceAsync);
        invoices.MapGet("/{number}/lines/{line:int}", LineAsync);
    }

    static Task<IResult> ListAsync(
        string organisation, HttpContext context, PageRenderer renderer, OrganisationStore organisations, InvoiceStore store,
        TimeProvider time) =>
        ConsolePagesApi.ShowAsync(typeof(InvoicesPage), organisation, context, renderer, organisations, async found =>
        {
            await using var connection = await store.OpenAsync(context.RequestAborted);
            InvoiceBookApi.TryCursor(ConsolePagesApi.PartOf(context).After, out var before);
            var documents = await store.ListAsync(
                organisation, before, ConsolePagesApi.MostRows + 1, context.RequestAborted);
            var console = new ConsoleView(found)
            {
                Next = documents.Count > ConsolePagesApi.MostRows
                    ? InvoiceBookApi.CursorOf(documents[ConsolePagesApi.MostRows - 1]) : null,
            };
            return new InvoicesView(console)
            {
                Documents = [.. documents.Take(ConsolePagesApi.MostRows)],
                Profile = await InvoiceStore.ProfileAsync(connection, null, organisation, context.RequestAborted),
                Credits = await InvoiceStore.CreditsAsync(connection, null, organisation, context.RequestAborted),
                Now = time.GetUtcNow(),
            };
        });

    static Task<IResult> InvoiceAsync(
        string organisation, string number, HttpContext context, PageRenderer renderer, OrganisationStore organisations,
        InvoiceDesk desk, InvoiceStore store, ProjectStore projects, PaymentProviders providers, TimeProvider time) =>
        ConsolePagesApi.ShowAsync(typeof(InvoicePage), organisation, context, renderer, organisations, async found =>
        {
            var cancellation = context.RequestAborted;
            if (await InvoiceApi.ContentAsync(organisation, number, desk, store, cancellation) is not { } content)
            {
                return null;
            }

            var stored = await store.ReadAsync(organisation, number, cancellation);
            return new InvoiceView(new ConsoleView(found), number, JsonNode.Parse(content)!)
            {
                Stored = stored,
                CreditNotes = stored is null ? [] : await store.CreditNotesAsync(organisation, number, cancellation),
                Projects = (await projects.ListAsync(organisation, ConsolePagesApi.All, cancellation))
                    .ToDictionary(project => project.Id, project => project.Name, StringComparer.Ordinal),
                CanBePaid = providers.Find(PaymentProviders.Service) is not null,
                Asked = context.Request.Query["asked"].FirstOrDefault() is { Length: > 0 and < 40 } asked ? asked : null,
                Now = time.GetUtcNow(),
            };
        });

    static Task<IResult> LineAsync(
        string organisation, string number, int line, HttpContext context, PageRenderer renderer,
        OrganisationStore organisations, InvoiceDesk desk, InvoiceStore store) =>
        ConsolePagesApi.ShowAsync(typeof(InvoiceLinePage), organisation, context, renderer, organisations, async found =>
        {
            if (await InvoiceApi.ContentAsync(organisation, number, desk, store, context.RequestAborted) is not { } content
                || JsonNode.Parse(content) is not { } document || document["lines"]!.AsArray() is not { } lines
                || line < 1 || line > lines.Count)
            {
                return null;
            }

            var mark = EventMark.Parse(context.Request.Query["after"].FirstOrDefault());
            var (calls, next) = await desk.CallsAsync(organisation, document, line, mark, CallsOfPage, context.RequestAborted);
            return new InvoiceLineView(new ConsoleView(found), number, lines[line - 1]!, [.. calls.Select(SoldCallAnswer.Of)])
            {
                Next = next?.ToString(),
            };
        });
}
