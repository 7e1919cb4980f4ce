using System.Buffers.Binary;

namespace Sahab.Server.Sell.Invoices;

/// <summary>
/// A TrueType font: which glyph a character has, how wide it is, and a font of some of its glyphs. Of the format it reads
/// what the one font that is built in has.
/// </summary>
internal sealed class TrueTypeFont
{
    const string Resource = "fonts/DejaVuSans.ttf";

    /// <summary>Flags of a part of a glyph: its numbers are words, it has one scale, two or four, and more parts follow.</summary>
    const int WordArguments = 1;
    const int OneScale = 8;
    const int MoreParts = 32;
    const int TwoScales = 64;
    const int FourScales = 128;

    /// <summary>What a font within a PDF must have.</summary>
    static readonly string[] Kept = ["cvt ", "fpgm", "glyf", "head", "hhea", "hmtx", "loca", "maxp", "prep"];

    static readonly Lazy<TrueTypeFont> BuiltIn = new(() => new TrueTypeFont(Read()));

    readonly byte[] _data;
    readonly Dictionary<string, (int Offset, int Length)> _tables = new(StringComparer.Ordinal);
    readonly int _characters;
    readonly int _metrics;
    readonly int _unitsPerEm;
    readonly bool _longPlaces;

    TrueTypeFont(byte[] data)
    {
        _data = data;
        for (var i = 0; i < Word(4); i++)
        {
            var at = 12 + (16 * i);
            _tables[System.Text.Encoding.ASCII.GetString(data, at, 4)] = (Number(at + 8), Number(at + 12));
        }

        var map = _tables["cmap"].Offset;
        _characters = Enumerable.Range(0, Word(map + 2)).Select(i => map + Number(map + 8 + (8 * i)))
            .First(at => Word(at) == 12);
        _metrics = Word(_tables["hhea"].Offset + 34);
        _unitsPerEm = Word(_tables["head"].Offset + 18);
        _longPlaces = Word(_tables["head"].Offset + 50) == 1;
    }

    /// <summary>DejaVu Sans: Latin, Greek, Cyrillic, Armenian, Georgian, Hebrew, Arabic.</summary>
    public static TrueTypeFont Sans => BuiltIn.Value;

    /// <summary>The glyph of a character; 0: the font has none.</summary>
    public int GlyphOf(int character)
    {
        for (var i = 0; i < Number(_characters + 12); i++)
        {
            var at = _characters + 16 + (12 * i);
            if (character <= Number(at + 4))
            {
                return character < Number(at) ? 0 : Number(at + 8) + character - Number(at);
            }
        }

        return 0;
    }

    /// <summary>How wide a glyph is, in thousandths of the size.</summary>
    public int WidthOf(int glyph) =>
        Word(_tables["hmtx"].Offset + (4 * Math.Min(glyph, _metrics - 1))) * 1000 / _unitsPerEm;

    /// <summary>A font of these glyphs, numbered as they come. The first must be 0.</summary>
    public byte[] With(IReadOnlyList<int> glyphs)
    {
        var kept = glyphs.ToList();
        var (outlines, places, metrics) = (new MemoryStream(), new MemoryStream(), new MemoryStream());

        // What glyphs are made of is added at the end while they are written.
        for (var i = 0; i < kept.Count; i++)
        {
            Write(places, (int)outlines.Length);
            outlines.Write(Renumbered(OutlineOf(kept[i]), kept));
            outlines.Write(new byte[(4 - (int)(outlines.Length % 4)) % 4]);
            metrics.Write(_data, _tables["hmtx"].Offset + (4 * Math.Min(kept[i], _metrics - 1)), 4);
        }

        Write(places, (int)outlines.Length);
        var head = Table("head");
        BinaryPrimitives.WriteInt16BigEndian(head.AsSpan(50), 1);
        var hhea = Table("hhea");
        BinaryPrimitives.WriteUInt16BigEndian(hhea.AsSpan(34), (ushort)kept.Count);
        var maxp = Table("maxp");
        BinaryPrimitives.WriteUInt16BigEndian(maxp.AsSpan(4), (ushort)kept.Count);
        return Assemble(name => name switch
        {
            "head" => head,
            "hhea" => hhea,
            "maxp" => maxp,
            "glyf" => outlines.ToArray(),
            "loca" => places.ToArray(),
            "hmtx" => metrics.ToArray(),
            _ => Table(name),
        });
    }

