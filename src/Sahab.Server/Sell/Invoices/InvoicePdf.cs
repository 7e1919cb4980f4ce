using System.Text.Json.Nodes;

namespace Sahab.Server.Sell.Invoices;

/// <summary>A document as PDF 1.7 on A4.</summary>
internal static class InvoicePdf
{
    const double Left = 50;
    const double Right = PdfPages.Width - 50;
    const double Bottom = 70;
    const double LineHeight = 13;
    const int MaxText = 62;

    /// <summary>Where the columns of numbers end.</summary>
    static readonly (double Quantity, double Price, double Amount) Ends = (390, 460, Right);

    public static byte[] Write(JsonNode document)
    {
        var title = InvoiceHtml.TitleOf(document);
        var pages = new PdfPages(title);
        var top = PdfPages.Height - 60;
        pages.Text(Left, top, 18, true, title);
        var at = top;
        foreach (var (name, value) in InvoiceHtml.FactsOf(document))
        {
            pages.TextToRight(Right, at, 9, false, $"{name}: {value}");
            at -= LineHeight;
        }

        var start = Math.Min(at, top - 2 * LineHeight) - LineHeight;
        at = Math.Min(
            Party(pages, Left, start, "From", document["seller"]!), Party(pages, 310, start, "To", document["customer"]!));
        at = Heads(pages, at - LineHeight);
        foreach (var line in document["lines"]!.AsArray())
        {
            var texts = Wrapped($"{line!["line"]}. {line["text"]}").ToList();
            if (at - (texts.Count * LineHeight) < Bottom)
            {
                pages.NewPage();
                at = Heads(pages, PdfPages.Height - 60);
            }

            pages.TextToRight(Ends.Quantity, at, 8, false, InvoiceHtml.QuantityOf(line));
            pages.TextToRight(Ends.Price, at, 8, false, line["price_usd_per_million"]?.ToString() ?? "");
            pages.TextToRight(Ends.Amount, at, 8, false, line["amount_usd"]!.ToString());
            foreach (var text in texts)
            {
                pages.Text(Left, at, 8, false, text);
                at -= LineHeight;
            }
        }

        if (at - (4 * LineHeight) < Bottom)
        {
            pages.NewPage();
            at = PdfPages.Height - 60;
        }

        pages.Rule(Left, Right, at + 4);
        pages.Text(Left, at - LineHeight, 11, true, "Total");
        pages.TextToRight(Right, at - LineHeight, 11, true, $"USD {InvoiceHtml.TotalOf(document)}");
        at -= 3 * LineHeight;
        foreach (var note in Wrapped(document["tax_note"]?.ToString() ?? "", 110))
        {
            pages.Text(Left, at, 8, false, note);
            at -= LineHeight;
        }

        return pages.ToBytes();
    }

    static double Party(PdfPages pages, double left, double at, string role, JsonNode party)
    {
        pages.Text(left, at, 9, true, role);
        foreach (var line in InvoiceHtml.LinesOf(party))
        {
            at -= LineHeight;
            pages.Text(left, at, 9, false, line.Length > 48 ? line[..47] + "\u2026" : line);
        }

        return at - LineHeight;
    }

    static double Heads(PdfPages pages, double at)
    {
        pages.Text(Left, at, 8, true, "What");
        pages.TextToRight(Ends.Quantity, at, 8, true, "Quantity");
        pages.TextToRight(Ends.Price, at, 8, true, "USD per million");
        pages.TextToRight(Ends.Amount, at, 8, true, "USD");
        pages.Rule(Left, Right, at - 4);
        return at - 4 - LineHeight;
    }

    /// <summary>A text in lines of so many characters, broken at blanks where there are any.</summary>
    static IEnumerable<string> Wrapped(string text, int most = MaxText)
    {
        while (text.Length > most)
        {
            var at = text.LastIndexOf(' ', most);
            at = at > most / 2 ? at : most;
            yield return text[..at];
            text = text[at..].TrimStart();
        }

        if (text.Length > 0)
        {
            yield return text;
        }
    }
}
