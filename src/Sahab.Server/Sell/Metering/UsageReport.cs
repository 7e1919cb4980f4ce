using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Sahab.Ledger.Money;
using Sahab.Ledger.Rating;

namespace Sahab.Server.Sell.Metering;

/// <summary>
/// Answers about usage as JSON and CSV. Money is text, because JSON's numbers are not exact everywhere.
/// </summary>
internal static class UsageReport
{
    static readonly string[] Figures =
    [
        "calls", "attempts", "failed", "estimated", "prompt_tokens", "cached_tokens", "cache_write_tokens",
        "cache_write_1h_tokens", "output_tokens", "reasoning_tokens", "cost_usd",
    ];

    public static JsonObject ToJson(UsageQuestion question, IReadOnlyList<UsageTotal> totals)
    {
        var data = new JsonArray();
        foreach (var total in totals)
        {
            var row = new JsonObject();
            for (var i = 0; i < question.By.Count; i++)
            {
                row[UsageQuestion.NameOf(question.By[i])] = total.Group[i];
            }

            row["calls"] = total.Calls;
            row["attempts"] = total.Attempts;
            row["failed"] = total.Failed;
            row["estimated"] = total.Estimated;
            row["tokens"] = Tokens(new TokenUsage(
                total.PromptTokens, total.CachedTokens, total.OutputTokens, total.ReasoningTokens)
            {
                CacheWriteTokens = total.CacheWriteTokens,
                CacheWrite1hTokens = total.CacheWrite1hTokens,
            });
            AddCost(row, total.CostUsd);
            data.Add(row);
        }

        return new JsonObject
        {
            ["object"] = "list",
            ["by"] = new JsonArray([.. question.By.Select(by => (JsonNode)UsageQuestion.NameOf(by))]),
            ["from"] = Time(question.Query.From),
            ["to"] = Time(question.Query.To),
            ["data"] = data,
            ["truncated"] = totals.Count == UsageStore.MaxGroups,
        };
    }

    public static JsonObject ToJson(IReadOnlyList<UsageEvent> events, int limit)
    {
        var data = new JsonArray();
        foreach (var usage in events)
        {
            data.Add(ToJson(usage));
        }

        string? next = null;
        if (events.Count == limit)
        {
            next = EventMark.Of(events[^1]).ToString();
        }

        return new JsonObject { ["object"] = "list", ["data"] = data, ["next"] = next };
    }

    public static JsonObject ToJson(IReadOnlyList<AccountBalance> balances)
    {
        var data = new JsonArray();
        foreach (var balance in balances)
        {
            data.Add(new JsonObject
            {
                ["account"] = balance.Account,
                ["balance_nano_usd"] = NanoText(balance.Usd),
                ["balance_usd"] = UsdText(balance.Usd),
                ["postings"] = balance.Postings,
            });
        }

        return new JsonObject
        {
            ["object"] = "list",
            ["data"] = data,
            ["sum_nano_usd"] = NanoText(balances.Sum(balance => balance.Usd)),
        };
    }

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

    static JsonObject ToJson(UsageEvent usage)
    {
        var row = new JsonObject
        {
            ["id"] = usage.EventId.ToString(),
            ["call_id"] = usage.CallId.ToString(),
            ["attempt"] = usage.Attempt,
            ["started_at"] = Time(usage.StartedAt),
            ["duration_ms"] = usage.Duration.TotalMilliseconds,
            ["first_token_ms"] = usage.FirstToken?.TotalMilliseconds,
            ["tenant"] = usage.Tenant,
            ["key"] = usage.Key,
            ["model"] = usage.Model,
            ["deployment"] = usage.Deployment,
            ["provider"] = usage.Provider,
            ["region"] = usage.Region,
            ["country"] = usage.Country,
            ["operation"] = usage.Operation,
            ["service_tier"] = usage.ServiceTier,
            ["outcome"] = SnakeCase(usage.Outcome),
            ["upstream_status"] = usage.UpstreamStatus,
            ["upstream_request_id"] = usage.UpstreamRequestId,
            ["flags"] = Flags(usage.Flags),
            ["tokens"] = Tokens(usage.Usage),
        };
        AddCost(row, usage.Cost().ToUsd());
        return row;
    }

    static JsonArray Flags(UsageFlags flags)
    {
        var names = new JsonArray();
        foreach (var flag in Enum.GetValues<UsageFlags>())
        {
            if (flag != UsageFlags.None && flags.HasFlag(flag))
            {
                names.Add((JsonNode)SnakeCase(flag));
            }
        }

        return names;
    }

    static string SnakeCase<T>(T value)
        where T : struct, Enum =>
        System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    static JsonObject Tokens(in TokenUsage usage) => new()
    {
        ["prompt"] = usage.PromptTokens,
        ["cached"] = usage.CachedTokens,
        ["cache_write"] = usage.CacheWriteTokens,
        ["cache_write_1h"] = usage.CacheWrite1hTokens,
        ["output"] = usage.OutputTokens,
        ["reasoning"] = usage.ReasoningTokens,
        ["total"] = usage.TotalTokens,
    };

    static void AddCost(JsonObject row, decimal usd)
    {
        row["cost_nano_usd"] = NanoText(usd);
        row["cost_usd"] = UsdText(usd);
    }

    static string NanoText(decimal usd) =>
        decimal.Truncate(usd * NanoUsd.PerUsd).ToString("0", CultureInfo.InvariantCulture);

    static string? Time(DateTimeOffset? time) =>
        time?.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFZ", CultureInfo.InvariantCulture);
}
