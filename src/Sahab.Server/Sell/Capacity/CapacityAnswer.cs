using Sahab.Ledger.Capacity;
using Sahab.Ledger.Money;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Sell.Capacity;

/// <summary>A reservation as the control API tells it.</summary>
/// <param name="Project">Null: all of the organisation has it.</param>
/// <param name="DecidedAt">When it is told that it will end, and renewed if that is wanted.</param>
internal sealed record ReservationAnswer(
    string Object, string Id, string Organisation, string State, string? Project, string Model, string Offer, string Term,
    long Units, long TokensPerMinute, string PriceUsd, string From, string Until, bool Renews, string CreatedAt,
    string? CancelledAt, string DecidedAt, string? RenewalOf, string? Renewal, string? AtRiskSince)
{
    public static ReservationAnswer Of(Reservation reservation, DateTimeOffset now) => new(
        "reservation", reservation.Id, reservation.Organisation, reservation.StateAt(now),
        reservation.Project.Length == 0 ? null : reservation.Project, reservation.Model, reservation.Offer, reservation.Term,
        reservation.Units, reservation.TokensPerMinute, CapacityJson.Usd(reservation.Price),
        CapacityJson.Moment(reservation.From), CapacityJson.Moment(reservation.Until), reservation.Renews,
        CapacityJson.Moment(reservation.CreatedAt), CapacityJson.Time(reservation.CancelledAt),
        CapacityJson.Moment(reservation.NoticeAt), reservation.RenewalOf, reservation.Renewal,
        CapacityJson.Time(reservation.AtRiskSince));
}

/// <summary>What can be reserved.</summary>
/// <param name="Smallest">The fewest units of a reservation.</param>
/// <param name="Largest">The most.</param>
internal sealed record CapacityOfferAnswer(
    string Object, string Id, string Model, long UnitTokensPerMinute, long Smallest, long Largest, long AvailableNow,
    IReadOnlyList<CapacityTermAnswer> Terms)
{
    /// <param name="from">When what is wanted begins.</param>
    /// <param name="units">How much that is.</param>
    public static CapacityOfferAnswer Of(
        CapacityOfferConfig offer, CapacityCourse course, DateTimeOffset now, DateTimeOffset from, long units) => new(
        "capacity_offer", offer.Id, offer.Model, offer.TokensPerMinute, offer.Smallest, offer.Largest,
        UnitsOf(offer, CapacityDesk.AvailableOf(offer, course, now, now.AddTicks(10)).Units),
        [.. offer.Terms.Select(term => CapacityTermAnswer.Of(offer, term, course, from, units))]);

    /// <summary>What is less than the smallest reservation cannot be had.</summary>
    public static long UnitsOf(CapacityOfferConfig offer, long units) => units < offer.Smallest ? 0 : units;
}

/// <summary>For how long and for what something can be reserved.</summary>
/// <param name="FirstRoomAt">When as much as is wanted is free for so long; null: never, as far as is known now.</param>
internal sealed record CapacityTermAnswer(
    string Id, double Days, string UnitPriceUsd, long AvailableUnits, string? FirstRoomAt, CapacityBindingAnswer Binding)
{
    public static CapacityTermAnswer Of(
        CapacityOfferConfig offer, CapacityTermConfig term, CapacityCourse course, DateTimeOffset from, long units)
    {
        var (available, tightest) = CapacityDesk.AvailableOf(offer, course, from, from + term.Length);
        return new CapacityTermAnswer(
            term.Id, Math.Round(term.Length.TotalDays, 6), CapacityJson.Usd(NanoUsd.FromUsd(term.Price)),
            CapacityOfferAnswer.UnitsOf(offer, available),
            CapacityJson.Time(course.FirstRoomFor(units * offer.TokensPerMinute, term.Length, from)),
            CapacityBindingAnswer.Of(tightest));
    }
}

/// <summary>What customers learn of the stretch of time that binds: nothing of what we hold or what others have bought.</summary>
/// <param name="From">Null: it has always been so.</param>
/// <param name="Until">Null: it stays so.</param>
/// <param name="FailureDomain">What must not fail; null: nothing is held.</param>
internal sealed record CapacityBindingAnswer(string? From, string? Until, string? FailureDomain, long Free)
{
    public static CapacityBindingAnswer Of(CapacityStep step) => new(
        CapacityJson.Time(step.From), CapacityJson.Time(step.Until), step.Domain.Length == 0 ? null : step.Domain,
        Math.Max(0, step.Free));
}

/// <summary>How a model stands, with its next steps.</summary>
/// <param name="AtRisk">Reservations that would not be kept if a cloud failed.</param>
internal sealed record CapacityAnswer(
    string Object, string Model, CapacityStepAnswer Now, CapacityStepAnswer Tightest, IReadOnlyList<string> AtRisk,
    IReadOnlyList<CapacityStepAnswer> Course)
{
    /// <param name="steps">The most steps that are told.</param>
    public static CapacityAnswer Of(
        string model, CapacityCourse course, IReadOnlyList<Reservation> sold, DateTimeOffset now, int steps)
    {
        var all = course.Within(now, DateTimeOffset.MaxValue).ToList();
        return new CapacityAnswer(
            "capacity", model, CapacityStepAnswer.Of(all[0]), CapacityStepAnswer.Of(all.MinBy(step => step.Free)!),
            [.. sold.Where(each => each.AtRiskSince is not null).Select(each => each.Id)],
            [.. all.Take(steps).Select(CapacityStepAnswer.Of)]);
    }
}

/// <summary>A stretch of time in which neither what is held of a model nor what is sold of it changes.</summary>
/// <param name="Free">Below 0: so much is sold that nothing covers when the domain fails.</param>
internal sealed record CapacityStepAnswer(
    string? From, string? Until, long Held, string? FailureDomain, long InFailureDomain, long Sellable, long Sold, long Free,
    int Holders)
{
    public static CapacityStepAnswer Of(CapacityStep step) => new(
        CapacityJson.Time(step.From), CapacityJson.Time(step.Until), step.Held,
        step.Domain.Length == 0 ? null : step.Domain, step.InDomain, step.Sellable, step.Sold, step.Free, step.Holders);
}
