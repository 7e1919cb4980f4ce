using System.Buffers;
using System.Globalization;
using System.Text;

namespace Sahab.Wire.Json;

/// <summary>The place of a string's text in a JSON document, without its quotes.</summary>
readonly record struct JsonText(int Start, int Length, bool HasEscapes)
{
    /// <summary>The longest form that one byte of text can take in JSON: <c>\u0041</c>.</summary>
    public const int MaxEscapedLength = 6;

    public ReadOnlySpan<byte> Raw(ReadOnlySpan<byte> document) => document.Slice(Start, Length);

    /// <summary>
    /// Whether the text, unescaped, equals an expected one. The common case has no escape and compares.
    /// </summary>
    public bool Is(ReadOnlySpan<byte> document, ReadOnlySpan<byte> expected)
    {
        if (!HasEscapes)
        {
            return Length == expected.Length && document.Slice(Start, Length).SequenceEqual(expected);
        }

        return Length <= expected.Length * MaxEscapedLength && EscapedEquals(document, expected);
    }

    /// <summary>
    /// Unescapes into <paramref name="destination"/>. False when it does not fit, or holds half a surrogate pair.
    /// </summary>
    public bool TryUnescape(ReadOnlySpan<byte> document, Span<byte> destination, out int written)
    {
        ReadOnlySpan<byte> source = Raw(document);
        written = 0;
        while (!source.IsEmpty)
        {
            int plain = source.IndexOf((byte)'\\');
            int copied = plain < 0 ? source.Length : plain;
            if (copied > destination.Length - written)
            {
                return false;
            }

            source[..copied].CopyTo(destination[written..]);
            written += copied;
            source = source[copied..];
            if (!source.IsEmpty && !TryUnescapeOne(ref source, destination, ref written))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The text as a string; whatever is not valid Unicode becomes U+FFFD.</summary>
    public string Decode(ReadOnlySpan<byte> document)
    {
        if (!HasEscapes)
        {
            return Encoding.UTF8.GetString(Raw(document));
        }

        byte[] scratch = ArrayPool<byte>.Shared.Rent(Length);
        try
        {
            return TryUnescape(document, scratch, out int written)
                ? Encoding.UTF8.GetString(scratch, 0, written)
                : Encoding.UTF8.GetString(Raw(document));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(scratch);
        }
    }

    bool EscapedEquals(ReadOnlySpan<byte> document, ReadOnlySpan<byte> expected)
    {
        Span<byte> plain = stackalloc byte[64];
        return expected.Length <= plain.Length
            && TryUnescape(document, plain[..expected.Length], out int written)
            && plain[..written].SequenceEqual(expected);
    }

    static bool TryUnescapeOne(ref ReadOnlySpan<byte> source, Span<byte> destination, ref int written)
    {
        Rune rune;
        if (source[1] != (byte)'u')
        {
            rune = new Rune((char)Simple(source[1]));
            source = source[2..];
        }
        else
        {
            var high = (char)Hex(source.Slice(2, 4));
            source = source[6..];
            if (!char.IsSurrogate(high))
            {
                rune = new Rune(high);
            }
            else if (source.Length >= 6 && source[0] == (byte)'\\' && source[1] == (byte)'u'
                && Rune.TryCreate(high, (char)Hex(source.Slice(2, 4)), out rune))
            {
                source = source[6..];
            }
            else
            {
                return false;
            }
        }

        if (!rune.TryEncodeToUtf8(destination[written..], out int length))
        {
            return false;
        }

        written += length;
        return true;
    }

    static byte Simple(byte escape) => escape switch
    {
        (byte)'b' => 8,
        (byte)'t' => 9,
        (byte)'n' => 10,
        (byte)'f' => 12,
        (byte)'r' => 13,
        _ => escape,
    };

    static int Hex(ReadOnlySpan<byte> digits) =>
        int.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
