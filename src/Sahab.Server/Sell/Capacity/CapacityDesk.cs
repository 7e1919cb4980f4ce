using System.Text.Json.Nodes;
using Sahab.Ledger.Capacity;
using Sahab.Ledger.Money;
using Sahab.Server.Govern.Audit;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Tenants;

namespace Sahab.Server.Sell.Capacity;

/// <summary>What somebody wants to reserve.</summary>
/// <param name="From">When it is to begin; null: at once.</param>
internal sealed record CapacityOrder(
    string Organisation, string Project, CapacityOfferConfig Offer, CapacityTermConfig Term, long Units,
    DateTimeOffset? From, bool Renews)
{
    public long TokensPerMinute => Offer.TokensPerMinute * Units;

    public NanoUsd Price => NanoUsd.FromUsd(Term.Price * Units);
}

/// <summary>Why there is no such capacity.</summary>
/// <param name="AvailableUnits">How many units there are for that time.</param>
/// <param name="Tightest">What binds: the part of the time in which least is free.</param>
/// <param name="FirstRoomAt">From when on there is what was wanted; null: never, as far as is known.</param>
/// <param name="IsCrowded">Whether so many have some of the model that no other can.</param>
internal sealed record CapacityRefusal(
    long AvailableUnits, CapacityStep Tightest, DateTimeOffset? FirstRoomAt, bool IsCrowded);

/// <summary>What became of a change.</summary>
internal sealed record ReservationOutcome(
    Reservation? Reservation, CapacityRefusal? Refusal = null, string? Conflict = null);

