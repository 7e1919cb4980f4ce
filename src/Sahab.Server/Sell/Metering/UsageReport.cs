using System.Globalization;
using System.Text;

namespace Sahab.Server.Sell.Metering;

/// <summary>Answers about usage as CSV; as JSON, see <see cref="UsageAnswer"/>.</summary>
internal static class UsageReport
{
    static readonly string[] Figures =
    [
        "calls", "attempts", "failed", "estimated", "prompt_tokens", "cached_tokens", "cache_write_tokens",
        "cache_write_1h_tokens", "output_tokens", "reasoning_tokens", "cost_usd",
    ];

    public static string ToCsv(IReadOnlyList<UsageDimension> by, IReadOnlyList<UsageTotal> totals)
    {
        var csv = new StringBuilder();
        csv.AppendJoin(',', by.Select(UsageQuestion.NameOf).Concat(Figures)).Append("\r\n");
        foreach (var total in totals)
        {
            csv.AppendJoin(',', total.Group.Select(CsvField).Concat(FiguresOf(total))).Append("\r\n");
        }

        return csv.ToString();
    }

    /// <summary>Dollars with nine decimals, which is exact.</summary>
    public static string UsdText(decimal usd) => usd.ToString("0.000000000", CultureInfo.InvariantCulture);

    static IEnumerable<string> FiguresOf(UsageTotal total)
    {
        long[] counts =
        [
            total.Calls, total.Attempts, total.Failed, total.Estimated, total.PromptTokens, total.CachedTokens,
            total.CacheWriteTokens, total.CacheWrite1hTokens, total.OutputTokens, total.ReasoningTokens,
        ];
        return counts.Select(count => count.ToString(CultureInfo.InvariantCulture)).Append(UsdText(total.CostUsd));
    }

    /// <summary>Quoted where needed; and text that a spreadsheet would take for a formula is made plain text.</summary>
    static string CsvField(string text)
    {
        var plain = text.Length > 0 && "=+-@\t\r".Contains(text[0], StringComparison.Ordinal) ? "'" + text : text;
        return plain.AsSpan().ContainsAny(",\"\r\n")
            ? "\"" + plain.Replace("\"", "\"\"", StringComparison.Ordinal) + "\""
            : plain;
    }
}
