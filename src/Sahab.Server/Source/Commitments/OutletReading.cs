using Sahab.Ledger.Contracts;
using Sahab.Ledger.Forecasts;
using Sahab.Ledger.Rating;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Sell.Metering;

namespace Sahab.Server.Source.Commitments;

/// <summary>What the deployments of the configuration bound.</summary>
internal static class OutletReading
{
    const int MinutesPerDay = 24 * 60;

    /// <param name="used">What deployments were used for, by their ids.</param>
    public static List<Outlet> Of(
        SahabConfig config, string provider, IReadOnlyDictionary<string, UsageTotal> used) =>
    [
        .. config.Deployments.Where(deployment => deployment.Provider == provider).Select(deployment => new Outlet(
            new Use(
                provider, deployment.Region, config.FindRegion(deployment)?.Country ?? "", Use.Inference,
                deployment.Model, deployment.Id),
            deployment.Limits.TokensPerMinute is { } tokens ? (decimal)tokens * MinutesPerDay : null,
            PricesOf(deployment.Price),
            used.TryGetValue(deployment.Id, out var total) ? MixOf(total) : default)),
    ];

    static PriceTerms PricesOf(PriceConfig price) => PriceTerms.FromUsdPerMillion(
        price.Prompt, price.Cached ?? price.Prompt, price.Output, price.CacheWrite, price.CacheWrite1h);

    static TokenUsage MixOf(UsageTotal total) =>
        new(total.PromptTokens, total.CachedTokens, total.OutputTokens, total.ReasoningTokens)
        {
            CacheWriteTokens = total.CacheWriteTokens,
            CacheWrite1hTokens = total.CacheWrite1hTokens,
        };
}
