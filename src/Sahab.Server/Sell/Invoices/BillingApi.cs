using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sahab.Ledger.Money;
using Sahab.Server.Govern.Audit;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Invoices;

/// <summary>Whom invoices are made out to, credit, and what was paid.</summary>
internal static class BillingApi
{
    /// <summary>The longest body that tells of payments: a file of them.</summary>
    public const int MaxPaymentsBytes = 1024 * 1024;

    public static IEndpointRouteBuilder Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/invoices/open", OpenAsync).Needs(Permission.SeeSales)
            .Produces<string>(contentType: "text/csv")
            .WithSummary("Invoices that are not paid, as CSV for whoever collects");
        api.MapPost("/invoices/payments", PayAsync).Needs(Permission.ChangeSales).Reads("text/csv").Produces<RecordedAnswer>()
            .WithSummary("Record payments from a CSV file; the same reference is recorded once");
        api.MapPost("/invoices/collect", CollectAsync).Needs(Permission.ChangeSales).Reads<CollectRequest>()
            .Produces<Listing<CollectedAnswer>>()
            .WithSummary("Ask a payment provider to collect the invoices that are not paid; to ask again changes nothing");
        api.MapPost("/payments/stripe", StripeAsync).Needs(Permission.Public).Reads("application/json").Produces<RecordedAnswer>()
            .WithSummary("Takes signed messages of the payment service about what was paid");
        var own = api.MapGroup("/organisations/{organisation}");
        own.MapPost("/invoices/{number}/refunds", RefundAsync).Needs(Permission.ChangeSales).Reads<RefundRequest>()
            .Produces<RefundedAnswer>()
            .WithSummary("Record that an amount of what was paid was paid back");
        own.MapPost("/invoices/{number}/pay", PayOneAsync).Needs(Permission.ChangeBilling)
            .WithSummary("Ask the payment service to collect what is open of an invoice; to ask again changes nothing")
            .Produces<CollectedAnswer>();
        own.MapGet("/billing", ProfileAsync).Needs(Permission.SeeBilling)
            .Produces<BillingProfile>().WithSummary("Whom the organisation's invoices are made out to");
        own.MapPut("/billing", SetProfileAsync).Needs(Permission.ChangeBilling).Reads<BillingProfile>()
            .Produces<BillingProfile>()
            .WithSummary("Change whom invoices are made out to; exemption from tax is the operator's to say");
        own.MapGet("/credits", CreditsAsync).Needs(Permission.SeeBilling)
            .Produces<Listing<CreditAnswer>>()
            .WithSummary("The organisation's credit, and what is left of it");
        own.MapPost("/credits", AddCreditAsync).Needs(Permission.ChangeSales).Reads<CreditRequest>()
            .Produces<AddedCreditAnswer>()
            .WithSummary("Add credit that was bought (prepaid) or given (promotional)");
        return api;
    }

    static async Task<IResult> OpenAsync(PaymentDesk desk, PaymentProviders providers, CancellationToken cancellation) =>
        Results.Bytes(
            await providers.File.CollectAsync(await desk.OpenInvoicesAsync(cancellation), cancellation), "text/csv; charset=utf-8");

    static async Task<IResult> CollectAsync(HttpContext context, PaymentDesk desk, PaymentProviders providers)
    {
        var (body, fault) = await ControlBody.ReadAsync<CollectRequest>(context);
        if (body is null)
        {
            return fault!;
        }

        if (providers.Find(body.Provider ?? "") is not { } provider || provider == providers.File)
        {
            return ControlError.Invalid("provider", "The provider is 'stripe', where billing.stripe configures it.");
        }

        try
        {
            var open = await desk.OpenInvoicesAsync(context.RequestAborted);
            return Results.Bytes(await provider.CollectAsync(open, context.RequestAborted), "application/json");
        }
        catch (PaymentException refused)
        {
            return new ControlProblem(StatusCodes.Status502BadGateway, "payment_provider", refused.Message);
        }
    }

    static async Task<IResult> PayOneAsync(
        string organisation, string number, HttpContext context, InvoiceStore store, PaymentProviders providers)
    {
        if (providers.Find(PaymentProviders.Service) is not { } provider)
        {
            return ControlError.Conflict("No payment service is configured here. Pay as the invoice says.");
        }

        if (await store.ReadAsync(organisation, number, context.RequestAborted) is not { Kind: InvoiceDesk.Invoice } invoice)
        {
            return ControlError.NotFound("number", $"There is no invoice '{number}'.");
        }

        if (invoice.OpenNano <= 0)
        {
            return ControlError.Conflict($"Nothing of {number} is open.");
        }

        try
        {
            var open = new OpenInvoice(
                number, organisation, UnixMicroseconds.ToTime(invoice.DueUs), new NanoUsd((long)invoice.OpenNano),
                invoice.Payments);
            var asked = JsonSerializer.Deserialize<Listing<CollectedAnswer>>(
                await provider.CollectAsync([open], context.RequestAborted), ControlJson.Options)!;
            return asked.Data[0] is { Error: { } why }
                ? new ControlProblem(StatusCodes.Status502BadGateway, "payment_provider", why)
                : Results.Ok(asked.Data[0]);
        }
        catch (PaymentException refused)
        {
            return new ControlProblem(StatusCodes.Status502BadGateway, "payment_provider", refused.Message);
        }
    }

    static async Task<IResult> StripeAsync(HttpContext context, PaymentDesk desk, PaymentProviders providers)
    {
        if (providers.Find("stripe") is not { } provider)
        {
            return ControlError.NotFound("provider", "No payment service is configured here.");
        }

        return await RecordAsync(
            context, desk, provider, context.Request.Headers["Stripe-Signature"].ToString(), AuditEntry.Server);
    }

    static Task<IResult> PayAsync(HttpContext context, PaymentDesk desk, PaymentProviders providers) =>
        RecordAsync(context, desk, providers.File, null, Caller.Of(context).Name);

    static async Task<IResult> RecordAsync(
        HttpContext context, PaymentDesk desk, IPaymentProvider provider, string? signature, string actor)
    {
        if (await ControlBody.BytesAsync(context, MaxPaymentsBytes) is not { } body)
        {
            return ControlBody.TooLong(MaxPaymentsBytes);
        }

        try
        {
            var payments = provider.Read(Encoding.UTF8.GetString(body), signature);
            var (recorded, stopped) = await desk.RecordAsync(provider.Name, payments, actor, context.RequestAborted);
            return stopped is not null
                ? ControlError.Invalid("body", stopped)
                : Results.Ok(new RecordedAnswer(recorded, payments.Count - recorded));
        }
        catch (PaymentException refused)
        {
            return ControlError.Invalid("body", refused.Message);
        }
    }

    static async Task<IResult> RefundAsync(
        string organisation, string number, HttpContext context, InvoiceStore store, PaymentDesk desk)
    {
        var (body, fault) = await ControlBody.ReadAsync<RefundRequest>(context);
        if (body is null)
        {
            return fault!;
        }

        if (!PaymentDesk.TryUsd(body.AmountUsd, out var amount) || amount.Value <= 0)
        {
            return ControlError.Invalid("amount_usd", "The amount must be above 0, in dollars, as text: \"12.50\".");
        }

        if (body.Reference is not { Length: > 0 and <= 200 })
        {
            return ControlError.Invalid("reference", "Give the refund's own name, in 1 to 200 characters: it is recorded once.");
        }

        if (await store.ReadAsync(organisation, number, context.RequestAborted) is not { Kind: InvoiceDesk.Invoice } invoice)
        {
            return ControlError.NotFound("number", $"There is no invoice '{number}'.");
        }

        return await desk.RefundAsync(
                invoice, amount, body.Reference, Caller.Of(context).Name, context.RequestAborted) is { } refusal
            ? ControlError.Conflict(refusal)
            : Results.Ok(new RefundedAnswer(number, InvoiceDocument.Usd(amount.Value)));
    }

    static async Task<IResult> ProfileAsync(string organisation, InvoiceStore store, CancellationToken cancellation)
    {
        await using var connection = await store.OpenAsync(cancellation);
        return Results.Ok(await InvoiceStore.ProfileAsync(connection, null, organisation, cancellation));
    }

    static async Task<IResult> SetProfileAsync(
        string organisation, HttpContext context, InvoiceStore store, AuditLog audit, TimeProvider time)
    {
        var (body, fault) = await ControlBody.ReadAsync<BillingProfile>(context);
        if (body is null)
        {
            return fault!;
        }

        if (body.Fault is { } wrong)
        {
            return ControlError.Invalid(wrong.Parameter, wrong.Message);
        }

        var (caller, cancellation) = (Caller.Of(context), context.RequestAborted);
        await using var connection = await store.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var before = await InvoiceStore.ProfileAsync(connection, transaction, organisation, cancellation);
        if (body.Exemption != before.Exemption && !caller.MayAnywhere(Permission.ChangeSales))
        {
            return new ControlProblem(
                StatusCodes.Status403Forbidden, "not_allowed", "Who is exempt from tax is the operator's to say.", "exemption");
        }

        await InvoiceStore.SetProfileAsync(connection, transaction, organisation, body, time.GetUtcNow(), cancellation);
        await audit.AppendAsync(
            connection, transaction,
            new AuditEntry(caller.Name, "billing.changed", organisation)
            {
                Organisation = organisation,
                Details = new JsonObject
                {
                    ["country"] = body.Country,
                    ["state"] = body.State,
                    ["vat_id"] = body.VatId,
                    ["exemption"] = body.Exemption,
                },
            },
            cancellation);
        await transaction.CommitAsync(cancellation);
        return Results.Ok(body);
    }

    static async Task<IResult> CreditsAsync(string organisation, InvoiceStore store, CancellationToken cancellation)
    {
        await using var connection = await store.OpenAsync(cancellation);
        var credits = await InvoiceStore.CreditsAsync(connection, null, organisation, cancellation);
        return Results.Ok(Listing<CreditAnswer>.Whole(credits.Select(CreditAnswer.Of)));
    }

    static async Task<IResult> AddCreditAsync(string organisation, HttpContext context, PaymentDesk desk)
    {
        var (body, fault) = await ControlBody.ReadAsync<CreditRequest>(context);
        if (body is null)
        {
            return fault!;
        }

        if (body.Kind is not ("prepaid" or "promotional"))
        {
            return ControlError.Invalid("kind", "The kind is prepaid or promotional.");
        }

        if (!PaymentDesk.TryUsd(body.AmountUsd, out var amount) || amount.Value <= 0)
        {
            return ControlError.Invalid("amount_usd", "The amount must be above 0, in dollars, as text: \"12.50\".");
        }

        DateTimeOffset? expiresAt = null;
        if (body.ExpiresAt is { } text)
        {
            if (!DateTimeOffset.TryParse(
                text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
                out var parsed))
            {
                return ControlError.Invalid("expires_at", "The expiry must be a time, such as 2027-01-01T00:00:00Z.");
            }

            expiresAt = parsed;
        }

        if (body.Note is not { Length: > 0 and <= 200 })
        {
            return ControlError.Invalid("note", "Say what for, in 1 to 200 characters: it stands on invoices.");
        }

        var id = await desk.AddCreditAsync(
            organisation, body.Kind == "prepaid", amount, expiresAt, body.Note, Caller.Of(context).Name,
            context.RequestAborted);
        return Results.Ok(new AddedCreditAnswer(id));
    }
}

/// <summary>Who is to collect.</summary>
/// <param name="Provider"><c>stripe</c>.</param>
internal sealed record CollectRequest(string? Provider = null);

/// <summary>What was paid back.</summary>
/// <param name="AmountUsd">As text.</param>
/// <param name="Reference">The refund's own name.</param>
internal sealed record RefundRequest(string? AmountUsd = null, string? Reference = null);

/// <summary>Credit to be added.</summary>
/// <param name="Kind"><c>prepaid</c> or <c>promotional</c>.</param>
/// <param name="AmountUsd">As text.</param>
/// <param name="ExpiresAt">When it expires; left out: never.</param>
/// <param name="Note">What for.</param>
internal sealed record CreditRequest(
    string? Kind = null, string? AmountUsd = null, string? ExpiresAt = null, string? Note = null);
