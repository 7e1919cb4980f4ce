using Sahab.Ledger.Contracts;

namespace Sahab.Ledger.Purchases;

/// <summary>What a step made of a purchase, or why it was not taken.</summary>
/// <param name="Purchase">The purchase as it is now; unchanged where the step was refused.</param>
/// <param name="Refusal">Why not; null: it was taken.</param>
public sealed record PurchaseStep(CapacityPurchase Purchase, Refusal? Refusal);

/// <summary>
/// The steps of a purchase's life. Each is dated by time that never goes back, and each is refused, with a reason,
/// while a right that is in force stands in its way. Pure.
/// </summary>
public static class Purchasing
{
    /// <summary>
    /// Offers the purchase to every other provider that has a right of first refusal on it and was not offered these
    /// terms yet, or may have them no longer. Its notice windows begin now.
    /// </summary>
    public static PurchaseStep Offer(CapacityPurchase purchase, ContractTimeline contracts, RecordedTime time)
    {
        ArgumentNullException.ThrowIfNull(purchase);
        var now = TimeOf(purchase, time);
        if (Closed(purchase) is { } closed)
        {
            return new PurchaseStep(purchase, closed);
        }

        var offers = ContractRights.OnPurchase(purchase, contracts, now.Latest)
            .Where(of => OfferTo(purchase, of.Terms, of.Right) is not { } made || IsSpent(made, now))
            .Select(of => new Offer
            {
                Contract = of.Terms.Contract.Id,
                Clause = of.Right.Id,
                Holder = of.Terms.Contract.Provider,
                TermsRevision = purchase.TermsRevision,
                OfferedAt = now.Latest,
                EndsAt = now.Latest.AddDays(of.Right.NoticeDays),
                SignWithinDays = of.Right.SignWithinDays,
            })
            .ToList();
        return offers.Count == 0
            ? new PurchaseStep(purchase, new Refusal("Nobody has a right to be asked first who was not asked already."))
            : Taken(purchase with { Offers = purchase.Offers.Concat(offers).ToValueList() }, now);
    }

    /// <summary>Records a holder's answer to the offer of the present terms.</summary>
    /// <param name="purchase">The purchase.</param>
    /// <param name="contract">The holder's contract.</param>
    /// <param name="answer">What it answered.</param>
    /// <param name="evidence">Who answered, and where that is on record.</param>
    /// <param name="time">Now.</param>
    public static PurchaseStep Answer(
        CapacityPurchase purchase, string contract, OfferAnswer answer, string evidence, RecordedTime time)
    {
        ArgumentNullException.ThrowIfNull(purchase);
        var now = TimeOf(purchase, time);
        if (Closed(purchase) is { } closed)
        {
            return new PurchaseStep(purchase, closed);
        }

        var offers = purchase.CurrentOffers.Where(made => made.Contract == contract).ToList();
        var offer = offers.FindLast(made => made.IsOpen(now)) ?? offers.LastOrDefault();
        var reason = offer is null ? $"These terms were not offered under the contract {contract}."
            : offer.Answer is not null
                ? $"{offer.Holder} has answered already, on {offer.AnsweredAt:u}: {offer.Answer}."
            : !offer.IsOpen(now)
                ? $"The notice window of {offer.Holder} ended at {offer.EndsAt:u}: its silence was a lapse."
            : null;
        if (offer is null || reason is not null)
        {
            return new PurchaseStep(purchase, new Refusal(reason!) { Contract = contract, Clause = offer?.Clause });
        }

        var answered = offer with { Answer = answer, AnsweredAt = now.Latest, Evidence = evidence };
        return Taken(
            purchase with
            {
                Offers = purchase.Offers.Select(made => ReferenceEquals(made, offer) ? answered : made).ToValueList(),
            },
            now);
    }

    /// <summary>
    /// Changes the terms in a way that matters: offers of the old terms no longer count, and windows begin anew.
    /// </summary>
    /// <param name="purchase">The purchase as it stands.</param>
    /// <param name="changed">The same purchase with other terms; its life is taken from the first.</param>
    /// <param name="time">Now.</param>
    public static PurchaseStep ChangeTerms(CapacityPurchase purchase, CapacityPurchase changed, RecordedTime time)
    {
        ArgumentNullException.ThrowIfNull(purchase);
        ArgumentNullException.ThrowIfNull(changed);
        return Closed(purchase) is { } closed
            ? new PurchaseStep(purchase, closed)
            : Taken(
                changed with
                {
                    Id = purchase.Id,
                    TermsRevision = purchase.TermsRevision + 1,
                    Offers = purchase.Offers,
                    SignedAt = null,
                    DeliveredAt = null,
                    WithdrawnAt = null,
                },
                TimeOf(purchase, time));
    }

