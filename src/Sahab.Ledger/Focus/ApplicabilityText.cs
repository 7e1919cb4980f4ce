using Sahab.Ledger.Contracts;
using static Sahab.Ledger.Focus.FocusText;

namespace Sahab.Ledger.Focus;

/// <summary>To what a clause applies, as FOCUS 1.4 writes it. Dimensions are the columns that we write in CostAndUsage.</summary>
static class ApplicabilityText
{
    const string Complex = """{"IsComplexScope": true}""";

    /// <summary>What FOCUS cannot express is said to be complex: that is less, and not wrong.</summary>
    /// <param name="uses">Which uses.</param>
    /// <param name="excluded">Which of them not after all.</param>
    /// <param name="isCapped">Whether some count up to a part only, which a fraction of each charge is not.</param>
    public static string Of(Selector uses, ValueList<Selector> excluded, bool isCapped)
    {
        var exclusions = excluded.Select(RulesOf).ToList();
        if (isCapped || exclusions.Exists(rules => rules.Count == 0)
            || (exclusions.Count > 1 && exclusions.Exists(rules => rules.Count > 1)))
        {
            return Complex;
        }

        var inclusions = RulesOf(uses);
        var included = inclusions.Count == 0
            ? "\"IsGlobalScope\": true"
            : $"\"InclusionOperator\": \"And\", \"Inclusions\": [{string.Join(", ", inclusions)}]";
        // Several selectors exclude what matches any; one excludes what matches all of its lists.
        var combination = exclusions is [{ Count: > 1 }] ? "And" : "Or";
        return exclusions.Count == 0
            ? $"{{{included}}}"
            : $"{{{included}, \"ExclusionOperator\": \"{combination}\", "
                + $"\"Exclusions\": [{string.Join(", ", exclusions.SelectMany(rules => rules))}]}}";
    }

    static List<string> RulesOf(Selector selector)
    {
        var rules = new List<string>();
        Add(rules, "ServiceName", selector.Services);
        Add(rules, "ResourceId", selector.Deployments);
        Add(rules, "x_Model", selector.Models);
        Add(rules, "RegionId", selector.Regions);
        Add(rules, "x_Country", selector.Countries);
        return rules;
    }

    static void Add(List<string> rules, string dimension, ValueList<string> values)
    {
        if (values.Count > 0)
        {
            var list = string.Join(", ", values.Select(Quoted));
            rules.Add($"{{\"Dimension\": \"{dimension}\", \"Operator\": \"In\", \"Values\": [{list}]}}");
        }
    }
}
