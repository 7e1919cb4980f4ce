using Sahab.Ledger.Contracts;
using Sahab.Ledger.Rating;

namespace Sahab.Ledger.Forecasts;

/// <summary>A deployment, as far as it bounds what can be drawn.</summary>
/// <param name="Use">What using it is: provider, place, model and deployment.</param>
/// <param name="TokensPerDay">What it takes at full use, prompt and output together; null: nothing limits it.</param>
/// <param name="Prices">Its own prices, where the contract states none.</param>
/// <param name="Mix">
/// What its tokens were so far, for the price of one at full use. Without any, the dearest kind is taken.
/// </param>
public sealed record Outlet(Use Use, decimal? TokensPerDay, PriceTerms Prices, TokenUsage Mix)
{
    /// <summary>What a token costs by these prices, in a currency's unit. At least 0.</summary>
    internal decimal PricePerToken(PriceTerms prices)
    {
        const decimal tokens = 1_000_000m * 1_000_000_000m;
        if (Mix.TotalTokens <= 0)
        {
            return long.Max(
                long.Max(prices.PromptNanoPerMillion, prices.OutputNanoPerMillion),
                long.Max(
                    prices.CachedNanoPerMillion,
                    long.Max(prices.CacheWriteNanoPerMillion, prices.CacheWrite1hNanoPerMillion))) / tokens;
        }

        var nano = ((decimal)Mix.PlainPromptTokens * prices.PromptNanoPerMillion)
            + ((decimal)Mix.CachedTokens * prices.CachedNanoPerMillion)
            + ((decimal)(Mix.CacheWriteTokens - Mix.CacheWrite1hTokens) * prices.CacheWriteNanoPerMillion)
            + ((decimal)Mix.CacheWrite1hTokens * prices.CacheWrite1hNanoPerMillion)
            + ((decimal)Mix.OutputTokens * prices.OutputNanoPerMillion);
        return nano / Mix.TotalTokens / tokens;
    }
}

/// <summary>What could be drawn of a commitment by using all that is delivered, all day.</summary>
public static class FullUse
{
    /// <summary>
    /// Stands for no bound, in the contract's currency or in units: beyond any commitment, and still to be added up.
    /// </summary>
    public const decimal Unbounded = 1_000_000_000_000_000_000;

    /// <summary>
    /// What tokens could draw in a whole day. Volume tiers, caps and committed use would make it less and are left
    /// out: what is out of reach by this is so for certain.
    /// </summary>
    /// <returns>
    /// In the commitment's measure, at least 0; <see cref="Unbounded"/> where a deployment that costs anything has no
    /// limit.
    /// </returns>
    /// <exception cref="ArgumentException">A currency has no rate.</exception>
    public static decimal DayOf(
        ContractTimeline contracts, string contract, Commitment commitment, IEnumerable<Outlet> outlets, DateOnly day)
    {
        ArgumentNullException.ThrowIfNull(contracts);
        ArgumentNullException.ThrowIfNull(commitment);
        ArgumentNullException.ThrowIfNull(outlets);
        var hour = Hour.Of(new DateTimeOffset(day, TimeOnly.MinValue, TimeSpan.Zero));
        if (contracts.Find(contract, hour) is not { } own)
        {
            return 0;
        }

        var sum = 0m;
        foreach (var outlet in outlets)
        {
            if (outlet.Use.Provider != own.Contract.Provider || !commitment.Counts(outlet.Use)
                || contracts.TermsFor(outlet.Use, hour) is not { } terms)
            {
                continue;
            }

            var token = WorthOf(contracts, terms, own, commitment, outlet, hour);
            sum += token == 0 ? 0 : outlet.TokensPerDay is { } tokens ? tokens * token : Unbounded;
        }

        return decimal.Min(sum, Unbounded);
    }

    /// <summary>What a token is worth toward the commitment.</summary>
    static decimal WorthOf(
        ContractTimeline contracts, ContractTerms terms, ContractTerms own, Commitment commitment, Outlet outlet,
        Hour hour)
    {
        if (commitment.Measure == Measure.Quantity)
        {
            return 1;
        }

        var rate = terms.RateFor(outlet.Use);
        var price = outlet.PricePerToken(rate?.Tokens ?? outlet.Prices)
            * (commitment.Basis == DrawdownBasis.ListPrice ? 1 : 1 - (rate?.Discount ?? 0));
        return terms.Contract.Currency == own.Contract.Currency
            ? price
            : price * contracts.UsdPerUnit(terms.Contract.Currency, hour)
                / contracts.UsdPerUnit(own.Contract.Currency, hour);
    }
}
