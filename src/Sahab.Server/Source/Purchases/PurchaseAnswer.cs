using System.Text.Json.Serialization;
using Sahab.Ledger.Purchases;

namespace Sahab.Server.Source.Purchases;

/// <param name="Object">Always <c>list</c>.</param>
internal sealed record PurchasesAnswer(string Object, IReadOnlyList<PurchaseAnswer> Data);

/// <summary>A purchase with its offers and deadlines.</summary>
internal sealed record PurchaseAnswer(
    string Id, string Seller, string Site, string Country, IReadOnlyList<string> Models, decimal Megawatts, string GpuKind,
    int Gpus, decimal Usd, DateTimeOffset DueAt, int TermsRevision, IReadOnlyList<PurchaseOfferAnswer> Offers)
{
    /// <summary>A deadline is told so long before it.</summary>
    static readonly TimeSpan Warning = TimeSpan.FromDays(7);

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? SignedAt { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? DeliveredAt { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? WithdrawnAt { get; init; }

    public required DateTimeOffset ChangedAt { get; init; }

    /// <summary>The offers of its present terms.</summary>
    public required IReadOnlyList<PurchaseOfferAnswer> CurrentOffers { get; init; }

    public required PurchaseStage Stage { get; init; }

    public required IReadOnlyList<OfferEndAnswer> EndingSoon { get; init; }

    public static PurchaseAnswer Of(CapacityPurchase purchase, RecordedTime now) => new(
        purchase.Id, purchase.Seller, purchase.Site, purchase.Country, purchase.Models, purchase.Megawatts, purchase.GpuKind,
        purchase.Gpus, purchase.Usd, purchase.DueAt, purchase.TermsRevision,
        [.. purchase.Offers.Select(PurchaseOfferAnswer.Of)])
    {
        SignedAt = purchase.SignedAt,
        DeliveredAt = purchase.DeliveredAt,
        WithdrawnAt = purchase.WithdrawnAt,
        ChangedAt = purchase.ChangedAt,
        CurrentOffers = [.. purchase.CurrentOffers.Select(PurchaseOfferAnswer.Of)],
        Stage = purchase.StageAt(now),
        EndingSoon =
        [
            .. Purchasing.EndingSoon(purchase, now, Warning)
                .Select(soon => new OfferEndAnswer(soon.Offer.Contract, soon.Offer.Holder, soon.Ends)),
        ],
    };
}

/// <summary>An offer that must be answered, or a freedom that must be used, before long.</summary>
internal sealed record OfferEndAnswer(string Contract, string Holder, DateTimeOffset Ends);

/// <summary>A purchase as it was offered to the holder of a right of first refusal.</summary>
internal sealed record PurchaseOfferAnswer(
    string Contract, string Clause, string Holder, int TermsRevision, DateTimeOffset OfferedAt, DateTimeOffset EndsAt)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? SignWithinDays { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public OfferAnswer? Answer { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? AnsweredAt { get; init; }

    public required string Evidence { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? SignBefore { get; init; }

    public static PurchaseOfferAnswer Of(Offer offer) => new(
        offer.Contract, offer.Clause, offer.Holder, offer.TermsRevision, offer.OfferedAt, offer.EndsAt)
    {
        SignWithinDays = offer.SignWithinDays,
        Answer = offer.Answer,
        AnsweredAt = offer.AnsweredAt,
        Evidence = offer.Evidence,
        SignBefore = offer.SignBefore,
    };
}
