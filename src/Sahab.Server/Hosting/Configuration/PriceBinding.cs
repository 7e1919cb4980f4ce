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

    static PricePlan PlanOf(ModelPriceConfig price) => new(PriceOf(price))
    {
        Priority = OrNull(price.Tiers.Priority),
        Flex = OrNull(price.Tiers.Flex),
        Batch = OrNull(price.Tiers.Batch),
        Covered = OrNull(price.Tiers.Reserved),
        Bands = price.Volume.Select(band => new VolumeBand(band.From, band.Discount)).ToValueList(),
        FreeTokens = price.FreeTokens,
    };

    static TokenPrice? OrNull(PriceConfig? price) => price is null ? null : PriceOf(price);

    static TokenPrice PriceOf(PriceConfig price) => new(
        price.Prompt, price.Cached ?? price.Prompt, price.CacheWrite ?? price.Prompt,
        price.CacheWrite1h ?? price.CacheWrite ?? price.Prompt, price.Output);

    static DateTimeOffset Time(string text) => ContractBinding.TryTime(text, out var time) ? time : default;
}
