using System.Text.Json;

namespace Sahab.Ledger.Focus;

/// <summary>What a commitment's applicability must be like (source: version 1.4). The text is a JSON object.</summary>
static class ApplicabilityRules
{
    static readonly string[] Operators =
    [
        "In", "NotIn", "StartsWith", "NotStartsWith", "Contains", "NotContains", "EndsWith", "Exists", "DoesNotExist",
    ];

    public static IReadOnlyList<(string What, string Sentence, Func<string, bool> Holds)> All { get; } =
    [
        ("one-scope", "It is not both of global and of complex scope.",
            text => Ask(text, of => !(Flag(of, "IsGlobalScope") && Flag(of, "IsComplexScope")))),
        ("inclusions", "It lists inclusions, and how they combine, unless its scope is global or complex; then it does not.",
            text => Ask(text, of => Flag(of, "IsGlobalScope") || Flag(of, "IsComplexScope")
                ? Items(of, "Inclusions").Count == 0 && !of.TryGetProperty("InclusionOperator", out _)
                : Items(of, "Inclusions").Count > 0 && of.TryGetProperty("InclusionOperator", out _))),
        ("combination", "Rules combine by And or Or.", text => Ask(text, of =>
            ((string[])["InclusionOperator", "ExclusionOperator"]).All(name => Text(of, name) is null or "And" or "Or"))),
        ("operators", "A rule names a dimension and an operator that FOCUS knows.", text => Ask(text, of => Rules(of)
            .All(rule => Text(rule, "Dimension") is { Length: > 0 } && Operators.Contains(Text(rule, "Operator"))))),
        ("values", "A rule has values; \"*\" stands alone, and is all that a rule about existence has.",
            text => Ask(text, of => Rules(of).All(AreValues))),
        ("fractions", "Fractions of cost and usage are from 0 to 1.", text => Ask(text, of => Rules(of).Append(of)
            .All(part => Fraction(part, "Cost") is >= 0 and <= 1 && Fraction(part, "Usage") is >= 0 and <= 1))),
    ];

    static bool Ask(string text, Func<JsonElement, bool> question)
    {
        using var document = JsonDocument.Parse(text);
        return question(document.RootElement);
    }

    static bool AreValues(JsonElement rule)
    {
        var values = Items(rule, "Values");
        var isAny = values.Any(value => value.ValueKind == JsonValueKind.String && value.GetString() == "*");
        return values.Count > 0 && values.All(value => value.ValueKind == JsonValueKind.String)
            && (!isAny || values.Count == 1)
            && (isAny || Text(rule, "Operator") is not ("Exists" or "DoesNotExist"));
    }

    static decimal? Fraction(JsonElement part, string key) =>
        part.ValueKind != JsonValueKind.Object || !part.TryGetProperty("Applicability", out var fractions) ? 1
        : fractions.ValueKind != JsonValueKind.Object ? null
        : !fractions.TryGetProperty(key, out var fraction) ? 1
        : fraction.ValueKind == JsonValueKind.Number && fraction.TryGetDecimal(out var number) ? number : null;

    static IEnumerable<JsonElement> Rules(JsonElement of) => Items(of, "Inclusions").Concat(Items(of, "Exclusions"));

    static bool Flag(JsonElement of, string name) =>
        of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    static string? Text(JsonElement of, string name) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var value)
            ? value.ValueKind == JsonValueKind.String ? value.GetString() : ""
            : null;

    static List<JsonElement> Items(JsonElement of, string name) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array
            ? [.. value.EnumerateArray()]
            : [];
}
