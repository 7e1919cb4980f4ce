using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sahab.Ledger.Money;
using Sahab.Ledger.Rating;

namespace Sahab.Server.Sell.Metering;

/// <summary>Usage by dimension and time. Money is text, because JSON's numbers are not exact everywhere.</summary>
/// <param name="By">The dimensions that it is told apart by: members of each part.</param>
/// <param name="Truncated">Whether there are more parts than are told.</param>
internal sealed record UsageAnswer(
    string Object, IReadOnlyList<string> By, string? From, string? To, IReadOnlyList<UsagePart> Data, bool Truncated)
{
    public static UsageAnswer Of(UsageQuestion question, IReadOnlyList<UsageTotal> totals) => new(
        "list", [.. question.By.Select(UsageQuestion.NameOf)], UsageText.Time(question.Query.From),
        UsageText.Time(question.Query.To), [.. totals.Select(total => UsagePart.Of(question, total))],
        totals.Count == UsageStore.MaxGroups);
}

/// <summary>A part of usage; of the dimensions, those that were asked for.</summary>
internal sealed record UsagePart
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Tenant { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Key { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Model { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Provider { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Region { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Country { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Deployment { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Operation { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ServiceTier { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Hour { get; init; }

    public required long Calls { get; init; }

    public required long Attempts { get; init; }

    public required long Failed { get; init; }

    public required long Estimated { get; init; }

    public required TokensAnswer Tokens { get; init; }

    public required string CostNanoUsd { get; init; }

    public required string CostUsd { get; init; }

    public static UsagePart Of(UsageQuestion question, UsageTotal total)
    {
        string? In(UsageDimension dimension) =>
            question.By.Index().Where(by => by.Item == dimension).Select(by => total.Group[by.Index]).FirstOrDefault();
        return new UsagePart
        {
            Tenant = In(UsageDimension.Tenant),
            Key = In(UsageDimension.Key),
            Model = In(UsageDimension.Model),
            Provider = In(UsageDimension.Provider),
            Region = In(UsageDimension.Region),
            Country = In(UsageDimension.Country),
            Deployment = In(UsageDimension.Deployment),
            Operation = In(UsageDimension.Operation),
            ServiceTier = In(UsageDimension.ServiceTier),
            Hour = In(UsageDimension.Hour),
            Calls = total.Calls,
            Attempts = total.Attempts,
            Failed = total.Failed,
            Estimated = total.Estimated,
            Tokens = TokensAnswer.Of(new TokenUsage(
                total.PromptTokens, total.CachedTokens, total.OutputTokens, total.ReasoningTokens)
            {
                CacheWriteTokens = total.CacheWriteTokens,
                CacheWrite1hTokens = total.CacheWrite1hTokens,
            }),
            CostNanoUsd = UsageText.Nano(total.CostUsd),
            CostUsd = UsageReport.UsdText(total.CostUsd),
        };
    }
}

/// <summary>Tokens by kind. Cached and cache-written ones are among those of the prompt, reasoning ones among the output.</summary>
internal sealed record TokensAnswer(
    long Prompt, long Cached, long CacheWrite, [property: JsonPropertyName("cache_write_1h")] long CacheWrite1h, long Output,
    long Reasoning, long Total)
{
    public static TokensAnswer Of(in TokenUsage usage) => new(
        usage.PromptTokens, usage.CachedTokens, usage.CacheWriteTokens, usage.CacheWrite1hTokens, usage.OutputTokens,
        usage.ReasoningTokens, usage.TotalTokens);
}

/// <summary>A usage event: an attempt at a deployment.</summary>
/// <param name="FirstTokenMs">Null: none came, or it did not stream.</param>
/// <param name="RevenueUsd">
/// What it was sold for, before volume discounts and free allowances; left out for who may not see sales.
/// </param>
/// <param name="UpstreamStatus">The status that the cloud answered with, and 0 where it did not.</param>
internal sealed record UsageEventAnswer(
    Guid Id, Guid CallId, int Attempt, string? StartedAt, double DurationMs, double? FirstTokenMs, string Tenant, string Key,
    string Model, string Deployment, string Provider, string Region, string Country, string Operation, string ServiceTier,
    string Outcome, int UpstreamStatus, string? UpstreamRequestId, IReadOnlyList<string> Flags, TokensAnswer Tokens,
    string CostNanoUsd, string CostUsd,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? RevenueNanoUsd = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? RevenueUsd = null)
{
    public static UsageEventAnswer Of(SoldCall priced, bool withSale)
    {
        var usage = priced.Usage;
        var (cost, revenue) = (usage.Cost().ToUsd(), priced.Amount.ToUsd());
        return new UsageEventAnswer(
            usage.EventId, usage.CallId, usage.Attempt, UsageText.Time(usage.StartedAt), usage.Duration.TotalMilliseconds,
            usage.FirstToken?.TotalMilliseconds, usage.Tenant, usage.Key, usage.Model, usage.Deployment, usage.Provider,
            usage.Region, usage.Country, usage.Operation, usage.ServiceTier, UsageText.SnakeCase(usage.Outcome),
            usage.UpstreamStatus, usage.UpstreamRequestId,
            [.. Enum.GetValues<UsageFlags>().Where(flag => flag != UsageFlags.None && usage.Flags.HasFlag(flag))
                .Select(UsageText.SnakeCase)],
            TokensAnswer.Of(usage.Usage), UsageText.Nano(cost), UsageReport.UsdText(cost),
            withSale ? UsageText.Nano(revenue) : null, withSale ? UsageReport.UsdText(revenue) : null);
    }
}

/// <summary>What every account of the ledger holds.</summary>
/// <param name="SumNanoUsd">0, unless something is wrong: what is owed is owed by somebody.</param>
internal sealed record BalancesAnswer(string Object, IReadOnlyList<BalanceAnswer> Data, string SumNanoUsd)
{
    public static BalancesAnswer Of(IReadOnlyList<AccountBalance> balances) => new(
        "list",
        [
            .. balances.Select(balance => new BalanceAnswer(
                balance.Account, UsageText.Nano(balance.Usd), UsageReport.UsdText(balance.Usd), balance.Postings)),
        ],
        UsageText.Nano(balances.Sum(balance => balance.Usd)));
}

/// <summary>What an account holds: above 0 a debit, below 0 a credit.</summary>
internal sealed record BalanceAnswer(string Account, string BalanceNanoUsd, string BalanceUsd, long Postings);

/// <summary>How figures and times of usage are written.</summary>
file static class UsageText
{
    public static string Nano(decimal usd) =>
        decimal.Truncate(usd * NanoUsd.PerUsd).ToString("0", CultureInfo.InvariantCulture);

    public static string? Time(DateTimeOffset? time) =>
        time?.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFZ", CultureInfo.InvariantCulture);

    public static string SnakeCase<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