    /// <summary>An outline in which the glyphs that it is made of have their new numbers.</summary>
    static byte[] Renumbered(byte[] outline, List<int> kept)
    {
        if (outline.Length == 0 || BinaryPrimitives.ReadInt16BigEndian(outline) >= 0)
        {
            return outline;
        }

        var (at, flags) = (10, MoreParts);
        while ((flags & MoreParts) != 0)
        {
            flags = BinaryPrimitives.ReadUInt16BigEndian(outline.AsSpan(at));
            var part = BinaryPrimitives.ReadUInt16BigEndian(outline.AsSpan(at + 2));
            var number = kept.IndexOf(part);
            if (number < 0)
            {
                number = kept.Count;
                kept.Add(part);
            }

            BinaryPrimitives.WriteUInt16BigEndian(outline.AsSpan(at + 2), (ushort)number);
            at += 4 + ((flags & WordArguments) != 0 ? 4 : 2)
                + ((flags & OneScale) != 0 ? 2 : (flags & TwoScales) != 0 ? 4 : (flags & FourScales) != 0 ? 8 : 0);
        }

        return outline;
    }

    static byte[] Assemble(Func<string, byte[]> table)
    {
        using var font = new MemoryStream();
        Write(font, 0x10000);
        var entries = 1 << (int)Math.Log2(Kept.Length);
        foreach (var word in (int[])[Kept.Length, entries * 16, (int)Math.Log2(entries), (Kept.Length - entries) * 16])
        {
            font.Write([(byte)(word >> 8), (byte)word]);
        }

        var at = 12 + (16 * Kept.Length);
        var tables = Kept.Select(name => (Name: name, Content: table(name))).ToList();
        foreach (var (name, content) in tables)
        {
            font.Write(System.Text.Encoding.ASCII.GetBytes(name));
            Write(font, (int)SumOf(content));
            Write(font, at);
            Write(font, content.Length);
            at += (content.Length + 3) / 4 * 4;
        }

        foreach (var (_, content) in tables)
        {
            font.Write(content);
            font.Write(new byte[(4 - (content.Length % 4)) % 4]);
        }

        return font.ToArray();
    }

    static uint SumOf(byte[] content)
    {
        var sum = 0u;
        for (var i = 0; i < content.Length; i++)
        {
            sum += (uint)content[i] << (24 - (8 * (i % 4)));
        }

        return sum;
    }

    static void Write(MemoryStream stream, int number)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, number);
        stream.Write(bytes);
    }

    static byte[] Read()
    {
        using var stream = typeof(TrueTypeFont).Assembly.GetManifestResourceStream(Resource)!;
        var data = new byte[stream.Length];
        stream.ReadExactly(data);
        return data;
    }

    byte[] OutlineOf(int glyph)
    {
        var places = _tables["loca"].Offset;
        var (from, until) = _longPlaces
            ? (Number(places + (4 * glyph)), Number(places + (4 * glyph) + 4))
            : (2 * Word(places + (2 * glyph)), 2 * Word(places + (2 * glyph) + 2));
        return _data[(_tables["glyf"].Offset + from)..(_tables["glyf"].Offset + until)];
    }

    byte[] Table(string name) => _data[_tables[name].Offset..(_tables[name].Offset + _tables[name].Length)];

    int Word(int at) => BinaryPrimitives.ReadUInt16BigEndian(_data.AsSpan(at));

    int Number(int at) => BinaryPrimitives.ReadInt32BigEndian(_data.AsSpan(at));
}
