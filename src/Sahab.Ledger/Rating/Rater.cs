using Sahab.Ledger.Money;

namespace Sahab.Ledger.Rating;

/// <summary>Turns tokens into money.</summary>
public static class Rater
{
    const long TokensPerPrice = 1_000_000;

    /// <summary>
    /// What the usage costs at the prices: uncached prompt, cached prompt and output tokens, each at its own price,
    /// summed exactly and then rounded once, half to even, to a nano-USD.
    /// </summary>
    /// <exception cref="ArgumentException">The usage is not consistent, or a price is negative.</exception>
    /// <exception cref="OverflowException">The cost exceeds about 9.2 billion dollars.</exception>
    public static NanoUsd Rate(in TokenUsage usage, in PriceTerms prices)
    {
        if (!usage.IsConsistent)
        {
            throw new ArgumentException($"Cannot rate inconsistent usage: {usage}.", nameof(usage));
        }

        if (prices.PromptNanoPerMillion < 0 || prices.CachedNanoPerMillion < 0 || prices.OutputNanoPerMillion < 0)
        {
            throw new ArgumentException($"Cannot rate at a negative price: {prices}.", nameof(prices));
        }

        // Each factor is below 2^63 and cached tokens are part of the prompt, so the sum stays below 2^127.
        var exact = (Int128)(usage.PromptTokens - usage.CachedTokens) * prices.PromptNanoPerMillion
            + (Int128)usage.CachedTokens * prices.CachedNanoPerMillion
            + (Int128)usage.OutputTokens * prices.OutputNanoPerMillion;
        return new NanoUsd(checked((long)DivideHalfEven(exact, TokensPerPrice)));
    }

    static Int128 DivideHalfEven(Int128 dividend, long divisor)
    {
        var quotient = dividend / divisor;
        var twiceRemainder = (dividend - (quotient * divisor)) * 2;
        var roundsUp = twiceRemainder > divisor || (twiceRemainder == divisor && Int128.IsOddInteger(quotient));
        return roundsUp ? quotient + 1 : quotient;
    }
}
