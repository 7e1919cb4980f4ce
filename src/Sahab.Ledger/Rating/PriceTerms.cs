using Sahab.Ledger.Money;

namespace Sahab.Ledger.Rating;

/// <summary>The prices of a deployment, in nano-USD for a million tokens. Each at least 0.</summary>
/// <param name="PromptNanoPerMillion">For prompt tokens that the provider's cache neither held nor took.</param>
/// <param name="CachedNanoPerMillion">For prompt tokens read from the provider's cache.</param>
/// <param name="CacheWriteNanoPerMillion">For prompt tokens written to the provider's cache.</param>
/// <param name="CacheWrite1hNanoPerMillion">For prompt tokens written to it to be kept for an hour.</param>
/// <param name="OutputNanoPerMillion">For output tokens, reasoning included.</param>
public readonly record struct PriceTerms(
    long PromptNanoPerMillion,
    long CachedNanoPerMillion,
    long CacheWriteNanoPerMillion,
    long CacheWrite1hNanoPerMillion,
    long OutputNanoPerMillion)
{
    /// <summary>The terms of a provider that charges for writing to its cache as for any other prompt.</summary>
    public PriceTerms(long promptNanoPerMillion, long cachedNanoPerMillion, long outputNanoPerMillion)
        : this(
            promptNanoPerMillion, cachedNanoPerMillion, promptNanoPerMillion, promptNanoPerMillion,
            outputNanoPerMillion)
    {
    }

    /// <summary>Whether writing to the cache costs what any other prompt costs.</summary>
    public bool ChargesCacheWritesAsPrompt =>
        CacheWriteNanoPerMillion == PromptNanoPerMillion && CacheWrite1hNanoPerMillion == PromptNanoPerMillion;

    /// <summary>Whether no price is negative.</summary>
    public bool IsConsistent =>
        PromptNanoPerMillion >= 0 && CachedNanoPerMillion >= 0 && CacheWriteNanoPerMillion >= 0
        && CacheWrite1hNanoPerMillion >= 0 && OutputNanoPerMillion >= 0;

    /// <summary>Builds the terms from dollars for a million tokens, rounded half to even to a nano-USD.</summary>
    /// <param name="prompt">For prompt tokens.</param>
    /// <param name="cached">For those read from a cache.</param>
    /// <param name="output">For output tokens.</param>
    /// <param name="cacheWrite">For prompt tokens written to a cache; null: as <paramref name="prompt"/>.</param>
    /// <param name="cacheWrite1h">For those written for an hour; null: as <paramref name="cacheWrite"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">A price is negative.</exception>
    /// <exception cref="OverflowException">A price exceeds about 9.2 billion dollars.</exception>
    public static PriceTerms FromUsdPerMillion(
        decimal prompt, decimal cached, decimal output, decimal? cacheWrite = null, decimal? cacheWrite1h = null)
    {
        var written = cacheWrite ?? prompt;
        return new PriceTerms(
            ToNano(prompt), ToNano(cached), ToNano(written), ToNano(cacheWrite1h ?? written), ToNano(output));
    }

    static long ToNano(decimal usd)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(usd);
        return NanoUsd.FromUsd(usd).Value;
    }
}