    /// <summary>Signs the purchase, unless a right stands in the way that is in force now.</summary>
    /// <param name="purchase">The purchase.</param>
    /// <param name="contracts">The contracts as they are known now.</param>
    /// <param name="time">Now.</param>
    public static PurchaseStep Sign(CapacityPurchase purchase, ContractTimeline contracts, RecordedTime time)
    {
        ArgumentNullException.ThrowIfNull(purchase);
        var now = TimeOf(purchase, time);
        var refusal = Closed(purchase) ?? ContractRights.BarsPurchase(purchase, contracts, now.Latest);
        foreach (var (terms, right) in ContractRights.OnPurchase(purchase, contracts, now.Latest))
        {
            refusal ??= StandsInTheWay(purchase, terms, right, now);
        }

        return refusal is null
            ? Taken(purchase with { SignedAt = now.Latest }, now)
            : new PurchaseStep(purchase, refusal);
    }

    /// <summary>Records that what was signed was delivered.</summary>
    public static PurchaseStep Deliver(CapacityPurchase purchase, RecordedTime time)
    {
        ArgumentNullException.ThrowIfNull(purchase);
        var now = TimeOf(purchase, time);
        return purchase.SignedAt is null || purchase.DeliveredAt is not null
            ? new PurchaseStep(purchase, new Refusal(
                purchase.SignedAt is null ? "It is not signed." : $"It was delivered at {purchase.DeliveredAt:u}."))
            : Taken(purchase with { DeliveredAt = now.Latest }, now);
    }

    /// <summary>Gives up a purchase that is not signed.</summary>
    public static PurchaseStep Withdraw(CapacityPurchase purchase, RecordedTime time)
    {
        ArgumentNullException.ThrowIfNull(purchase);
        var now = TimeOf(purchase, time);
        return Closed(purchase) is { } closed
            ? new PurchaseStep(purchase, closed)
            : Taken(purchase with { WithdrawnAt = now.Latest }, now);
    }

    /// <summary>
    /// Deadlines of a purchase that end within a time from now: of notice windows that run, and of the freedom to sign
    /// that follows them. The first first.
    /// </summary>
    public static IReadOnlyList<(Offer Offer, DateTimeOffset Ends)> EndingSoon(
        CapacityPurchase purchase, RecordedTime time, TimeSpan within)
    {
        ArgumentNullException.ThrowIfNull(purchase);
        var now = TimeOf(purchase, time);
        return Closed(purchase) is not null
            ? []
            :
            [
                .. purchase.CurrentOffers
                    .Where(offer => offer.Answer != OfferAnswer.Taken)
                    .Select(offer => (Offer: offer, Ends: offer.IsOpen(now) ? offer.EndsAt : offer.SignBefore))
                    .Where(of => of.Ends > now.Latest && of.Ends <= now.Latest + within)
                    .Select(of => (of.Offer, of.Ends!.Value))
                    .OrderBy(of => of.Value),
            ];
    }

    static Refusal? StandsInTheWay(
        CapacityPurchase purchase, ContractTerms terms, FirstRefusal right, RecordedTime now)
    {
        var (holder, place) = (terms.Contract.Provider, ContractRights.Place(terms, right));
        var end = ContractRights.EndOf(terms, right);
        var offer = OfferTo(purchase, terms, right);
        if (offer is null)
        {
            return ContractRights.By(terms, right, $"{holder} has the right of first refusal"
                + $"{ContractRights.UntilText(end)} and was not offered these terms ({place}). Offer them; it has "
                + $"{right.NoticeDays} days to answer.", end);
        }

        if (offer.IsOpen(now))
        {
            return ContractRights.By(terms, right, $"{holder} may still answer"
                + $"{ContractRights.UntilText(offer.EndsAt)} ({place}).", offer.EndsAt);
        }

        if (offer.Answer == OfferAnswer.Taken)
        {
            return ContractRights.By(
                terms, right, $"{holder} has taken it on the same terms: buy it there ({place}).", end);
        }

        return IsSpent(offer, now)
            ? ContractRights.By(terms, right, $"It had to be signed{ContractRights.UntilText(offer.SignBefore)}; "
                + $"offer it to {holder} anew ({place}).", end)
            : null;
    }

    static Offer? OfferTo(CapacityPurchase purchase, ContractTerms terms, FirstRefusal right) => purchase.CurrentOffers
        .LastOrDefault(offer => offer.Contract == terms.Contract.Id && offer.Clause == right.Id);

    /// <summary>Whether the freedom that it gave has ended.</summary>
    static bool IsSpent(Offer offer, RecordedTime now) =>
        !offer.IsOpen(now) && offer.Answer != OfferAnswer.Taken && offer.SignBefore <= now.Latest;

    static Refusal? Closed(CapacityPurchase purchase) =>
        purchase.WithdrawnAt is { } withdrawn ? new Refusal($"It was given up at {withdrawn:u}.")
        : purchase.SignedAt is { } signed ? new Refusal($"It was signed at {signed:u}.")
        : null;

    /// <summary>The time, but never before the purchase's own last change.</summary>
    static RecordedTime TimeOf(CapacityPurchase purchase, RecordedTime time) => time.Read(purchase.ChangedAt);

    static PurchaseStep Taken(CapacityPurchase purchase, RecordedTime now) =>
        new(purchase with { ChangedAt = now.Latest }, null);
}
