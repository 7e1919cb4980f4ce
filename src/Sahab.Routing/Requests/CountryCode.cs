using System.Diagnostics.CodeAnalysis;

namespace Sahab.Routing.Requests;

/// <summary>
/// A country as ISO 3166-1 alpha-2 writes it: two letters, kept in upper case. The default value is "not known".
/// </summary>
public readonly record struct CountryCode : IParsable<CountryCode>
{
    /// <summary>How many different two-letter codes there can be.</summary>
    internal const int Combinations = 26 * 26;

    private readonly ushort _ordinal; // 0 is "not known", otherwise 1 + 26 * first + second

    private CountryCode(int index) => _ordinal = (ushort)(index + 1);

    /// <summary>Whether a country is named at all.</summary>
    public bool IsKnown => _ordinal != 0;

    /// <summary>Position among all codes, 0 to 675. Only for a known country.</summary>
    internal int Index => _ordinal - 1;

    /// <summary>Reads two ASCII letters in either case.</summary>
    /// <exception cref="FormatException">The text is not two letters.</exception>
    public static CountryCode Parse(ReadOnlySpan<char> text) =>
        TryParse(text, out var code)
            ? code
            : throw new FormatException($"'{text}' is not a country code: two letters such as NL are.");

    /// <summary>Reads two ASCII letters in either case.</summary>
    /// <exception cref="FormatException">The text is not two letters.</exception>
    public static CountryCode Parse(string s, IFormatProvider? provider = null) => Parse(s.AsSpan());

    /// <summary>Reads two ASCII letters in either case; false if the text is anything else.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out CountryCode code)
    {
        if (text.Length == 2 && char.IsAsciiLetter(text[0]) && char.IsAsciiLetter(text[1]))
        {
            code = new CountryCode((((text[0] | 0x20) - 'a') * 26) + ((text[1] | 0x20) - 'a'));
            return true;
        }

        code = default;
        return false;
    }

    /// <inheritdoc/>
    public static bool TryParse(
        [NotNullWhen(true)] string? s, IFormatProvider? provider, out CountryCode result) =>
        TryParse(s.AsSpan(), out result);

    /// <summary>The two letters, or <c>??</c> when not known.</summary>
    public override string ToString() => IsKnown
        ? string.Create(2, Index, static (span, index) =>
        {
            span[0] = (char)('A' + (index / 26));
            span[1] = (char)('A' + (index % 26));
        })
        : "??";
}
