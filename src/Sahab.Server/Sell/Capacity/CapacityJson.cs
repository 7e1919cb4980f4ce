using System.Globalization;
using System.Text.Json.Nodes;
using Sahab.Ledger.Capacity;
using Sahab.Ledger.Money;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Sell.Capacity;

/// <summary>Capacity as the control API tells of it.</summary>
internal static class CapacityJson
{
    public static JsonObject Of(Reservation reservation, DateTimeOffset now)
    {
        var json = Sketch(reservation);
        json.Insert(0, "object", "reservation");
        json.Insert(1, "id", reservation.Id);
        json.Insert(2, "organisation", reservation.Organisation);
        json.Insert(3, "state", reservation.StateAt(now));
        json["created_at"] = Time(reservation.CreatedAt);
        json["cancelled_at"] = Time(reservation.CancelledAt);
        json["decided_at"] = Time(reservation.NoticeAt);
        json["renewal_of"] = reservation.RenewalOf;
        json["renewal"] = reservation.Renewal;
        json["at_risk_since"] = Time(reservation.AtRiskSince);
        return json;
    }

    /// <summary>What of a reservation never changes, for the log of changes and webhooks.</summary>
    public static JsonObject Sketch(Reservation reservation) => new()
    {
        ["project"] = reservation.Project.Length == 0 ? null : reservation.Project,
        ["model"] = reservation.Model,
        ["offer"] = reservation.Offer,
        ["term"] = reservation.Term,
        ["units"] = reservation.Units,
        ["tokens_per_minute"] = reservation.TokensPerMinute,
        ["price_usd"] = Usd(reservation.Price),
        ["from"] = Time(reservation.From),
        ["until"] = Time(reservation.Until),
        ["renews"] = reservation.Renews,
    };

    public static JsonObject Of(
        CapacityOfferConfig offer, CapacityCourse course, DateTimeOffset now, DateTimeOffset from, long units) => new()
        {
            ["object"] = "capacity_offer",
            ["id"] = offer.Id,
            ["model"] = offer.Model,
            ["unit_tokens_per_minute"] = offer.TokensPerMinute,
            ["smallest"] = offer.Smallest,
            ["largest"] = offer.Largest,
            ["available_now"] = UnitsOf(offer, CapacityDesk.AvailableOf(offer, course, now, now.AddTicks(10)).Units),
            ["terms"] = new JsonArray([.. offer.Terms.Select(term => (JsonNode)Of(offer, term, course, from, units))]),
        };

    public static JsonObject Of(CapacityStep step) => new()
    {
        ["from"] = Time(step.From),
        ["until"] = Time(step.Until),
        ["held"] = step.Held,
        ["failure_domain"] = step.Domain.Length == 0 ? null : step.Domain,
        ["in_failure_domain"] = step.InDomain,
        ["sellable"] = step.Sellable,
        ["sold"] = step.Sold,
        ["free"] = step.Free,
        ["holders"] = step.Holders,
    };

    /// <summary>What customers learn of the stretch of time that binds: nothing of what we hold or what others have bought.</summary>
    public static JsonObject BindingOf(CapacityStep step) => new()
    {
        ["from"] = Time(step.From),
        ["until"] = Time(step.Until),
        ["failure_domain"] = step.Domain.Length == 0 ? null : step.Domain,
        ["free"] = Math.Max(0, step.Free),
    };

    /// <summary>How a model stands, with its next steps.</summary>
    public static JsonObject Of(
        string model, CapacityCourse course, IReadOnlyList<Reservation> sold, DateTimeOffset now, int steps)
    {
        var all = course.Within(now, DateTimeOffset.MaxValue).ToList();
        return new JsonObject
        {
            ["object"] = "capacity",
            ["model"] = model,
            ["now"] = Of(all[0]),
            ["tightest"] = Of(all.MinBy(step => step.Free)!),
            ["at_risk"] = new JsonArray(
                [.. sold.Where(each => each.AtRiskSince is not null).Select(each => (JsonNode)each.Id)]),
            ["course"] = new JsonArray([.. all.Take(steps).Select(step => (JsonNode)Of(step))]),
        };
    }

    /// <summary>Why there is no such capacity, for people.</summary>
    public static string Explain(CapacityOrder order, CapacityRefusal refusal)
    {
        var step = refusal.Tightest;
        if (refusal.IsCrowded)
        {
            return $"So many have reserved {order.Offer.Model} in that time already that no other can.";
        }

        var why = step.Held == 0
            ? $"none of {order.Offer.Model} is held {SpanOf(step)}"
            : $"{SpanOf(step)} there is no more that would be there without {step.Domain} too";
        var when = refusal.FirstRoomAt is { } at
            ? $"{order.Units} for this term are free from {Time(at)} on."
            : $"{order.Units} are never free for so long, as far as is known now.";
        return $"{order.Units} units are not free for all of the term, {refusal.AvailableUnits} are: {why}. {when}";
    }

    public static JsonObject Of(CapacityRefusal refusal) => new()
    {
        ["available_units"] = refusal.AvailableUnits,
        ["first_room_at"] = Time(refusal.FirstRoomAt),
        ["binding"] = BindingOf(refusal.Tightest),
    };

    /// <summary>A time in UTC; null where it is none, or so far away that it stands for always.</summary>
    public static string? Time(DateTimeOffset? at) => at is not { } time || time.Year is 1 or 9999 ? null
        : time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture);

    public static string Usd(NanoUsd amount) => amount.ToUsd().ToString("0.#########", CultureInfo.InvariantCulture);

    static JsonObject Of(
        CapacityOfferConfig offer, CapacityTermConfig term, CapacityCourse course, DateTimeOffset from, long units)
    {
        var (available, tightest) = CapacityDesk.AvailableOf(offer, course, from, from + term.Length);
        return new JsonObject
        {
            ["id"] = term.Id,
            ["days"] = Math.Round(term.Length.TotalDays, 6),
            ["unit_price_usd"] = Usd(NanoUsd.FromUsd(term.Price)),
            ["available_units"] = UnitsOf(offer, available),
            ["first_room_at"] = Time(course.FirstRoomFor(units * offer.TokensPerMinute, term.Length, from)),
            ["binding"] = BindingOf(tightest),
        };
    }

    /// <summary>What is less than the smallest reservation cannot be had.</summary>
    static long UnitsOf(CapacityOfferConfig offer, long units) => units < offer.Smallest ? 0 : units;

    static string SpanOf(CapacityStep step) => (Time(step.From), Time(step.Until)) switch
    {
        (null, null) => "at any time",
        (null, { } until) => $"until {until}",
        ({ } from, null) => $"from {from} on",
        var (from, until) => $"from {from} to {until}",
    };

    static string Number(long number) => number.ToString("#,0", CultureInfo.InvariantCulture);
}
