using Sahab.Ledger.Money;
using Sahab.Ledger.Rating;

namespace Sahab.Server.Sell.Metering;

/// <summary>How long each part of a series of usage is.</summary>
internal enum UsageStep
{
    Hour,
    Day,
}

/// <summary>What a customer's usage is told apart by.</summary>
internal enum CustomerDimension
{
    None,
    Model,
    Project,
    Key,
}

/// <summary>Which usage of an organisation is asked for, in whole hours; the end is not included.</summary>
internal sealed record CustomerQuestion(
    string Organisation, DateTimeOffset From, DateTimeOffset Until, UsageStep Step, CustomerDimension By)
{
    /// <summary>The longest time that is told of by the hour, and by the day.</summary>
    public static TimeSpan MostOf(UsageStep step) => TimeSpan.FromDays(step == UsageStep.Hour ? 31 : 400);
}

/// <summary>What an organisation used and was charged, of one group in one part of the time.</summary>
/// <param name="Start">When the part begins.</param>
/// <param name="Group">The model, project or key; empty where they are not told apart.</param>
/// <param name="Requests">Calls, those that failed among them.</param>
/// <param name="PromptTokens">Those read from a cache included.</param>
/// <param name="AmountNano">Charged, in nano-USD: by list and agreements, before volume discounts and free allowances.</param>
internal sealed record CustomerUsage(
    DateTimeOffset Start, string Group, long Requests, long PromptTokens, long CachedTokens, long OutputTokens,
    decimal AmountNano)
{
    /// <summary>All of them together.</summary>
    public static CustomerUsage Sum(DateTimeOffset start, string group, IEnumerable<CustomerUsage> parts) => parts.Aggregate(
        new CustomerUsage(start, group, 0, 0, 0, 0, 0),
        (sum, part) => sum with
        {
            Requests = sum.Requests + part.Requests,
            PromptTokens = sum.PromptTokens + part.PromptTokens,
            CachedTokens = sum.CachedTokens + part.CachedTokens,
            OutputTokens = sum.OutputTokens + part.OutputTokens,
            AmountNano = sum.AmountNano + part.AmountNano,
        });
}

/// <summary>Which calls of an organisation are asked for.</summary>
internal sealed record CustomerCalls(string Organisation, DateTimeOffset From, DateTimeOffset Until)
{
    /// <summary>Of this model only; empty: of all.</summary>
    public string Model { get; init; } = "";

    /// <summary>With this key only; empty: with any.</summary>
    public string Key { get; init; } = "";
}

/// <summary>A call as its customer may see it: who served it, and what that cost, is not told.</summary>
/// <param name="Last">The attempt that ended it.</param>
/// <param name="IsSold">Whether it was sold; what was not is not charged.</param>
internal sealed record CustomerCall(UsageEvent Last, NanoUsd Amount, bool IsSold, long Revision)
{
    /// <summary>How it ended: <c>answered</c>, <c>client_left</c> or <c>failed</c>.</summary>
    public string Status => Last.Outcome switch
    {
        AttemptOutcome.Succeeded => "answered",
        AttemptOutcome.Abandoned => "client_left",
        _ => "failed",
    };
}
