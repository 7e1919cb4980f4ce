namespace Sahab.Server.Sell.Metering;

/// <summary>What usage may be grouped by, and what it may be restricted to.</summary>
internal enum UsageDimension : byte
{
    Tenant,
    Key,
    Model,
    Provider,
    Region,
    Country,
    Deployment,
    Operation,
    ServiceTier,
    Hour,
}

/// <summary>Which usage is asked for. Times are of the attempts' start; the end is not included.</summary>
internal sealed record UsageQuery
{
    public DateTimeOffset? From { get; init; }

    public DateTimeOffset? To { get; init; }

    /// <summary>The attempts of one call only. Give the times too: events are found by time.</summary>
    public Guid? CallId { get; init; }

    /// <summary>Each value must match exactly. Not by hour.</summary>
    public IReadOnlyDictionary<UsageDimension, string> Where { get; init; } =
        new Dictionary<UsageDimension, string>();
}

/// <summary>What attempts have used together.</summary>
/// <param name="Group">The value of each dimension asked for, in the order asked for; an hour in ISO 8601.</param>
/// <param name="Calls">Calls whose first attempt is among them, so that groups add up to the number of calls.</param>
/// <param name="Attempts">All attempts, failed ones included.</param>
/// <param name="Failed">Attempts that did not succeed and were not left by their client.</param>
/// <param name="Estimated">Attempts whose usage is our estimate.</param>
/// <param name="PromptTokens">Those read from or written to a cache included.</param>
/// <param name="CachedTokens">Part of the prompt tokens: read from a cache.</param>
/// <param name="CacheWriteTokens">Part of the prompt tokens: written to a cache.</param>
/// <param name="CacheWrite1hTokens">Part of those written: to be kept for an hour.</param>
/// <param name="OutputTokens">Reasoning included.</param>
/// <param name="ReasoningTokens">Part of the output tokens.</param>
/// <param name="CostUsd">Exact, to the nano-USD.</param>
internal sealed record UsageTotal(
    IReadOnlyList<string> Group,
    long Calls,
    long Attempts,
    long Failed,
    long Estimated,
    long PromptTokens,
    long CachedTokens,
    long CacheWriteTokens,
    long CacheWrite1hTokens,
    long OutputTokens,
    long ReasoningTokens,
    decimal CostUsd);

/// <summary>What an account holds: positive for a debit, negative for a credit.</summary>
internal sealed record AccountBalance(string Account, decimal Usd, long Postings);
