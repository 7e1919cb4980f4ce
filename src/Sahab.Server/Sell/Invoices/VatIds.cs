using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace Sahab.Server.Sell.Invoices;

/// <summary>
/// How VAT ids are written, by the country that gives them: whether one is in use, only that country's register knows.
/// Sources: the European Commission's list for VIES (EU and Northern Ireland), HMRC (GB), Brønnøysundregistrene (NO), the
/// Swiss UID register (CH).
/// </summary>
internal static class VatIds
{
    static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    static readonly FrozenDictionary<string, (string Example, string Pattern)> Forms =
        new Dictionary<string, (string Example, string Pattern)>
        {
            ["AT"] = ("ATU12345678", @"ATU\d{8}"),
            ["BE"] = ("BE0123456789", @"BE[01]\d{9}"),
            ["BG"] = ("BG123456789", @"BG\d{9,10}"),
            ["CH"] = ("CHE123456789MWST", @"CHE\d{9}(MWST|TVA|IVA)?"),
            ["CY"] = ("CY12345678L", @"CY\d{8}[A-Z]"),
            ["CZ"] = ("CZ12345678", @"CZ\d{8,10}"),
            ["DE"] = ("DE123456789", @"DE\d{9}"),
            ["DK"] = ("DK12345678", @"DK\d{8}"),
            ["EE"] = ("EE123456789", @"EE\d{9}"),
            ["ES"] = ("ESX1234567X", @"ES[A-Z0-9]\d{7}[A-Z0-9]"),
            ["FI"] = ("FI12345678", @"FI\d{8}"),
            ["FR"] = ("FRXX123456789", @"FR[A-Z0-9]{2}\d{9}"),
            ["GB"] = ("GB123456789", @"GB(\d{9}|\d{12}|GD\d{3}|HA\d{3})|XI(\d{9}|\d{12})"),
            ["GR"] = ("EL123456789", @"EL\d{9}"),
            ["HR"] = ("HR12345678901", @"HR\d{11}"),
            ["HU"] = ("HU12345678", @"HU\d{8}"),
            ["IE"] = ("IE1234567AB", @"IE\d[A-Z0-9+*]\d{5}[A-Z]{1,2}"),
            ["IT"] = ("IT12345678901", @"IT\d{11}"),
            ["LT"] = ("LT123456789", @"LT(\d{9}|\d{12})"),
            ["LU"] = ("LU12345678", @"LU\d{8}"),
            ["LV"] = ("LV12345678901", @"LV\d{11}"),
            ["MT"] = ("MT12345678", @"MT\d{8}"),
            ["NL"] = ("NL123456789B12", @"NL[A-Z0-9+*]{12}"),
            ["NO"] = ("NO123456789MVA", @"(NO)?\d{9}(MVA)?"),
            ["PL"] = ("PL1234567890", @"PL\d{10}"),
            ["PT"] = ("PT123456789", @"PT\d{9}"),
            ["RO"] = ("RO1234567890", @"RO\d{2,10}"),
            ["SE"] = ("SE123456789012", @"SE\d{12}"),
            ["SI"] = ("SI12345678", @"SI\d{8}"),
            ["SK"] = ("SK1234567890", @"SK\d{10}"),
        }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Whether a text may be a VAT id of a country; of a country that is not listed, any may.</summary>
    public static bool Fits(string country, string text) =>
        !Forms.TryGetValue(country, out var form) || Regex.IsMatch(
            text.Replace(" ", "", StringComparison.Ordinal).Replace(".", "", StringComparison.Ordinal)
                .Replace("-", "", StringComparison.Ordinal),
            $"^({form.Pattern})$", RegexOptions.CultureInvariant, Longest);

    /// <summary>How one of a listed country is written.</summary>
    public static string Describe(string country) => $"It is written as {Forms[country].Example}.";
}
