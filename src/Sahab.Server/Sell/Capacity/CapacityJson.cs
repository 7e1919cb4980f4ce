using System.Globalization;
using System.Text.Json.Nodes;
using Sahab.Ledger.Capacity;
using Sahab.Ledger.Money;
using Sahab.Server.Hosting;

namespace Sahab.Server.Sell.Capacity;

/// <summary>Capacity as errors and the log of changes tell of it.</summary>
internal static class CapacityJson
{
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
        ["binding"] = ControlJson.ToObject(CapacityBindingAnswer.Of(refusal.Tightest)),
    };

    /// <summary>A time in UTC; null where it is none, or so far away that it stands for always.</summary>
    public static string? Time(DateTimeOffset? at) => at is not { } time || time.Year is 1 or 9999 ? null : Moment(time);

    /// <summary>A time in UTC, that is one.</summary>
    public static string Moment(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture);

    public static string Usd(NanoUsd amount) => amount.ToUsd().ToString("0.#########", CultureInfo.InvariantCulture);

    static string SpanOf(CapacityStep step) => (Time(step.From), Time(step.Until)) switch
    {
        (null, null) => "at any time",
        (null, { } until) => $"until {until}",
        ({ } from, null) => $"from {from} on",
        var (from, until) => $"from {from} to {until}",
    };
}
