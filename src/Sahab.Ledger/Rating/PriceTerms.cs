using Sahab.Ledger.Money;

namespace Sahab.Ledger.Rating;

/// <summary>The prices of a deployment, in nano-USD for a million tokens. Each at least 0.</summary>
/// <param name="PromptNanoPerMillion">For prompt tokens that the provider's cache did not hold.</param>
/// <param name="CachedNanoPerMillion">For prompt tokens read from the provider's cache.</param>
/// <param name="OutputNanoPerMillion">For output tokens, reasoning included.</param>
public readonly record struct PriceTerms(
    long PromptNanoPerMillion, long CachedNanoPerMillion, long OutputNanoPerMillion)
{
    /// <summary>Builds the terms from dollars for a million tokens, rounded half to even to a nano-USD.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A price is negative.</exception>
    /// <exception cref="OverflowException">A price exceeds about 9.2 billion dollars.</exception>
    public static PriceTerms FromUsdPerMillion(decimal prompt, decimal cached, decimal output)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(prompt);
        ArgumentOutOfRangeException.ThrowIfNegative(cached);
        ArgumentOutOfRangeException.ThrowIfNegative(output);
        return new PriceTerms(
            NanoUsd.FromUsd(prompt).Value, NanoUsd.FromUsd(cached).Value, NanoUsd.FromUsd(output).Value);
    }
}
