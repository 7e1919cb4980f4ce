using Sahab.Ledger.Money;

namespace Sahab.Ledger.Rating;

/// <summary>Turns tokens into money.</summary>
public static class Rater
{
    const long TokensPerPrice = 1_000_000;

    /// <summary>
    /// What the usage costs at the prices: prompt that no cache held or took, prompt read from one, prompt written to
    /// one (for an hour, or for less) and output tokens, each at its own price, summed exactly and then rounded once,
    /// half to even, to a nano-USD.
    /// </summary>
    /// <exception cref="ArgumentException">The usage is not consistent, or a price is negative.</exception>
    /// <exception cref="OverflowException">The cost exceeds about 9.2 billion dollars.</exception>
    public static NanoUsd Rate(in TokenUsage usage, in PriceTerms prices) =>
        new(checked((long)DivideHalfEven(Exact(usage, prices), TokensPerPrice)));

    /// <summary>
    /// What the usage costs at a part or a multiple of the prices, such as 0.88 of them after a discount, or in another
    /// currency: summed and multiplied exactly, and then rounded once, half to even.
    /// </summary>
    /// <param name="usage">What was used.</param>
    /// <param name="prices">The prices.</param>
    /// <param name="factor">At least 0.</param>
    /// <exception cref="ArgumentException">
    /// The usage is not consistent, or a price or the factor is negative.
    /// </exception>
    /// <exception cref="OverflowException">
    /// The cost exceeds about 9.2 billion dollars, or the factor has so many decimals that the product has more than
    /// 127 bits.
    /// </exception>
    public static NanoUsd Rate(in TokenUsage usage, in PriceTerms prices, decimal factor)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(factor);
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(factor, bits);
        var digits = new Int128((uint)bits[2], ((ulong)(uint)bits[1] << 32) | (uint)bits[0]);
        Int128 divisor = TokensPerPrice;
        for (var scale = (bits[3] >> 16) & 0xFF; scale > 0; scale--)
        {
            divisor *= 10;
        }

        return new NanoUsd(checked((long)DivideHalfEven(checked(Exact(usage, prices) * digits), divisor)));
    }

    static Int128 Exact(in TokenUsage usage, in PriceTerms prices)
    {
        if (!usage.IsConsistent)
        {
            throw new ArgumentException($"Cannot rate inconsistent usage: {usage}.", nameof(usage));
        }

        if (!prices.IsConsistent)
        {
            throw new ArgumentException($"Cannot rate at a negative price: {prices}.", nameof(prices));
        }

        // Each factor is below 2^63 and the parts of the prompt add up to it, so the sum stays below 2^127.
        return (Int128)usage.PlainPromptTokens * prices.PromptNanoPerMillion
            + (Int128)usage.CachedTokens * prices.CachedNanoPerMillion
            + (Int128)(usage.CacheWriteTokens - usage.CacheWrite1hTokens) * prices.CacheWriteNanoPerMillion
            + (Int128)usage.CacheWrite1hTokens * prices.CacheWrite1hNanoPerMillion
            + (Int128)usage.OutputTokens * prices.OutputNanoPerMillion;
    }

    static Int128 DivideHalfEven(Int128 dividend, Int128 divisor)
    {
        var quotient = dividend / divisor;
        var twiceRemainder = (dividend - (quotient * divisor)) * 2;
        var roundsUp = twiceRemainder > divisor || (twiceRemainder == divisor && Int128.IsOddInteger(quotient));
        return roundsUp ? quotient + 1 : quotient;
    }
}
