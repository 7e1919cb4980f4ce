using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Sahab.Server.Sell.Invoices;

/// <summary>A document as a page that prints well: no scripts, nothing from elsewhere.</summary>
internal static class InvoiceHtml
{
    const string Style = """
        :root { color-scheme: light; }
        body { font: 14px/1.45 system-ui, sans-serif; color: #1a1d21; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
        header, .parties { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 1rem 2rem; }
        h1 { font-size: 1.6rem; margin: 0 0 .5rem; } h2 { font-size: 1rem; margin: 1rem 0 .25rem; }
        table { border-collapse: collapse; width: 100%; margin-top: 1.5rem; }
        th, td { padding: .35rem .5rem; text-align: start; border-bottom: 1px solid #d5d9de; vertical-align: top; }
        .n { text-align: end; font-variant-numeric: tabular-nums; white-space: nowrap; }
        tfoot td { border-bottom: 0; } .total td { font-weight: 700; border-top: 2px solid #1a1d21; font-size: 1.1rem; }
        .scroll { overflow-x: auto; } p.note { margin-top: 1.5rem; }
        @page { size: A4; margin: 18mm; }
        @media print { body { margin: 0; max-width: none; padding: 0; font-size: 10pt; } thead { display: table-header-group; }
          tr { break-inside: avoid; } .scroll { overflow: visible; } }
        """;

    /// <summary>What the page may load: its style, which is in it and known by its hash.</summary>
    public static readonly string ContentPolicy =
        $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes($"\n{Style}\n")))}'; "
        + "frame-ancestors 'none'";

    public static string Write(JsonNode document)
    {
        var title = WebUtility.HtmlEncode(TitleOf(document));
        var html = new StringBuilder()
            .Append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
            .Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
            .Append(CultureInfo.InvariantCulture, $"<title>{title}</title>\n<style>\n{Style}\n</style>\n</head>\n")
            .Append("<body>\n<main>\n<header>\n")
            .Append(CultureInfo.InvariantCulture, $"<h1>{title}</h1>\n<div>");
        foreach (var (name, value) in FactsOf(document))
        {
            html.Append(CultureInfo.InvariantCulture, $"<div>{name}: <strong>{WebUtility.HtmlEncode(value)}</strong></div>");
        }

        html.Append("</div>\n</header>\n<div class=\"parties\">\n");
        Party(html, "From", document["seller"]!);
        Party(html, "To", document["customer"]!);
        html.Append("</div>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Lines\">\n<table>\n<thead><tr>")
            .Append("<th scope=\"col\">#</th><th scope=\"col\">What</th><th scope=\"col\">Project</th>")
            .Append("<th scope=\"col\" class=\"n\">Quantity</th><th scope=\"col\" class=\"n\">USD per million</th>")
            .Append("<th scope=\"col\" class=\"n\">USD</th></tr></thead>\n<tbody>\n");
        foreach (var line in document["lines"]!.AsArray())
        {
            html.Append("<tr>");
            Cell(html, line!["line"]!.ToString(), false);
            Cell(html, line["text"]!.ToString(), false);
            Cell(html, line["project"]?.ToString() ?? "", false);
            Cell(html, QuantityOf(line), true);
            Cell(html, line["price_usd_per_million"]?.ToString() ?? "", true);
            Cell(html, line["amount_usd"]!.ToString(), true);
            html.Append("</tr>\n");
        }

        html.Append("</tbody>\n<tfoot>\n<tr class=\"total\"><td></td><td colspan=\"4\">Total</td>")
            .Append(CultureInfo.InvariantCulture, $"<td class=\"n\">USD {TotalOf(document)}</td></tr>\n")
            .Append("</tfoot>\n</table>\n</div>\n");
        if (document["tax_note"]?.ToString() is { Length: > 0 } note)
        {
            html.Append(CultureInfo.InvariantCulture, $"<p class=\"note\">{WebUtility.HtmlEncode(note)}</p>\n");
        }

        return html.Append("</main>\n</body>\n</html>\n").ToString();
    }

    public static string TitleOf(JsonNode document) => document["number"]?.ToString() is { } number
        ? $"{(document["object"]!.ToString() == InvoiceDesk.CreditNote ? "Credit note" : "Invoice")} {number}"
        : $"Draft of the invoice for {document["month"]}";

    public static IEnumerable<(string Name, string Value)> FactsOf(JsonNode document)
    {
        yield return ("Month", document["month"]!.ToString());
        (string Name, string Key)[] facts = [("Issued", "issued_at"), ("Due", "due_at"), ("Corrects", "corrects")];
        foreach (var (name, key) in facts)
        {
            if (document[key]?.ToString() is { } value)
            {
                yield return (name, key.EndsWith("_at", StringComparison.Ordinal) ? value[..10] : value);
            }
        }
    }

    public static string QuantityOf(JsonNode line) =>
        line["quantity"] is { } quantity ? $"{quantity} {line["unit"]}" : "";

    public static string TotalOf(JsonNode document) => document["totals"]!["total_usd"]!.ToString();

    /// <summary>The lines of a party, its name first.</summary>
    public static IEnumerable<string> LinesOf(JsonNode party)
    {
        yield return party["name"]!.ToString();
        foreach (var line in party["address"]!.AsArray())
        {
            yield return line?.ToString() ?? "";
        }

        if (party["place"]?.ToString() is { Length: > 0 } place)
        {
            yield return place;
        }

        if (party["vat_id"]?.ToString() is { Length: > 0 } vatId)
        {
            yield return $"VAT id {vatId}";
        }
    }

    static void Party(StringBuilder html, string role, JsonNode party)
    {
        html.Append(CultureInfo.InvariantCulture, $"<section><h2>{role}</h2>");
        foreach (var line in LinesOf(party))
        {
            html.Append(CultureInfo.InvariantCulture, $"<div>{WebUtility.HtmlEncode(line)}</div>");
        }

        html.Append("</section>\n");
    }

    static void Cell(StringBuilder html, string text, bool isNumber) =>
        html.Append(isNumber ? "<td class=\"n\">" : "<td>").Append(WebUtility.HtmlEncode(text)).Append("</td>");
}
