using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sahab.Ledger.Money;
using Sahab.Ledger.Sales;
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

/// <summary>Invoices as JSON: what is stored, and what every other form is made from.</summary>
internal static class InvoiceDocument
{
    public static JsonObject Write(DocumentHead head, IReadOnlyList<InvoiceLine> lines) => new()
    {
        ["object"] = head.Kind,
        ["number"] = head.Number,
        ["status"] = head.Number is null ? "draft" : "issued",
        ["organisation"] = head.Organisation,
        ["month"] = MonthText(head.Month),
        ["currency"] = "USD",
        ["issued_at"] = Time(head.IssuedAt),
        ["due_at"] = Time(head.DueAt),
        ["corrects"] = head.Reference,
        ["seller"] = PartyOf(head.Seller.Name, head.Seller.Address, null, head.Seller.VatId),
        ["customer"] = PartyOf(
            head.Customer.Name ?? head.Organisation, head.Customer.Address,
            string.Join(", ", ((string?[])[head.Customer.State, head.Customer.Country]).OfType<string>()),
            head.Customer.VatId),
        ["tax"] = head.Tax.Name.Length == 0 ? null : new JsonObject { ["name"] = head.Tax.Name, ["rate"] = head.Tax.Rate },
        ["tax_note"] = head.Tax.Note,
        ["lines"] = new JsonArray([.. lines.Select((line, index) => (JsonNode)LineOf(line, index + 1))]),
        ["totals"] = new JsonObject
        {
            ["usage_usd"] = Sum(lines, line => line.IsUsage),
            ["discounts_usd"] = Sum(lines, line => line.IsDiscount),
            ["fees_usd"] = Sum(lines, line => line.Kind is InvoiceLineKind.Product
                or InvoiceLineKind.Minimum or InvoiceLineKind.Reservation),
            ["corrections_usd"] = Sum(lines, line => line.Kind == InvoiceLineKind.Correction),
            ["tax_usd"] = Sum(lines, line => line.Kind == InvoiceLineKind.Tax),
            ["credits_usd"] = Sum(lines, line => line.Kind == InvoiceLineKind.Credit),
            ["rounding_usd"] = Sum(lines, line => line.Kind == InvoiceLineKind.Rounding),
            ["total_usd"] = Sum(lines, _ => true),
        },
        ["receipts"] = head.Receipts is { } receipts
            ? new JsonObject { ["through"] = receipts.Sequence, ["hash"] = receipts.Hash }
            : null,
    };

    /// <summary>A month such as <c>2026-11</c>.</summary>
    public static string MonthText(DateOnly month) => month.ToString("yyyy-MM", CultureInfo.InvariantCulture);

    public static string? Time(DateTimeOffset? time) =>
        time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>Dollars with as many decimals as there are, up to nine, and at least two.</summary>
    public static string Usd(decimal nano) => (nano / NanoUsd.PerUsd).ToString("0.00#######", CultureInfo.InvariantCulture);

    static JsonObject PartyOf(string name, IEnumerable<string>? address, string? place, string? vatId) => new()
    {
        ["name"] = name,
        ["address"] = new JsonArray([.. (address ?? []).Select(line => (JsonNode)line)]),
        ["place"] = place,
        ["vat_id"] = vatId,
    };

    static JsonObject LineOf(InvoiceLine line, int number)
    {
        var json = new JsonObject
        {
            ["line"] = number,
            ["kind"] = JsonNamingPolicy.SnakeCaseLower.ConvertName(line.Kind.ToString()),
            ["month"] = MonthText(line.Month),
            ["text"] = line.Text,
        };
        (string Name, string Value)[] texts =
        [
            ("project", line.Project), ("model", line.Model), ("service_tier", line.ServiceTier), ("plan", line.Plan),
            ("meter", line.Meter), ("credit", line.Credit),
        ];
        foreach (var (name, value) in texts.Where(pair => pair.Value.Length > 0))
        {
            json[name] = value;
        }

        if (line.TermsId != 0)
        {
            json["terms"] = line.TermsId;
        }

        if (line.Unit.Length > 0)
        {
            json["quantity"] = line.Quantity.ToString("0.#########", CultureInfo.InvariantCulture);
            json["unit"] = line.Unit;
        }

        if (line.UnitNano is { } price)
        {
            json["price_usd_per_million"] = Usd(price);
        }

        json["amount_usd"] = Usd(line.Amount.Value);
        return json;
    }

    static string Sum(IEnumerable<InvoiceLine> lines, Func<InvoiceLine, bool> which) =>
        Usd((decimal)InvoiceBuilder.SumOf(lines.Where(which)));
}
