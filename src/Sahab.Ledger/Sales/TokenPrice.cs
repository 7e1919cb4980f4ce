using Sahab.Ledger.Rating;

namespace Sahab.Ledger.Sales;

/// <summary>What a customer pays for tokens, in US dollars for a million of them. Each at least 0.</summary>
/// <param name="Prompt">Prompt tokens that no cache held or took.</param>
/// <param name="Cached">Prompt tokens read from a cache.</param>
/// <param name="CacheWrite">Prompt tokens written to a cache.</param>
/// <param name="CacheWrite1h">Prompt tokens written to a cache for an hour.</param>
/// <param name="Output">Output tokens, reasoning included.</param>
public sealed record TokenPrice(
    decimal Prompt, decimal Cached, decimal CacheWrite, decimal CacheWrite1h, decimal Output)
{
    /// <summary>A part or a multiple of it, exact.</summary>
    public TokenPrice Times(decimal factor) =>
        new(Prompt * factor, Cached * factor, CacheWrite * factor, CacheWrite1h * factor, Output * factor);

    /// <summary>The price as calls are rated by it: each rounded half to even to a nano-USD for a million tokens.</summary>
    /// <exception cref="OverflowException">A price exceeds about 9.2 billion dollars.</exception>
    public PriceTerms ToTerms() => PriceTerms.FromUsdPerMillion(Prompt, Cached, Output, CacheWrite, CacheWrite1h);
}
