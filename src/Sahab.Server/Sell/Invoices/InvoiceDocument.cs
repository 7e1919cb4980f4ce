using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sahab.Ledger.Money;
using Sahab.Ledger.Sales;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Sell.Invoices;

/// <summary>What a document says besides its lines.</summary>
/// <param name="Number">Its number; null: a draft.</param>
/// <param name="Kind"><c>invoice</c> or <c>credit-note</c>.</param>
/// <param name="IssuedAt">When it was issued; null: a draft.</param>
/// <param name="Reference">The invoice that it corrects; null: none.</param>
internal sealed record DocumentHead(
    string? Number, string Kind, string Organisation, DateOnly Month, DateTimeOffset? IssuedAt, DateTimeOffset? DueAt,
    string? Reference, TaxTreatment Tax, BillingProfile Customer, BillingSellerConfig Seller)
{
    /// <summary>How many receipts there were, and the hash of the last; null: it has none.</summary>
    public (long Sequence, string Hash)? Receipts { get; init; }
}

/// <summary>An invoice or credit note as JSON: what is stored, and what every other form is made from.</summary>
/// <param name="Object"><c>invoice</c> or <c>credit-note</c>.</param>
/// <param name="Number">Null: a draft.</param>
/// <param name="Status"><c>draft</c> or <c>issued</c>.</param>
/// <param name="Month">Such as <c>2026-11</c>.</param>
/// <param name="Corrects">The invoice that a credit note corrects; null: none.</param>
/// <param name="Tax">Null: no tax by this name is owed; why, <paramref name="TaxNote"/> may say.</param>
/// <param name="Receipts">The receipts that there were when it was issued; null: it has none.</param>
internal sealed record InvoiceDocument(
    string Object, string? Number, string Status, string Organisation, string Month, string Currency, string? IssuedAt,
    string? DueAt, string? Corrects, DocumentParty Seller, DocumentParty Customer, DocumentTax? Tax, string TaxNote,
    IReadOnlyList<DocumentLine> Lines, DocumentTotals Totals, DocumentReceipts? Receipts)
{
    public static InvoiceDocument Of(DocumentHead head, IReadOnlyList<InvoiceLine> lines) => new(
        head.Kind, head.Number, head.Number is null ? "draft" : "issued", head.Organisation, MonthText(head.Month), "USD",
        Time(head.IssuedAt), Time(head.DueAt), head.Reference,
        new DocumentParty(head.Seller.Name, [.. head.Seller.Address], null, head.Seller.VatId),
        new DocumentParty(
            head.Customer.Name ?? head.Organisation, head.Customer.Address ?? [],
            string.Join(", ", ((string?[])[head.Customer.State, head.Customer.Country]).OfType<string>()),
            head.Customer.VatId),
        head.Tax.Name.Length == 0 ? null : new DocumentTax(head.Tax.Name, head.Tax.Rate), head.Tax.Note,
        [.. lines.Select((line, index) => DocumentLine.Of(line, index + 1))], DocumentTotals.Of(lines),
        head.Receipts is { } receipts ? new DocumentReceipts(receipts.Sequence, receipts.Hash) : null);

    public string ToText() => JsonSerializer.Serialize(this, ControlJson.Options);

    /// <summary>A month such as <c>2026-11</c>.</summary>
    public static string MonthText(DateOnly month) => month.ToString("yyyy-MM", CultureInfo.InvariantCulture);

    public static string? Time(DateTimeOffset? time) =>
        time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>Dollars with as many decimals as there are, up to nine, and at least two.</summary>
    public static string Usd(decimal nano) => (nano / NanoUsd.PerUsd).ToString("0.00#######", CultureInfo.InvariantCulture);
}

/// <summary>Who sells, and who buys.</summary>
internal sealed record DocumentParty(string Name, IReadOnlyList<string> Address, string? Place, string? VatId);

/// <summary>The tax of a document.</summary>
/// <param name="Rate">0 to 1.</param>
internal sealed record DocumentTax(string Name, decimal Rate);

/// <summary>How many receipts there were, and the hash of the last.</summary>
internal sealed record DocumentReceipts(long Through, string Hash);

/// <summary>A line of a document; what it is not about is left out.</summary>
/// <param name="Line">From 1.</param>
/// <param name="Terms">The id of the prices that its calls were sold at.</param>
/// <param name="PriceUsdPerMillion">Of its unit.</param>
internal sealed record DocumentLine(
    int Line, string Kind, string Month, string Text,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Project = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Model = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ServiceTier = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Plan = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Meter = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Credit = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Terms = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Quantity = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Unit = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? PriceUsdPerMillion = null)
{
    public required string AmountUsd { get; init; }

    public static DocumentLine Of(InvoiceLine line, int number) => new(
        number, JsonNamingPolicy.SnakeCaseLower.ConvertName(line.Kind.ToString()), InvoiceDocument.MonthText(line.Month),
        line.Text, Known(line.Project), Known(line.Model), Known(line.ServiceTier), Known(line.Plan), Known(line.Meter),
        Known(line.Credit), line.TermsId == 0 ? null : line.TermsId,
        line.Unit.Length == 0 ? null : line.Quantity.ToString("0.#########", CultureInfo.InvariantCulture),
        Known(line.Unit), line.UnitNano is { } price ? InvoiceDocument.Usd(price) : null)
    {
        AmountUsd = InvoiceDocument.Usd(line.Amount.Value),
    };

    static string? Known(string text) => text.Length == 0 ? null : text;
}

/// <summary>What the lines of a document come to, by what they are, in dollars.</summary>
internal sealed record DocumentTotals(
    string UsageUsd, string DiscountsUsd, string FeesUsd, string CorrectionsUsd, string TaxUsd, string CreditsUsd,
    string RoundingUsd, string TotalUsd)
{
    public static DocumentTotals Of(IReadOnlyList<InvoiceLine> lines) => new(
        Sum(lines, line => line.IsUsage),
        Sum(lines, line => line.IsDiscount),
        Sum(lines, line => line.Kind is InvoiceLineKind.Product or InvoiceLineKind.Minimum or InvoiceLineKind.Reservation),
        Sum(lines, line => line.Kind == InvoiceLineKind.Correction),
        Sum(lines, line => line.Kind == InvoiceLineKind.Tax),
        Sum(lines, line => line.IsCredit),
        Sum(lines, line => line.Kind == InvoiceLineKind.Rounding),
        Sum(lines, _ => true));

    static string Sum(IEnumerable<InvoiceLine> lines, Func<InvoiceLine, bool> which) =>
        InvoiceDocument.Usd((decimal)InvoiceBuilder.SumOf(lines.Where(which)));
}
