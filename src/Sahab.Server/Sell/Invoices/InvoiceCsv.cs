using System.Text;
using System.Text.Json.Nodes;

namespace Sahab.Server.Sell.Invoices;

/// <summary>The lines of a document as CSV.</summary>
internal static class InvoiceCsv
{
    static readonly string[] Columns =
    [
        "line", "kind", "month", "project", "model", "service_tier", "plan", "meter", "quantity", "unit",
        "price_usd_per_million", "amount_usd", "text",
    ];

    public static string Write(JsonNode document)
    {
        var csv = new StringBuilder("number,").AppendJoin(',', Columns).Append("\r\n");
        var number = document["number"]?.ToString() ?? "draft";
        foreach (var line in document["lines"]!.AsArray())
        {
            csv.Append(number).Append(',')
                .AppendJoin(',', Columns.Select(column => Field(line![column]?.ToString() ?? ""))).Append("\r\n");
        }

        return csv.ToString();
    }

    /// <summary>Quoted where needed; and text that a spreadsheet would take for a formula is made plain text.</summary>
    public static string Field(string text)
    {
        var isNumber = decimal.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out _);
        var plain = !isNumber && text.Length > 0 && "=+-@\t\r".Contains(text[0], StringComparison.Ordinal) ? "'" + text : text;
        return plain.AsSpan().ContainsAny(",\"\r\n")
            ? "\"" + plain.Replace("\"", "\"\"", StringComparison.Ordinal) + "\""
            : plain;
    }
}
