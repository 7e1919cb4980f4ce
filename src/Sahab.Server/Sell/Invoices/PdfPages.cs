using System.Globalization;
using System.Text;

namespace Sahab.Server.Sell.Invoices;

/// <summary>
/// Pages of text and rules in PDF 1.7. Texts in Windows Latin 1 are in the standard fonts Helvetica and Helvetica-Bold, which
/// every reader has; any other text is in a font of which the document holds what it needs.
/// </summary>
internal sealed class PdfPages(string title)
{
    /// <summary>A4, in points.</summary>
    public const double Width = 595.28;

    /// <summary>A4, in points.</summary>
    public const double Height = 841.89;

    /// <summary>The widths of Helvetica from the blank to the tilde, in thousandths of the size.</summary>
    static readonly int[] Widths =
    [
        278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556, 556,
        556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
        667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556,
        556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
    ];

    /// <summary>The built-in font looks as large as Helvetica at this part of its size.</summary>
    const double FontScale = 0.92;

    readonly List<StringBuilder> _pages = [new()];
    readonly PdfFont _font = new(TrueTypeFont.Sans);

    public void NewPage() => _pages.Add(new StringBuilder());

    public void Text(double x, double y, double size, bool isBold, string text)
    {
        if (IsLatin(text))
        {
            _pages[^1].Append(
                CultureInfo.InvariantCulture,
                $"BT /F{(isBold ? 2 : 1)} {size:0.##} Tf {x:0.##} {y:0.##} Td ({Escaped(text)}) Tj ET\n");
            return;
        }

        // There is one weight; a line about each letter makes it bold.
        _pages[^1].Append(
            CultureInfo.InvariantCulture,
            $"BT /F3 {size * FontScale:0.##} Tf {(isBold ? "2 Tr 0.3 w" : "0 Tr")} {x:0.##} {y:0.##} Td "
            + $"<{_font.Encoded(PrintedText.Of(text))}> Tj 0 Tr ET\n");
    }

    /// <summary>Text that ends at a place.</summary>
    public void TextToRight(double x, double y, double size, bool isBold, string text)
    {
        if (text.Length > 0)
        {
            var width = IsLatin(text)
                ? text.Sum(character => character is >= ' ' and <= '~' ? Widths[character - ' '] : 556)
                : _font.WidthOf(PrintedText.Of(text)) * FontScale;
            Text(x - (width * size / 1000), y, size, isBold, text);
        }
    }

    public void Rule(double from, double until, double y) => _pages[^1].Append(
        CultureInfo.InvariantCulture, $"0.5 w {from:0.##} {y:0.##} m {until:0.##} {y:0.##} l S\n");

    public byte[] ToBytes()
    {
        for (var i = 0; i < _pages.Count; i++)
        {
            var (x, text) = (Width - 50, $"Page {i + 1} of {_pages.Count}");
            _pages[i].Append(CultureInfo.InvariantCulture, $"BT /F1 8 Tf {x - (text.Length * 4.2):0.##} 35 Td ({text}) Tj ET\n");
        }

        List<string> objects =
        [
            "<< /Type /Catalog /Pages 2 0 R /Lang (en) /ViewerPreferences << /DisplayDocTitle true >> >>",
            $"<< /Type /Pages /Kids [{string.Join(' ', _pages.Select((_, index) => $"{6 + (index * 2)} 0 R"))}] "
                + $"/Count {_pages.Count} >>",
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
            $"<< /Title ({Escaped(title)}) /Producer (Sahab) >>",
        ];
        var isUsed = _font.IsUsed;
        var fonts = isUsed ? $" /F3 {objects.Count + 1 + (2 * _pages.Count)} 0 R" : "";
        foreach (var page in _pages)
        {
            objects.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {Width} {Height}] /Contents {objects.Count + 2} 0 R "
                + $"/Resources << /Font << /F1 3 0 R /F2 4 0 R{fonts} >> >> >>"));
            objects.Add($"<< /Length {page.Length} >>\nstream\n{page}endstream");
        }

        if (isUsed)
        {
            objects.AddRange(_font.Objects(objects.Count + 1));
        }

        return Assemble(objects);
    }

    static bool IsLatin(string text) => text.All(character =>
        character is >= ' ' and <= '~' or >= '\u00a0' and <= '\u00ff' or '\u2026');

    /// <summary>Every character is one byte, so that lengths are places.</summary>
    static byte[] Assemble(List<string> objects)
    {
        var pdf = new StringBuilder("%PDF-1.7\n%\u00e2\u00e3\u00cf\u00d3\n");
        var places = new List<int>();
        for (var i = 0; i < objects.Count; i++)
        {
            places.Add(pdf.Length);
            pdf.Append(CultureInfo.InvariantCulture, $"{i + 1} 0 obj\n{objects[i]}\nendobj\n");
        }

        var start = pdf.Length;
        pdf.Append(CultureInfo.InvariantCulture, $"xref\n0 {objects.Count + 1}\n0000000000 65535 f \n");
        foreach (var place in places)
        {
            pdf.Append(CultureInfo.InvariantCulture, $"{place:0000000000} 00000 n \n");
        }

        pdf.Append(CultureInfo.InvariantCulture, $"trailer\n<< /Size {objects.Count + 1} /Root 1 0 R /Info 5 0 R >>\n")
            .Append(CultureInfo.InvariantCulture, $"startxref\n{start}\n%%EOF\n");
        return Encoding.Latin1.GetBytes(pdf.ToString());
    }

    /// <summary>What Windows Latin 1 has not is a question mark.</summary>
    static string Escaped(string text)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (var character in text)
        {
            var known = character is >= ' ' and <= '~' or >= '\u00a0' and <= '\u00ff' ? character
                : character == '\u2026' ? '\u0085' : '?';
            if (known is '(' or ')' or '\\')
            {
                escaped.Append('\\');
            }

            escaped.Append(known);
        }

        return escaped.ToString();
    }
}
