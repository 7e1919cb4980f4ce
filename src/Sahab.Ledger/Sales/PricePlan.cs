using Sahab.Ledger.Contracts;
using Sahab.Ledger.Rating;

namespace Sahab.Ledger.Sales;

/// <summary>What a price list or an agreement says of one model.</summary>
/// <param name="Default">The price of the service tier <c>default</c>.</param>
public sealed record PricePlan(TokenPrice Default)
{
    /// <summary>What flex and batch cost of <see cref="Default"/> where nothing else is said.</summary>
    public const decimal PatientShare = 0.5m;

    /// <summary>The tier of calls that reserved capacity covers, whatever they asked for.</summary>
    public const string Reserved = "reserved";

    /// <summary>The service tiers, in the order of <see cref="AllTerms"/>.</summary>
    public static IReadOnlyList<string> Tiers { get; } = ["priority", "default", "flex", "batch", Reserved];

    static readonly TokenPrice Nothing = new(0, 0, 0, 0, 0);

    /// <summary>The price of the tier <c>priority</c>; null: as <see cref="Default"/>.</summary>
    public TokenPrice? Priority { get; init; }

    /// <summary>The price of the tier <c>flex</c>; null: as <c>batch</c>.</summary>
    public TokenPrice? Flex { get; init; }

    /// <summary>The price of the tier <c>batch</c>; null: half of <see cref="Default"/>.</summary>
    public TokenPrice? Batch { get; init; }

    /// <summary>The price of what reserved capacity covers; null: nothing, as the reservation is paid for.</summary>
    public TokenPrice? Covered { get; init; }

    /// <summary>
    /// Bands of the tokens that an organisation uses of the model in a calendar month (UTC), of whatever tier and kind,
    /// in ascending order.
    /// </summary>
    public ValueList<VolumeBand> Bands { get; init; } = [];

    /// <summary>The first tokens of an organisation in a calendar month, which cost nothing. At least 0.</summary>
    public long FreeTokens { get; init; }

    /// <summary>The price of a service tier; of one that is not known, that of <c>default</c>.</summary>
    public TokenPrice PriceOf(string tier) => tier switch
    {
        "priority" => Priority ?? Default,
        "flex" => Flex ?? Batch ?? Default.Times(PatientShare),
        "batch" => Batch ?? Default.Times(PatientShare),
        Reserved => Covered ?? Nothing,
        _ => Default,
    };

    /// <summary>The terms of each of <see cref="Tiers"/>.</summary>
    /// <param name="name">What the terms are called.</param>
    /// <param name="from">Since when they are in force.</param>
    /// <param name="factor">What is paid of the price. At least 0.</param>
    public SaleTerms[] AllTerms(string name, DateTimeOffset from, decimal factor) =>
    [
        .. Tiers.Select(tier => new SaleTerms(name, PriceOf(tier).Times(factor).ToTerms())
        {
            From = from,
            Bands = Bands,
            FreeTokens = FreeTokens,
        }),
    ];

    /// <summary>Whether it charges more than another for anything: a token of any kind and tier, at any volume.</summary>
    public bool IsDearerThan(PricePlan other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return FreeTokens < other.FreeTokens
            || Tiers.Any(tier => IsDearer(PriceOf(tier).ToTerms(), other.PriceOf(tier).ToTerms()))
            || Bands.Concat(other.Bands).Select(band => band.FromTokens).Append(FreeTokens).Append(other.FreeTokens)
                .Any(place => DiscountAt(place) < other.DiscountAt(place));
    }

    /// <summary>What is taken off a token of the month by its place in it, from 0.</summary>
    public decimal DiscountAt(long place) =>
        place < FreeTokens ? 1 : Bands.LastOrDefault(band => band.FromTokens <= place)?.Discount ?? 0;

    static bool IsDearer(in PriceTerms one, in PriceTerms other) =>
        one.PromptNanoPerMillion > other.PromptNanoPerMillion
        || one.CachedNanoPerMillion > other.CachedNanoPerMillion
        || one.CacheWriteNanoPerMillion > other.CacheWriteNanoPerMillion
        || one.CacheWrite1hNanoPerMillion > other.CacheWrite1hNanoPerMillion
        || one.OutputNanoPerMillion > other.OutputNanoPerMillion;
}
