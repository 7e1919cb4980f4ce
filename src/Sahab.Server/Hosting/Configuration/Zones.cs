using System.Collections.Frozen;
using System.Collections.Immutable;
using Sahab.Routing.Requests;

namespace Sahab.Server.Hosting.Configuration;

/// <summary>Sets of countries by name: those that everybody knows, and those of the file, which come first.</summary>
internal static class Zones
{
    static readonly string[] Union =
    [
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
        "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
    ];

    /// <summary>The European Union, the European Economic Area, and others, by their usual names.</summary>
    public static FrozenDictionary<string, string[]> WellKnown { get; } = new Dictionary<string, string[]>
    {
        ["eu"] = Union,
        ["eea"] = [.. Union, "IS", "LI", "NO"],
        ["nordics"] = ["DK", "FI", "IS", "NO", "SE"],
        ["dach"] = ["AT", "CH", "DE"],
        ["gcc"] = ["AE", "BH", "KW", "OM", "QA", "SA"],
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The countries of a zone; null: there is none of that name.</summary>
    public static IReadOnlyList<string>? Find(SahabConfig config, string name) =>
        config.Zones.TryGetValue(name, out var own) ? own : WellKnown.GetValueOrDefault(name);

    /// <summary>Whether it is the name of a zone or a country's code.</summary>
    public static bool Knows(SahabConfig config, string place) => Countries.Contains(place) || Find(config, place) is not null;

    /// <summary>The names of all zones.</summary>
    public static IEnumerable<string> NamesOf(SahabConfig config) =>
        config.Zones.Keys.Union(WellKnown.Keys).Order(StringComparer.Ordinal);

    /// <summary>The countries of places. One that is not known is none: a rule that nobody understands opens nothing.</summary>
    public static PlaceSet Resolve(SahabConfig config, IEnumerable<string>? places)
    {
        if (places is null)
        {
            return PlaceSet.All;
        }

        var codes = new List<CountryCode>();
        var words = new List<string>();
        foreach (var place in places)
        {
            if (Countries.Contains(place))
            {
                codes.Add(CountryCode.Parse(place));
                words.Add(place);
            }
            else
            {
                codes.AddRange((Find(config, place) ?? []).Select(code => CountryCode.Parse(code)));
                words.Add($"zone {place}");
            }
        }

        return new PlaceSet(CountrySet.FromCodes(codes), string.Join(", ", words));
    }
}

/// <summary>Countries, and the words that an operator or a tenant has for them.</summary>
/// <param name="Words">As they were written; empty: all countries.</param>
internal sealed record PlaceSet(CountrySet Countries, string Words)
{
    public static PlaceSet All { get; } = new(CountrySet.All, "");

    public bool IsAll => Countries.IsAll;

    public bool Contains(string? country) =>
        IsAll || (CountryCode.TryParse(country, out var code) && Countries.Contains(code));

    /// <summary>What is in both.</summary>
    public PlaceSet And(PlaceSet other) => IsAll ? other : other.IsAll || other.Words == Words ? this
        : new PlaceSet(Countries.And(other.Countries), $"{Words} and {other.Words}");
}
