using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Sell.Metering;

namespace Sahab.Server.Sell.Invoices;

/// <summary>Invoices and credit notes: drafts, issuing, every form of them, and the calls beneath each line.</summary>
internal static class InvoiceApi
{
    const string DraftPrefix = "draft-";

    public static IEndpointRouteBuilder Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/invoices/issue", IssueAsync).Needs(Permission.ChangeSales).Reads<IssueRequest>()
            .WithSummary("Issue the invoices of a month that is over, of one organisation or of all")
            .Produces<IssuedAnswer>();
        var own = api.MapGroup("/organisations/{organisation}/invoices").Needs(Permission.SeeBilling);
        own.MapGet("", ListAsync).Pages<InvoiceAnswer>().WithSummary("Invoices and credit notes, the newest first");
        own.MapGet("/{number}.csv", (string organisation, string number, InvoiceDesk desk, InvoiceStore store,
                CancellationToken cancellation) => ShowAsync(organisation, number, desk, store, content =>
                Results.Text(InvoiceCsv.Write(JsonNode.Parse(content)!), "text/csv", Encoding.UTF8), cancellation))
            .Produces<string>(contentType: "text/csv")
            .WithSummary("The lines of a document as CSV");
        own.MapGet("/{number}.html", (string organisation, string number, HttpContext context, InvoiceDesk desk,
                InvoiceStore store, CancellationToken cancellation) => ShowAsync(organisation, number, desk, store, content =>
                {
                    context.Response.Headers.ContentSecurityPolicy = InvoiceHtml.ContentPolicy;
                    return Results.Text(InvoiceHtml.Write(JsonNode.Parse(content)!), "text/html", Encoding.UTF8);
                }, cancellation))
            .Produces<string>(contentType: "text/html")
            .WithSummary("A document as a page that prints");
        own.MapGet("/{number}.pdf", (string organisation, string number, HttpContext context, InvoiceDesk desk,
                InvoiceStore store, CancellationToken cancellation) => ShowAsync(organisation, number, desk, store, content =>
                {
                    context.Response.Headers.ContentSecurityPolicy = AnswerHeaders.ViewerPolicy;
                    return Results.Bytes(InvoicePdf.Write(JsonNode.Parse(content)!), "application/pdf");
                }, cancellation))
            .Produces<byte[]>(contentType: "application/pdf")
            .WithSummary("A document as PDF");
        own.MapGet("/{number}", (string organisation, string number, InvoiceDesk desk, InvoiceStore store,
                CancellationToken cancellation) => ShowAsync(organisation, number, desk, store, content =>
                Results.Text(content, "application/json", Encoding.UTF8), cancellation))
            .WithSummary("A document as it was issued; draft-2026-11 is the month's invoice as it would be now")
            .Produces<InvoiceDocument>();
        own.MapGet("/{number}/lines/{line}/calls", CallsAsync).Needs(Permission.SeeUsage).Pages<SoldCallAnswer>()
            .WithSummary("The calls that a line is made of, the newest first");
        own.MapPost("/{number}/credit-notes", CorrectAsync).Needs(Permission.ChangeSales).Reads<CreditNoteRequest>()
            .WithSummary("Take an amount of an invoice back; the invoice stays as it is")
            .Produces<CorrectedAnswer>();
        return api;
    }

    static async Task<IResult> IssueAsync(HttpContext context, InvoiceDesk desk)
    {
        var (body, fault) = await ControlBody.ReadAsync<IssueRequest>(context);
        if (body is null)
        {
            return fault!;
        }

        if (!TryMonth(body.Month, out var month))
        {
            return ControlError.Invalid("month", $"The month is '{body.Month}'; it must be one such as 2026-11.");
        }

        var actor = Caller.Of(context).Name;
        var (issued, refused) = (new List<IssuedInvoice>(), new List<RefusedInvoice>());
        foreach (var organisation in body.Organisation is { } one
            ? [one]
            : await desk.OrganisationsAsync(month, context.RequestAborted))
        {
            var outcome = await desk.IssueAsync(organisation, month, actor, context.RequestAborted);
            if (outcome.Number is { } number)
            {
                issued.Add(new IssuedInvoice(organisation, number, outcome.IsNew));
            }
            else if (outcome.Refusal is { } why)
            {
                refused.Add(new RefusedInvoice(organisation, why));
            }
        }

        return issued.Count == 0 && refused.Count == 1 && body.Organisation is not null
            ? ControlError.Conflict(refused[0].Reason)
            : Results.Ok(new IssuedAnswer("list", issued, refused));
    }

    static async Task<IResult> ListAsync(string organisation, HttpContext context, InvoiceStore store)
    {
        if (!ListPage.TryRead(context, out var page, out var fault))
        {
            return fault!;
        }

        return InvoiceBookApi.TryCursor(page.After, out var before)
            ? page.Answer(
                await store.ListAsync(organisation, before, page.Rows, context.RequestAborted), InvoiceAnswer.Of,
                InvoiceBookApi.CursorOf)
            : NoCursor();
    }

    static async Task<IResult> ShowAsync(
        string organisation, string number, InvoiceDesk desk, InvoiceStore store, Func<string, IResult> write,
        CancellationToken cancellation) =>
        await ContentAsync(organisation, number, desk, store, cancellation) is { } content ? write(content) : Unknown(number);

    /// <summary>A document, or the draft of a month, as JSON; null: there is none of that number.</summary>
    public static async Task<string?> ContentAsync(
        string organisation, string number, InvoiceDesk desk, InvoiceStore store, CancellationToken cancellation) =>
        number.StartsWith(DraftPrefix, StringComparison.Ordinal) && TryMonth(number[DraftPrefix.Length..], out var month)
            ? await desk.DraftAsync(organisation, month, cancellation)
            : (await store.ReadAsync(organisation, number, cancellation))?.Content;

    static async Task<IResult> CallsAsync(
        string organisation, string number, int line, HttpContext context, InvoiceDesk desk, InvoiceStore store)
    {
        if (!ListPage.TryRead(context, out var page, out var fault))
        {
            return fault!;
        }

        var before = EventMark.Parse(page.After);
        if (page.After.Length > 0 && before is null)
        {
            return NoCursor();
        }

        if (await ContentAsync(organisation, number, desk, store, context.RequestAborted) is not { } content)
        {
            return Unknown(number);
        }

        var document = JsonNode.Parse(content)!;
        var lines = document["lines"]!.AsArray();
        if (line < 1 || line > lines.Count)
        {
            return ControlError.NotFound("line", $"{number} has the lines 1 to {lines.Count}.");
        }

        var (calls, next) = await desk.CallsAsync(organisation, document, line, before, page.Limit, context.RequestAborted);
        return Results.Ok(new Listing<SoldCallAnswer>("list", [.. calls.Select(SoldCallAnswer.Of)], next?.ToString()));
    }

    static async Task<IResult> CorrectAsync(string organisation, string number, HttpContext context, InvoiceDesk desk)
    {
        var (body, fault) = await ControlBody.ReadAsync<CreditNoteRequest>(context);
        if (body is null)
        {
            return fault!;
        }

        if (!PaymentDesk.TryUsd(body.AmountUsd, out var amount) || amount.Value <= 0)
        {
            return ControlError.Invalid("amount_usd", "The amount must be above 0, in dollars before tax, as text: \"12.50\".");
        }

        if (body.Reason is not { Length: > 0 and <= 500 })
        {
            return ControlError.Invalid("reason", "Say why, in 1 to 500 characters: it stands on the credit note.");
        }

        var outcome = await desk.CorrectAsync(
            organisation, number, amount, body.Reason, Caller.Of(context).Name, context.RequestAborted);
        return outcome.Refusal is { } why ? ControlError.Conflict(why)
            : outcome.Number is { } issued ? Results.Ok(new CorrectedAnswer(issued, number))
            : Unknown(number);
    }

    public static bool TryMonth(string? text, out DateOnly month) => DateOnly.TryParseExact(
        text, "yyyy-MM", CultureInfo.InvariantCulture, DateTimeStyles.None, out month);

    static ControlProblem NoCursor() => ControlError.Invalid("after", "'after' must be what 'next' of the answer before was.");

    static ControlProblem Unknown(string number) => ControlError.NotFound(
        "number", $"There is no invoice '{number}'. A draft is draft- and a month, such as draft-2026-11.");
}

/// <summary>Which invoices are to be issued.</summary>
/// <param name="Month">The month, such as <c>2026-11</c>.</param>
/// <param name="Organisation">Of whom; left out: of all.</param>
internal sealed record IssueRequest(string? Month = null, string? Organisation = null);

/// <summary>What a credit note takes back.</summary>
/// <param name="AmountUsd">Before tax, as text.</param>
/// <param name="Reason">Why; it stands on the credit note.</param>
internal sealed record CreditNoteRequest(string? AmountUsd = null, string? Reason = null);
