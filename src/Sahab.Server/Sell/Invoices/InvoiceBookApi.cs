using System.Globalization;
using Sahab.Server.Hosting.Access;

namespace Sahab.Server.Sell.Invoices;

/// <summary>The invoices of all organisations for the operator: what is issued, what is due to be, and what was paid.</summary>
internal static class InvoiceBookApi
{
    static readonly string[] Statuses = ["open", "paid", "credit-note"];

    public static IEndpointRouteBuilder Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/invoices", ListAsync).Needs(Permission.SeeSales).Pages<InvoiceAnswer>()
            .WithSummary("Invoices and credit notes of all organisations, the newest first; filters: month, status");
        api.MapGet("/invoices/due", DueAsync).Needs(Permission.SeeSales)
            .WithSummary("The organisations whose invoice of ?month= is not issued yet")
            .Produces<DueInvoicesAnswer>();
        var payments = api.MapGroup("/organisations/{organisation}/invoices/{number}/payments");
        payments.MapGet("", PaymentsAsync).Needs(Permission.SeeBilling)
            .WithSummary("What was paid of an invoice, and paid back")
            .Produces<Listing<PaymentAnswer>>();
        payments.MapPost("", PayAsync).Needs(Permission.ChangeSales).Reads<PaymentRequest>()
            .WithSummary("Record a payment of an invoice; the same reference is recorded once")
            .Produces<PaidAnswer>();
        return api;
    }

    /// <summary>The organisations whose invoice of a month is not issued yet, in the order of their ids.</summary>
    public static async Task<IReadOnlyList<string>> NotIssuedAsync(
        InvoiceDesk desk, InvoiceStore store, DateOnly month, CancellationToken cancellation) =>
        [.. (await desk.OrganisationsAsync(month, cancellation)).Except(await store.InvoicedOrganisationsAsync(month, cancellation))];

    static async Task<IResult> ListAsync(HttpContext context, InvoiceStore store)
    {
        if (!ListPage.TryRead(context, out var page, out var fault))
        {
            return fault!;
        }

        var (text, status) = ((string?)context.Request.Query["month"], (string?)context.Request.Query["status"]);
        if (!InvoiceApi.TryMonth(text ?? "2026-01", out var month))
        {
            return ControlError.Invalid("month", "The month must be one such as 2026-11.");
        }

        if (status is not null && !Statuses.Contains(status))
        {
            return ControlError.Invalid("status", $"'status' must be one of {string.Join(", ", Statuses)}.");
        }

        if (!TryCursor(page.After, out var before))
        {
            return ControlError.Invalid("after", "'after' must be what 'next' of the answer before was.");
        }

        var question = new InvoiceQuestion { Month = text is null ? null : month, Status = status, Before = before };
        return page.Answer(
            await store.ListAllAsync(question, page.Rows, context.RequestAborted), InvoiceAnswer.Of, CursorOf);
    }

    static async Task<IResult> DueAsync(HttpContext context, InvoiceDesk desk, InvoiceStore store)
    {
        if (!InvoiceApi.TryMonth(context.Request.Query["month"], out var month))
        {
            return ControlError.Invalid("month", "Say which month, such as ?month=2026-11.");
        }

        var due = await NotIssuedAsync(desk, store, month, context.RequestAborted);
        return Results.Ok(new DueInvoicesAnswer("list", InvoiceDocument.MonthText(month), due, null));
    }

    static async Task<IResult> PaymentsAsync(string organisation, string number, HttpContext context, InvoiceStore store)
    {
        if (await store.ReadAsync(organisation, number, context.RequestAborted) is null)
        {
            return Unknown(number);
        }

        return Results.Ok(Listing<PaymentAnswer>.Whole(
            (await store.PaymentsAsync(number, context.RequestAborted)).Select(PaymentAnswer.Of)));
    }

    static async Task<IResult> PayAsync(
        string organisation, string number, HttpContext context, InvoiceStore store, PaymentDesk desk, TimeProvider time)
    {
        var (body, fault) = await ControlBody.ReadAsync<PaymentRequest>(context);
        if (body is null)
        {
            return fault!;
        }

        if (!PaymentDesk.TryUsd(body.AmountUsd, out var amount) || amount.Value <= 0)
        {
            return ControlError.Invalid("amount_usd", "The amount must be above 0, in dollars, as text: \"12.50\".");
        }

        if (body.Reference is not { Length: > 0 and <= 200 } reference || reference.Any(char.IsControl))
        {
            return ControlError.Invalid(
                "reference", "Give the payment's own name, in 1 to 200 characters: it is recorded once.");
        }

        if (await store.ReadAsync(organisation, number, context.RequestAborted) is not { Kind: InvoiceDesk.Invoice })
        {
            return Unknown(number);
        }

        var (recorded, stopped) = await desk.RecordAsync(
            "file", [new ProviderPayment(reference, number, amount, time.GetUtcNow())], Caller.Of(context).Name,
            context.RequestAborted);
        return stopped is not null ? ControlError.Conflict(stopped) : Results.Ok(new PaidAnswer(number, recorded));
    }

    /// <summary>Where a list goes on after a document.</summary>
    public static string CursorOf(StoredDocument document) =>
        string.Create(CultureInfo.InvariantCulture, $"{document.IssuedUs}_{document.Number}");

    /// <summary>Reads what <see cref="CursorOf"/> wrote; an empty text is the beginning.</summary>
    public static bool TryCursor(string text, out (long IssuedUs, string Number)? before)
    {
        before = null;
        if (text.Length == 0)
        {
            return true;
        }

        var parts = text.Split('_', 2);
        if (parts.Length != 2 || !long.TryParse(parts[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var at))
        {
            return false;
        }

        before = (at, parts[1]);
        return true;
    }

    static ControlProblem Unknown(string number) => ControlError.NotFound("number", $"There is no invoice '{number}'.");
}

/// <summary>What was paid.</summary>
/// <param name="AmountUsd">As text.</param>
/// <param name="Reference">The payment's own name.</param>
internal sealed record PaymentRequest(string? AmountUsd = null, string? Reference = null);
