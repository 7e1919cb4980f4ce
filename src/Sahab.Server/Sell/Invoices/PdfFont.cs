using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Sahab.Server.Sell.Invoices;

/// <summary>The part of a font that a document uses, as objects of PDF. The same texts make the same objects.</summary>
internal sealed class PdfFont(TrueTypeFont font)
{
    const string Name = "DejaVuSans";

    /// <summary>In the order in which they were needed: their places are their numbers in the document.</summary>
    readonly List<int> _glyphs = [0];
    readonly List<int> _widths = [font.WidthOf(0)];
    readonly Dictionary<(int Glyph, string Written), int> _numbers = [];
    readonly Dictionary<int, string> _written = [];

    public bool IsUsed => _glyphs.Count > 1;

    /// <summary>Characters as numbers of glyphs, in hexadecimal; what the font has not is a question mark.</summary>
    public string Encoded(IReadOnlyList<PrintedCharacter> text)
    {
        var encoded = new StringBuilder(text.Count * 4);
        foreach (var each in text)
        {
            var glyph = GlyphOf(each);
            if (!_numbers.TryGetValue((glyph, each.Written), out var number))
            {
                _numbers[(glyph, each.Written)] = number = _glyphs.Count;
                _glyphs.Add(glyph);
                _widths.Add(WidthOf(each));
                _written[number] = each.Written;
            }

            encoded.Append(CultureInfo.InvariantCulture, $"{number:X4}");
        }

        return encoded.ToString();
    }

    /// <summary>How wide a text is, in thousandths of the size.</summary>
    public int WidthOf(IReadOnlyList<PrintedCharacter> text) => text.Sum(WidthOf);

    /// <summary>The objects of the font, the first of which pages name.</summary>
    /// <param name="first">The number of the first.</param>
    public List<string> Objects(int first)
    {
        var program = font.With(_glyphs);
        var name = $"{TagOf(program)}+{Name}";
        return
        [
            $"<< /Type /Font /Subtype /Type0 /BaseFont /{name} /Encoding /Identity-H "
                + $"/DescendantFonts [{first + 1} 0 R] /ToUnicode {first + 3} 0 R >>",
            $"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /{name} /CIDToGIDMap /Identity "
                + "/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> "
                + $"/FontDescriptor {first + 2} 0 R /DW 600 /W [0 [{string.Join(' ', _widths)}]] >>",
            $"<< /Type /FontDescriptor /FontName /{name} /Flags 4 /FontBBox [-1021 -463 1793 1232] /ItalicAngle 0 "
                + $"/Ascent 928 /Descent -236 /CapHeight 730 /StemV 80 /FontFile2 {first + 4} 0 R >>",
            StreamOf(ToUnicode(), ""),
            StreamOf(Encoding.Latin1.GetString(program), $" /Length1 {program.Length}"),
        ];
    }

    int WidthOf(PrintedCharacter each) => each.Character == PrintedText.Nothing ? 0 : font.WidthOf(GlyphOf(each));

    int GlyphOf(PrintedCharacter each) => each.Character == PrintedText.Nothing ? font.GlyphOf(' ')
        : font.GlyphOf(each.Character) is var glyph and not 0 ? glyph : font.GlyphOf('?');

    /// <summary>What was written for each glyph, for whoever copies text or searches for it.</summary>
    string ToUnicode()
    {
        var map = new StringBuilder(
            "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CIDSystemInfo << /Registry (Adobe) "
            + "/Ordering (UCS) /Supplement 0 >> def\n/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
            + "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n");

        // At most a hundred in a part, as the format has it.
        foreach (var part in _written.OrderBy(pair => pair.Key).Chunk(100))
        {
            map.Append(CultureInfo.InvariantCulture, $"{part.Length} beginbfchar\n");
            foreach (var (number, written) in part)
            {
                map.Append(
                    CultureInfo.InvariantCulture,
                    $"<{number:X4}> <{Convert.ToHexString(Encoding.BigEndianUnicode.GetBytes(written))}>\n");
            }

            map.Append("endbfchar\n");
        }

        return map.Append("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n").ToString();
    }

    /// <summary>Every character is one byte.</summary>
    static string StreamOf(string content, string entries) =>
        $"<< /Length {content.Length}{entries} >>\nstream\n{content}\nendstream";

    /// <summary>Six letters that tell parts of one font apart.</summary>
    static string TagOf(byte[] program) =>
        string.Concat(SHA256.HashData(program).Take(6).Select(part => (char)('A' + (part % 26))));
}
