using System.Collections.Immutable;

namespace Sahab.Server.Hosting.Configuration;

[Doc("What we sell at, in US dollars. Without it nothing is charged to anybody.")]
internal sealed record PriceBookConfig
{
    [Doc("How long before it begins an increase of a list price must stand here. What becomes cheaper may begin at once.")]
    [Between("0s", "1000d")]
    public TimeSpan Notice { get; init; } = TimeSpan.FromDays(30);

    [Doc("Public prices, by any id. A list names the models whose prices change on its date; all others keep theirs.")]
    [AtMost(1000)]
    public ImmutableArray<PriceListConfig> Lists { get; init; } = [];

    [Doc("What was agreed with single organisations, by any id.")]
    [AtMost(10000)]
    public ImmutableArray<PriceAgreementConfig> Agreements { get; init; } = [];
}

[Doc("Public prices from a date on. One that has begun is never edited: a change is another list.")]
internal sealed record PriceListConfig
{
    [MapKey]
    [Form(TextForm.Id)]
    public required string Id { get; init; } = "";

    [Doc("From when on it is in force.")]
    [Form(TextForm.Instant)]
    public required string From { get; init; } = "";

    [Doc("Prices, by model.")]
    [AtMost(4096)]
    public required ImmutableArray<ModelPriceConfig> Prices { get; init; } = [];
}

[Doc("What an organisation pays instead of list prices.")]
internal sealed record PriceAgreementConfig
{
    [MapKey]
    [Form(TextForm.Id)]
    public required string Id { get; init; } = "";

    [Doc("The organisation, by its id: one of `tenants`, or `org_...`.")]
    [Form(TextForm.Id)]
    public required string Organisation { get; init; } = "";

    [Doc("From when on it is in force. Of several, the one that began last counts, for all models.")]
    [Form(TextForm.Instant)]
    public required string From { get; init; } = "";

    [Doc("When it ends. Left out: it is open.")]
    [Form(TextForm.Instant)]
    public string? Until { get; init; }

    [Doc("What is taken off list prices of the models that it does not price itself: 0.1 is 10 %.")]
    [Between("0", "1")]
    public decimal Discount { get; init; }

    [Doc("Prices of its own, by model; nothing is taken off these.")]
    [AtMost(4096)]
    public ImmutableArray<ModelPriceConfig> Prices { get; init; } = [];
}

[Doc("What a million tokens of a model cost a customer, in US dollars.")]
internal sealed record ModelPriceConfig : PriceConfig
{
    [MapKey]
    [Form(TextForm.ModelId)]
    public required string Id { get; init; } = "";

    [Doc("Prices of the other service tiers, where they differ from the usual.")]
    public TierPricesConfig Tiers { get; init; } = new();

    [Doc("Bands of the tokens that an organisation uses of the model in a calendar month, each cheaper than the one before, "
        + "in order.")]
    [AtMost(100)]
    public ImmutableArray<VolumeBandConfig> Volume { get; init; } = [];

    [Doc("The first tokens of an organisation in a calendar month, which cost nothing.")]
    [Between("0", "1000000000000000")]
    public long FreeTokens { get; init; }
}

[Doc("Prices of service tiers.")]
internal sealed record TierPricesConfig
{
    [Doc("Of `priority`. Left out: as `default`.")]
    public PriceConfig? Priority { get; init; }

    [Doc("Of `flex`. Left out: as `batch`.")]
    public PriceConfig? Flex { get; init; }

    [Doc("Of `batch`. Left out: half of `default`.")]
    public PriceConfig? Batch { get; init; }

    [Doc("Of calls that reserved capacity covers. Left out: they cost nothing, as the reservation is paid for.")]
    public PriceConfig? Reserved { get; init; }
}

[Doc("A band of a month's tokens that cost less.")]
internal sealed record VolumeBandConfig
{
    [MapKey]
    [Form(TextForm.Id)]
    public required string Id { get; init; } = "";

    [Doc("How many tokens of the month lie below it.")]
    [Between("1", "1000000000000000")]
    public required long From { get; init; } = 1;

    [Doc("What is taken off the price of the tokens within it: 0.1 is 10 %.")]
    [Between("0", "1")]
    public required decimal Discount { get; init; }
}
