using System.Diagnostics.CodeAnalysis;
using Sahab.Ledger.Contracts;

namespace Sahab.Ledger.Purchases;

/// <summary>
/// New capacity that we mean to buy, with its life: draft, offered to whoever has the right to be asked first, answered
/// or lapsed, signed, delivered. Immutable: each step (<see cref="Purchasing"/>) makes another.
/// </summary>
public sealed record CapacityPurchase
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>The provider that would sell it.</summary>
    public required string Seller { get; init; }

    /// <summary>The seller's region or site.</summary>
    public required string Site { get; init; }

    /// <summary>The site's country, ISO 3166-1 alpha-2.</summary>
    public required string Country { get; init; }

    /// <summary>Models that it is for; empty: any.</summary>
    public ValueList<string> Models { get; init; } = [];

    /// <summary>Power, in MW. At least 0.</summary>
    public decimal Megawatts { get; init; }

    /// <summary>Kind of GPU; empty where power is bought.</summary>
    public string GpuKind { get; init; } = "";

    /// <summary>GPUs. At least 0.</summary>
    public int Gpus { get; init; }

    /// <summary>What it costs over its term, in US dollars. At least 0.</summary>
    public decimal Usd { get; init; }

    /// <summary>When it is to be delivered.</summary>
    public required DateTimeOffset DueAt { get; init; }

    /// <summary>
    /// How often its terms have changed in a way that matters. An offer of other terms does not count.
    /// </summary>
    public int TermsRevision { get; init; }

    /// <summary>Every offer that was made, those of earlier terms too.</summary>
    public ValueList<Offer> Offers { get; init; } = [];

    /// <summary>When it was signed; null: not yet.</summary>
    public DateTimeOffset? SignedAt { get; init; }

    /// <summary>When it was delivered; null: not yet.</summary>
    public DateTimeOffset? DeliveredAt { get; init; }

    /// <summary>When it was given up; null: it was not.</summary>
    public DateTimeOffset? WithdrawnAt { get; init; }

    /// <summary>When it was last changed. No step is dated before it.</summary>
    public DateTimeOffset ChangedAt { get; init; }

    /// <summary>The offers of its present terms.</summary>
    public IEnumerable<Offer> CurrentOffers => Offers.Where(offer => offer.TermsRevision == TermsRevision);

    /// <summary>Where it stands in its life.</summary>
    public PurchaseStage StageAt(RecordedTime time)
    {
        if (WithdrawnAt is not null || SignedAt is not null)
        {
            return WithdrawnAt is not null ? PurchaseStage.Withdrawn
                : DeliveredAt is not null ? PurchaseStage.Delivered : PurchaseStage.Signed;
        }

        var offers = CurrentOffers.ToList();
        return offers.Count == 0 ? PurchaseStage.Draft
            : offers.Exists(offer => offer.Answer == OfferAnswer.Taken) ? PurchaseStage.Taken
            : offers.Exists(offer => offer.IsOpen(time)) ? PurchaseStage.Offered
            : offers.TrueForAll(offer => offer.Answer is not null) ? PurchaseStage.Answered
            : PurchaseStage.Lapsed;
    }

    /// <summary>
    /// Whether a selector of capacity is about this purchase. Capacity for any model is capacity for each.
    /// </summary>
    public bool IsWithin(Selector selector)
    {
        ArgumentNullException.ThrowIfNull(selector);
        return Models.Count == 0
            ? (selector with { Models = [] }).Matches(UseFor(""))
            : Models.Any(model => selector.Matches(UseFor(model)));
    }

    Use UseFor(string model) => new(Seller, Site, Country, Use.Capacity, model, "");
}

/// <summary>Where a purchase stands in its life.</summary>
[SuppressMessage("Naming", "CA1720", Justification = "A contract is signed; a number is not meant.")]
public enum PurchaseStage : byte
{
    /// <summary>Nobody was asked yet.</summary>
    Draft = 0,

    /// <summary>A holder of a right may still answer.</summary>
    Offered = 1,

    /// <summary>Every holder has declined.</summary>
    Answered = 2,

    /// <summary>A holder let its window pass in silence, and nobody took it.</summary>
    Lapsed = 3,

    /// <summary>A holder has taken it on the same terms: it is to be bought there.</summary>
    Taken = 4,

    /// <summary>It is signed.</summary>
    Signed = 5,

    /// <summary>It is delivered.</summary>
    Delivered = 6,

    /// <summary>It was given up.</summary>
    Withdrawn = 7,
}

/// <summary>What a holder of a right answers.</summary>
public enum OfferAnswer : byte
{
    /// <summary>It lets us buy elsewhere.</summary>
    Declined = 0,

    /// <summary>It sells us the same on the same terms.</summary>
    Taken = 1,
}

/// <summary>A purchase as it was offered to the holder of a right of first refusal.</summary>
public sealed record Offer
{
    /// <summary>The holder's contract.</summary>
    public required string Contract { get; init; }

    /// <summary>The clause that gives the right.</summary>
    public required string Clause { get; init; }

    /// <summary>The provider that holds the right.</summary>
    public required string Holder { get; init; }

    /// <summary>The terms that were offered.</summary>
    public required int TermsRevision { get; init; }

    /// <summary>When it was offered.</summary>
    public required DateTimeOffset OfferedAt { get; init; }

    /// <summary>When its notice window ends. An answer must come before.</summary>
    public required DateTimeOffset EndsAt { get; init; }

    /// <summary>When the freedom that a refusal or a lapse gives ends; null: never.</summary>
    public int? SignWithinDays { get; init; }

    /// <summary>The answer; null: none.</summary>
    public OfferAnswer? Answer { get; init; }

    /// <summary>When it was answered.</summary>
    public DateTimeOffset? AnsweredAt { get; init; }

    /// <summary>Who answered, and where that is on record.</summary>
    public string Evidence { get; init; } = "";

    /// <summary>Whether the holder may still answer.</summary>
    public bool IsOpen(RecordedTime time) => Answer is null && time.Latest < EndsAt;

    /// <summary>Until when it may be signed without being offered anew; null: without end.</summary>
    public DateTimeOffset? SignBefore => SignWithinDays is { } days ? (AnsweredAt ?? EndsAt).AddDays(days) : null;
}
