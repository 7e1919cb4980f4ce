using System.Buffers.Binary;

namespace Sahab.Server.Hosting;

/// <summary>
/// Ids as people and programs see them: a word for the kind, an underscore, and the 26 characters of a UUID in
/// Crockford's base 32, lower case. They sort as the UUIDs do, which for UUIDv7 is by creation.
/// </summary>
internal static class PublicId
{
    /// <summary>The characters after the underscore: 26 × 5 bits hold 128, the first two being 0.</summary>
    public const int Digits = 26;

    const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    /// <summary>The id of a kind: <c>Make("org", id)</c> is <c>org_01hzy3…</c>.</summary>
    public static string Make(string kind, Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        var rest = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        Span<char> digits = stackalloc char[Digits];
        for (var place = Digits - 1; place >= 0; place--)
        {
            digits[place] = Alphabet[(int)(rest & 31)];
            rest >>= 5;
        }

        return string.Concat(kind, "_", digits);
    }

    /// <summary>
    /// Reads what <see cref="Make"/> wrote, and nothing else: there is one way to write an id, so that two texts never
    /// mean the same.
    /// </summary>
    public static bool TryParse(string kind, ReadOnlySpan<char> text, out Guid id)
    {
        id = default;
        if (text.Length != kind.Length + 1 + Digits || !text.StartsWith(kind, StringComparison.Ordinal)
            || text[kind.Length] != '_' || text[kind.Length + 1] > '7')
        {
            return false;
        }

        UInt128 value = 0;
        foreach (var character in text[(kind.Length + 1)..])
        {
            var digit = Alphabet.IndexOf(character, StringComparison.Ordinal);
            if (digit < 0)
            {
                return false;
            }

            value = (value << 5) | (uint)digit;
        }

        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, value);
        id = new Guid(bytes, bigEndian: true);
        return true;
    }
}
