using Sahab.Ledger.Rating;
using Sahab.Ledger.Sales;

namespace Sahab.Ledger.Budgets;

/// <summary>What a budget counts. Stored by name.</summary>
public enum BudgetMeasure : byte
{
    /// <summary>Calls that were answered.</summary>
    Requests = 0,

    /// <summary>Prompt and output tokens of the answers.</summary>
    Tokens = 1,

    /// <summary>What the answers are sold for, before volume discounts and free allowances, in nano-USD.</summary>
    Money = 2,
}

/// <summary>What a call uses of budgets, or may use. Each at least 0.</summary>
/// <param name="Requests">1, or 0 where nothing was sold.</param>
/// <param name="Tokens">Prompt and output tokens.</param>
/// <param name="NanoUsd">The sale price.</param>
public readonly record struct BudgetUse(long Requests, long Tokens, long NanoUsd)
{
    /// <summary>What an attempt counts: that which was sold, and nothing where it was not.</summary>
    /// <param name="outcome">How it ended.</param>
    /// <param name="usage">What it used.</param>
    /// <param name="terms">What it is sold by; null: for nothing.</param>
    public static BudgetUse Of(AttemptOutcome outcome, in TokenUsage usage, SaleTerms? terms) => SaleTerms.IsSold(outcome)
        ? new BudgetUse(1, usage.TotalTokens, terms?.AmountOf(outcome, usage).Value ?? 0)
        : default;

    /// <summary>
    /// What a call may come to at most that has a prompt of so many tokens and puts out so many: no kind of prompt token
    /// is dearer than what is assumed.
    /// </summary>
    public static BudgetUse AtMost(long promptTokens, long outputTokens, SaleTerms? terms)
    {
        if (terms is null)
        {
            return new BudgetUse(1, promptTokens + outputTokens, 0);
        }

        var prices = terms.Prices;
        var dearest = Math.Max(
            Math.Max(prices.PromptNanoPerMillion, prices.CachedNanoPerMillion),
            Math.Max(prices.CacheWriteNanoPerMillion, prices.CacheWrite1hNanoPerMillion));
        var amount = Rater.Rate(
            new TokenUsage(promptTokens, 0, outputTokens, 0), prices with { PromptNanoPerMillion = dearest });
        return new BudgetUse(1, promptTokens + outputTokens, amount.Value);
    }

    /// <summary>The part that a budget counts.</summary>
    public long Of(BudgetMeasure measure) => measure switch
    {
        BudgetMeasure.Requests => Requests,
        BudgetMeasure.Tokens => Tokens,
        BudgetMeasure.Money => NanoUsd,
        _ => throw new ArgumentOutOfRangeException(nameof(measure)),
    };
}
