using Sahab.Ledger.Contracts;
using Sahab.Ledger.Sales;

namespace Sahab.Server.Hosting.Configuration;

/// <summary>The price book of the file as the ledger knows it.</summary>
internal static class PriceBinding
{
    public static PriceBook BookOf(PriceBookConfig book) => new(
        book.Lists.Select(list => new PriceList(list.Id, Time(list.From), PricesOf(list.Prices))),
        book.Agreements.Select(agreement => new PriceAgreement
        {
            Id = agreement.Id,
            Organisation = agreement.Organisation,
            From = Time(agreement.From),
            Until = agreement.Until is { } until ? Time(until) : null,
            Discount = agreement.Discount,
            Prices = PricesOf(agreement.Prices),
        }),
        book.Notice);

    static ValueList<ModelPrice> PricesOf(IEnumerable<ModelPriceConfig> prices) => prices
        .OrderBy(price => price.Id, StringComparer.Ordinal)
        .Select(price => new ModelPrice(price.Id, PlanOf(price))).ToValueList();

    static PricePlan PlanOf(ModelPriceConfig price) => new(
        PriceOf(price.Prompt, price.Cached, price.CacheWrite, price.CacheWrite1h, price.Output))
    {
        Priority = PriceOf(price.Tiers.Priority),
        Flex = PriceOf(price.Tiers.Flex),
        Batch = PriceOf(price.Tiers.Batch),
        Covered = PriceOf(price.Tiers.Reserved),
        Bands = price.Volume.Select(band => new VolumeBand(band.From, band.Discount)).ToValueList(),
        FreeTokens = price.FreeTokens,
    };

    static TokenPrice? PriceOf(PriceConfig? price) => price is null
        ? null
        : PriceOf(price.Prompt, price.Cached, price.CacheWrite, price.CacheWrite1h, price.Output);

    static TokenPrice PriceOf(
        decimal prompt, decimal? cached, decimal? cacheWrite, decimal? cacheWrite1h, decimal output) =>
        new(prompt, cached ?? prompt, cacheWrite ?? prompt, cacheWrite1h ?? cacheWrite ?? prompt, output);

    static DateTimeOffset Time(string text) => ContractBinding.TryTime(text, out var time) ? time : default;
}
