using System.Globalization;
using System.Text.Json.Serialization;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Metering;

namespace Sahab.Server.Sell.Invoices;

/// <summary>A document in a list, without its lines.</summary>
/// <param name="Object"><c>invoice</c> or <c>credit-note</c>.</param>
/// <param name="Month">Such as <c>2026-11</c>.</param>
/// <param name="Corrects">The invoice that a credit note corrects; null: none.</param>
internal sealed record InvoiceAnswer(
    string Object, string Number, string Organisation, string Month, string? IssuedAt, string? DueAt, string? Corrects,
    string TotalUsd, string CreditedUsd, string PaidUsd, string Status)
{
    public static InvoiceAnswer Of(StoredDocument document) => new(
        document.Kind, document.Number, document.Organisation, InvoiceDocument.MonthText(document.Month),
        InvoiceDocument.Time(UnixMicroseconds.ToTime(document.IssuedUs)),
        InvoiceDocument.Time(UnixMicroseconds.ToTime(document.DueUs)), document.Reference,
        InvoiceDocument.Usd(document.TotalNano), InvoiceDocument.Usd(document.CreditedNano),
        InvoiceDocument.Usd(document.PaidNano), document.Status);
}

/// <summary>What came of issuing a month.</summary>
internal sealed record IssuedAnswer(
    string Object, IReadOnlyList<IssuedInvoice> Data, IReadOnlyList<RefusedInvoice> Refused);

/// <summary>An invoice of the month.</summary>
/// <param name="New">Whether it was issued now; false: it was before.</param>
internal sealed record IssuedInvoice(string Organisation, string Number, bool New);

/// <summary>Why an organisation has no invoice of the month.</summary>
internal sealed record RefusedInvoice(string Organisation, string Reason);

/// <summary>Organisations whose invoice of a month is not issued yet.</summary>
internal sealed record DueInvoicesAnswer(string Object, string Month, IReadOnlyList<string> Data, string? Next);

/// <summary>A credit note that was issued.</summary>
internal sealed record CorrectedAnswer(string Number, string Corrects);

/// <summary>A call that a line is made of.</summary>
/// <param name="Revision">0, or the number of its latest correction.</param>
/// <param name="InvoicedUsd">Of a late line: what was invoiced of it before; null: nothing.</param>
internal sealed record SoldCallAnswer(
    Guid EventId, Guid CallId, string StartedAt, string Key, string Model, string ServiceTier, long PromptTokens,
    long CachedTokens, long CacheWriteTokens, [property: JsonPropertyName("cache_write_1h_tokens")] long CacheWrite1hTokens,
    long OutputTokens, long Revision, string AmountUsd, string? InvoicedUsd)
{
    public static SoldCallAnswer Of(SoldCall call) => new(
        call.Usage.EventId, call.Usage.CallId,
        call.Usage.StartedAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture),
        call.Usage.Key, call.Usage.Model, call.Usage.ServiceTier, call.Usage.Usage.PromptTokens, call.Usage.Usage.CachedTokens,
        call.Usage.Usage.CacheWriteTokens, call.Usage.Usage.CacheWrite1hTokens, call.Usage.Usage.OutputTokens, call.Revision,
        InvoiceDocument.Usd(call.Amount.Value), call.Before.Value == 0 ? null : InvoiceDocument.Usd(call.Before.Value));
}

/// <summary>A payment of an invoice, or below 0 a refund.</summary>
internal sealed record PaymentAnswer(string Id, string Provider, string AmountUsd, string? PaidAt)
{
    public static PaymentAnswer Of(StoredPayment payment) => new(
        payment.Id, payment.Provider, InvoiceDocument.Usd(payment.Nano),
        InvoiceDocument.Time(UnixMicroseconds.ToTime(payment.PaidUs)));
}

/// <summary>A payment that was told of.</summary>
/// <param name="Recorded">How many were recorded: 0 of one that had been already.</param>
internal sealed record PaidAnswer(string Number, int Recorded);

/// <summary>Payments that were told of.</summary>
/// <param name="Known">How many of them had been recorded already.</param>
internal sealed record RecordedAnswer(int Recorded, int Known);

/// <summary>A refund that was recorded.</summary>
internal sealed record RefundedAnswer(string Number, string RefundedUsd);

/// <summary>What a payment service was asked to collect.</summary>
/// <param name="Payment">The payment's id there; null: there is none.</param>
/// <param name="Status">As it says.</param>
/// <param name="Error">Why it does not collect it; null: it does.</param>
internal sealed record CollectedAnswer(string Number, string? Payment, string? Status, string? Error = null);

/// <summary>Credit of an organisation.</summary>
/// <param name="Kind"><c>prepaid</c> or <c>promotional</c>.</param>
internal sealed record CreditAnswer(
    string Id, string Kind, string Note, string AmountUsd, string LeftUsd, string? GrantedAt, string? ExpiresAt)
{
    public static CreditAnswer Of(StoredCredit credit) => new(
        credit.Id, credit.Kind, credit.Note, InvoiceDocument.Usd(credit.Nano), InvoiceDocument.Usd(credit.LeftNano),
        InvoiceDocument.Time(UnixMicroseconds.ToTime(credit.GrantedUs)), InvoiceDocument.Time(credit.ExpiresAt));
}

/// <summary>Credit that was added.</summary>
internal sealed record AddedCreditAnswer(string Id);