/// <summary>
/// Sells capacity: what is free is judged in the transaction that books, while nobody else may book of the same model.
/// </summary>
internal sealed class CapacityDesk(
    CapacityStore store, CapacityHoldings holdings, CapacityInstruments instruments, IHolders holders, IdSource ids,
    TimeProvider time)
{
    public DateTimeOffset Now => Whole(time.GetUtcNow());

    /// <summary>Reserves, or says why not.</summary>
    public async Task<ReservationOutcome> ReserveAsync(CapacityOrder order, string actor, CancellationToken cancellation)
    {
        await using var change = await store.BeginAsync(cancellation);
        var sold = await CapacityStore.HoldAsync(change, order.Offer.Model, Now);
        var (reservation, refusal) = Judge(order, order.From ?? Now, sold);
        if (reservation is null)
        {
            instruments.Refused(order.Offer.Model);
            return new ReservationOutcome(null, refusal, refusal is null ? Crowded(order) : null);
        }

        await CapacityStore.AddAsync(change, reservation);
        await change.CommitAsync(EntryOf(reservation, "capacity.reserved", actor));
        return new ReservationOutcome(reservation);
    }

    /// <summary>Gives up a reservation that has not begun. Null: there is none.</summary>
    public async Task<ReservationOutcome?> CancelAsync(
        string organisation, string id, string actor, CancellationToken cancellation)
    {
        await using var change = await store.BeginAsync(cancellation);
        if (await CapacityStore.FindAsync(change, organisation, id) is not { } reservation)
        {
            return null;
        }

        if (!await CapacityStore.CancelAsync(change, reservation, Now))
        {
            return new ReservationOutcome(
                reservation, Conflict: reservation.CancelledAt is not null ? "It is cancelled already."
                    : "It has begun: it ends at its end. To let it end then, set 'renews' to false.");
        }

        var cancelled = (await CapacityStore.FindAsync(change, organisation, id))!;
        await change.CommitAsync(EntryOf(cancelled, "capacity.cancelled", actor));
        return new ReservationOutcome(cancelled);
    }

    /// <summary>Says whether it is to be renewed. Null: there is none.</summary>
    public async Task<ReservationOutcome?> RenewsAsync(
        string organisation, string id, bool renews, string actor, CancellationToken cancellation)
    {
        await using var change = await store.BeginAsync(cancellation);
        if (!await CapacityStore.RenewsAsync(change, id, renews)
            || await CapacityStore.FindAsync(change, organisation, id) is not { } reservation)
        {
            return await store.FindAsync(organisation, id, cancellation) is not { } known ? null
                : new ReservationOutcome(
                    known, Conflict: known.CancelledAt is not null ? "It is cancelled."
                        : $"Whether it goes on was decided at {known.NoticeAt:u}. Reserve again from its end on.");
        }

        await change.CommitAsync(EntryOf(reservation, "capacity.changed", actor));
        return new ReservationOutcome(reservation);
    }

    /// <summary>
    /// Goes on to the next stage of a reservation whose time has come; when its end is announced it is renewed, if that is
    /// wanted, at the price of the day. False: another node did, or there is nothing to do.
    /// </summary>
    public async Task<bool> AdvanceAsync(Reservation reservation, CancellationToken cancellation)
    {
        var now = Now;
        if (now < TurnsOf(reservation)[(int)reservation.Stage])
        {
            return false;
        }

        var action = reservation.Stage switch
        {
            ReservationStage.Reserved => "capacity.started",
            ReservationStage.Started => "capacity.ending",
            _ => "capacity.ended",
        };

        var isToRenew = reservation is { Stage: ReservationStage.Started, Renews: true };
        var stopped = isToRenew
            ? await holders.FindFaultAsync(
                reservation.Organisation, reservation.Project.Length == 0 ? null : reservation.Project, cancellation)
            : null;
        await using var change = await store.BeginAsync(cancellation);
        var entries = new List<AuditEntry>();
        var details = new JsonObject();
        Reservation? renewal = null;
        if (isToRenew)
        {
            (renewal, details["renewal_refused"]) = stopped is not null
                ? (null, stopped.Detail)
                : await RenewAsync(change, reservation, now);
            if (renewal is not null)
            {
                details.Remove("renewal_refused");
                details["renewal"] = renewal.Id;
                entries.Add(EntryOf(renewal, "capacity.reserved", AuditEntry.Server));
            }
        }

        if (!await CapacityStore.AdvanceAsync(change, reservation, renewal?.Id))
        {
            return false;
        }

        entries.Add(EntryOf(reservation, action, AuditEntry.Server, details));
        await change.CommitAsync([.. entries]);
        return true;
    }

    /// <summary>When each stage is over, in their order.</summary>
    public static DateTimeOffset[] TurnsOf(Reservation reservation) =>
        [reservation.From, reservation.NoticeAt, reservation.Until];

    /// <summary>Says of reservations which of them what is held does not cover any more when a domain fails.</summary>
    /// <param name="model">The model.</param>
    /// <param name="sold">All that is sold of it.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Whether anything was to be said.</returns>
    public async Task<bool> JudgeRiskAsync(string model, IReadOnlyList<Reservation> sold, CancellationToken cancellation)
    {
        var now = Now;
        var shortage = holdings.CourseOf(model, sold).Within(now, DateTimeOffset.MaxValue).Where(step => step.Free < 0)
            .ToList();
        var isChanged = false;
        foreach (var reservation in sold.Where(each => each.CancelledAt is null && each.Until > now))
        {
            var step = shortage.Find(step => step.From < reservation.Until && step.Until > reservation.From);
            if (step is not null == reservation.AtRiskSince is not null)
            {
                continue;
            }

            await using var change = await store.BeginAsync(cancellation);
            if (await CapacityStore.RiskAsync(change, reservation.Id, step is null ? null : now))
            {
                await change.CommitAsync(EntryOf(
                    reservation, step is null ? "capacity.covered" : "capacity.at_risk", AuditEntry.Server,
                    step is null ? null : new JsonObject { ["shortage"] = ControlJson.ToObject(CapacityBindingAnswer.Of(step)) }));
                isChanged = true;
            }
        }

        return isChanged;
    }

    /// <summary>How many units there are of an offer for a time, with what binds.</summary>
    public static (long Units, CapacityStep Tightest) AvailableOf(
        CapacityOfferConfig offer, CapacityCourse course, DateTimeOffset from, DateTimeOffset until)
    {
        var tightest = course.Tightest(from, until);
        return (Math.Clamp(tightest.Free / offer.TokensPerMinute, 0, offer.Largest), tightest);
    }

    async Task<(Reservation? Renewal, string? Refused)> RenewAsync(Change change, Reservation reservation, DateTimeOffset now)
    {
        var offer = holdings.OffersAt(now).FirstOrDefault(each => each.Id == reservation.Offer)
            ?? holdings.OffersAt(now).FirstOrDefault(each => each.Model == reservation.Model
                && reservation.TokensPerMinute % each.TokensPerMinute == 0
                && each.Terms.Any(term => term.Id == reservation.Term));
        if (offer?.Terms.FirstOrDefault(term => term.Id == reservation.Term) is not { } term)
        {
            return (null, "It is not offered any more.");
        }

        var units = reservation.TokensPerMinute / offer.TokensPerMinute;
        if (units * offer.TokensPerMinute != reservation.TokensPerMinute || units > offer.Largest)
        {
            return (null, "It is not offered any more in this size.");
        }

        var sold = await CapacityStore.HoldAsync(change, offer.Model, now);
        var order = new CapacityOrder(
            reservation.Organisation, reservation.Project, offer, term, units, reservation.Until, Renews: true);
        var (renewal, refusal) = Judge(order, reservation.Until, sold);
        if (renewal is null)
        {
            return (null, refusal is null ? Crowded(order) : CapacityJson.Explain(order, refusal));
        }

        renewal = renewal with { RenewalOf = reservation.Id };
        await CapacityStore.AddAsync(change, renewal);
        return (renewal, null);
    }

    (Reservation? Reservation, CapacityRefusal? Refusal) Judge(
        CapacityOrder order, DateTimeOffset from, List<Reservation> sold)
    {
        if (sold.Count >= CapacityStore.MaxOfModel)
        {
            return (null, null);
        }

        var until = Whole(from + order.Term.Length);
        var course = holdings.CourseOf(order.Offer.Model, sold);
        var (available, tightest) = AvailableOf(order.Offer, course, from, until);
        var holder = Reservation.HolderOf(order.Organisation, order.Project);
        var isCrowded = sold.Select(each => each.Holder).Distinct().Count() >= holdings.MostHolders
            && course.Within(from, until).Any(step => HoldersBeside(holder, sold, step) >= holdings.MostHolders);
        if (tightest.Free < order.TokensPerMinute || isCrowded)
        {
            return (null, new CapacityRefusal(
                available, tightest,
                isCrowded ? null : course.FirstRoomFor(order.TokensPerMinute, order.Term.Length, from), isCrowded));
        }

        return (
            new Reservation(
                PublicId.Make(Reservation.IdKind, ids.Next()), order.Organisation, order.Project, order.Offer.Model,
                order.Offer.Id, order.Term.Id)
            {
                Units = order.Units,
                TokensPerMinute = order.TokensPerMinute,
                Price = order.Price,
                From = from,
                Until = until,
                CreatedAt = Now,
                Renews = order.Renews,
            },
            null);
    }

    static int HoldersBeside(string holder, List<Reservation> sold, CapacityStep step) => sold
        .Where(each => each.From < step.Until && each.Until > step.From && each.Holder != holder)
        .Select(each => each.Holder).Distinct().Count();

    static string Crowded(CapacityOrder order) =>
        $"{order.Offer.Model} has {CapacityStore.MaxOfModel} reservations that have not ended, as many as it may.";

    static AuditEntry EntryOf(Reservation reservation, string action, string actor, JsonObject? more = null)
    {
        var details = CapacityJson.Sketch(reservation);
        foreach (var (name, value) in more ?? [])
        {
            details[name] = value?.DeepClone();
        }

        return new AuditEntry(actor, action, reservation.Id) { Organisation = reservation.Organisation, Details = details };
    }

    /// <summary>A time as the store can keep it.</summary>
    static DateTimeOffset Whole(DateTimeOffset at) => UnixMicroseconds.ToTime(UnixMicroseconds.From(at));
}
