using System.Globalization;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Sell.Tenants;

namespace Sahab.Server.Sell.Capacity;

/// <summary>Reserved capacity in the control API.</summary>
internal static class CapacityApi
{
    /// <summary>How far ahead a reservation may begin.</summary>
    static readonly TimeSpan MostAhead = TimeSpan.FromDays(731);

    /// <summary>The most steps of a model's course that are told.</summary>
    const int MostSteps = 200;

    public static void Map(IEndpointRouteBuilder api)
    {
        var capacity = api.MapGroup("/organisations/{organisation}/capacity")
            .Needs(Permission.SeeBilling, Permission.ChangeBilling);
        capacity.MapGet("/offers", OffersAsync).Produces<Listing<CapacityOfferAnswer>>()
            .WithSummary("What can be reserved, with its price and how much is free: ?from= and ?units= say for what.");
        capacity.MapGet("", ListAsync).Pages<ReservationAnswer>()
            .WithSummary("What the organisation has reserved.");
        capacity.MapPost("", ReserveAsync).Reads<Body>().Produces<ReservationAnswer>()
            .WithSummary("Reserve capacity for a term, at a fixed price.");
        capacity.MapGet("/{reservation}", ShowAsync).Produces<ReservationAnswer>().WithSummary("One reservation.");
        capacity.MapPatch("/{reservation}", ChangeAsync).Reads<Patch>().Produces<ReservationAnswer>()
            .WithSummary("Say whether a reservation is renewed when it ends.");
        capacity.MapDelete("/{reservation}", CancelAsync).Produces<ReservationAnswer>()
            .WithSummary("Cancel a reservation that has not begun.");
        api.MapGet("/capacity", SoldAsync).Needs(Permission.SeeSales).Produces<Listing<CapacityAnswer>>()
            .WithSummary("What is sold of each model against what is held, and which failure binds.");
    }

    static async Task<IResult> OffersAsync(
        string organisation, HttpContext context, CapacityStore store, CapacityHoldings holdings, CapacityDesk desk,
        OrganisationStore organisations)
    {
        var query = context.Request.Query;
        var (now, units) = (desk.Now, 1L);
        if (!TryFrom(query["from"], now, out var from, out var fault))
        {
            return fault!;
        }

        if ((string?)query["units"] is { } text
            && (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out units) || units is < 1 or > 1_000_000))
        {
            return ControlError.Invalid("units", "The parameter 'units' must be a whole number from 1 to 1000000.");
        }

        if (await organisations.FindAsync(organisation, context.RequestAborted) is null)
        {
            return ControlError.NoOrganisation(organisation);
        }

        var open = await store.ReadOpenAsync(context.RequestAborted);
        var courses = holdings.OfferedModels.ToDictionary(
            model => model, model => holdings.CourseOf(model, open.Where(each => each.Model == model)));
        return Results.Ok(Listing<CapacityOfferAnswer>.Whole(holdings.OffersAt(now).Select(
            offer => CapacityOfferAnswer.Of(
                offer, courses[offer.Model], now, from ?? now, Math.Max(units, offer.Smallest)))));
    }

    static async Task<IResult> ListAsync(
        string organisation, HttpContext context, CapacityStore store, CapacityDesk desk, OrganisationStore organisations) =>
        !ListPage.TryRead(context, out var page, out var fault) ? fault!
            : await organisations.FindAsync(organisation, context.RequestAborted) is null
                ? ControlError.NoOrganisation(organisation)
            : page.Answer(
                await store.ListAsync(organisation, page, context.RequestAborted),
                each => ReservationAnswer.Of(each, desk.Now), each => each.Id);

    static async Task<IResult> ShowAsync(
        string organisation, string reservation, HttpContext context, CapacityStore store, CapacityDesk desk) =>
        await store.FindAsync(organisation, reservation, context.RequestAborted) is { } found
            ? Results.Ok(ReservationAnswer.Of(found, desk.Now))
            : Unknown(reservation);

    static async Task<IResult> ReserveAsync(
        string organisation, HttpContext context, CapacityDesk desk, CapacityHoldings holdings, CapacityLoop loop,
        IHolders holders)
    {
        var (body, fault) = await ControlBody.ReadAsync<Body>(context);
        if (body is null)
        {
            return fault!;
        }

        if (await holders.FindFaultAsync(organisation, body.Project, context.RequestAborted) is { } stopped)
        {
            return stopped;
        }

        var (order, wrong) = OrderOf(organisation, body, holdings, desk.Now);
        if (order is null)
        {
            return wrong!;
        }

        var outcome = await desk.ReserveAsync(order, Caller.Of(context).Name, context.RequestAborted);
        if (outcome.Reservation is not { } reserved)
        {
            return outcome.Refusal is { } refusal
                ? ControlError.Conflict(CapacityJson.Explain(order, refusal), CapacityJson.Of(refusal))
                : ControlError.Conflict(outcome.Conflict!);
        }

        await loop.TryCatchUpAsync(CancellationToken.None);
        return Results.Ok(ReservationAnswer.Of(reserved, desk.Now));
    }

    static (CapacityOrder? Order, ControlProblem? Fault) OrderOf(
        string organisation, Body body, CapacityHoldings holdings, DateTimeOffset now)
    {
        var offers = holdings.OffersAt(now).ToList();
        if (offers.Find(each => each.Id == body.Offer) is not { } offer)
        {
            return (null, ControlError.Invalid(
                "offer", $"There is no offer '{body.Offer}'. There are: {Names(offers.Select(each => each.Id))}."));
        }

        if (offer.Terms.FirstOrDefault(each => each.Id == body.Term) is not { } term)
        {
            return (null, ControlError.Invalid(
                "term", $"There is no term '{body.Term}' of {offer.Id}. There are: {Names(offer.Terms.Select(each => each.Id))}."));
        }

        if (body.Units < offer.Smallest || body.Units > offer.Largest)
        {
            return (null, ControlError.Invalid(
                "units", $"Of {offer.Id}, {offer.Smallest} to {offer.Largest} units can be reserved at once."));
        }

        return TryFrom(body.From, now, out var from, out var fault)
            ? (new CapacityOrder(
                organisation, body.Project ?? "", offer, term, body.Units, from, body.Renews ?? false), null)
            : (null, fault);
    }

    static async Task<IResult> ChangeAsync(
        string organisation, string reservation, HttpContext context, CapacityDesk desk, CapacityLoop loop)
    {
        var (body, fault) = await ControlBody.ReadAsync<Patch>(context);
        return body is null ? fault! : await AnswerAsync(
            await desk.RenewsAsync(
                organisation, reservation, body.Renews, Caller.Of(context).Name, context.RequestAborted),
            reservation, desk, loop);
    }

    static async Task<IResult> CancelAsync(
        string organisation, string reservation, HttpContext context, CapacityDesk desk, CapacityLoop loop) =>
        await AnswerAsync(
            await desk.CancelAsync(organisation, reservation, Caller.Of(context).Name, context.RequestAborted),
            reservation, desk, loop);

    static async Task<IResult> SoldAsync(
        HttpContext context, CapacityStore store, CapacityHoldings holdings, CapacityDesk desk)
    {
        var open = await store.ReadOpenAsync(context.RequestAborted);
        var models = open.Select(each => each.Model).Concat(holdings.OfferedModels).Distinct()
            .Order(StringComparer.Ordinal);
        return Results.Ok(Listing<CapacityAnswer>.Whole(models.Select(model =>
        {
            var sold = open.Where(each => each.Model == model).ToList();
            return CapacityAnswer.Of(model, holdings.CourseOf(model, sold), sold, desk.Now, MostSteps);
        })));
    }

    static bool TryFrom(string? text, DateTimeOffset now, out DateTimeOffset? from, out ControlProblem? fault)
    {
        (from, fault) = (null, null);
        if (string.IsNullOrEmpty(text))
        {
            return true;
        }

        if (!ContractBinding.TryTime(text, out var at))
        {
            fault = ControlError.Invalid("from", "'from' must be a day, such as 2026-01-31, or a time in UTC.");
            return false;
        }

        if (at < now || at > now + MostAhead)
        {
            fault = ControlError.Invalid(
                "from", $"A reservation begins now or within {MostAhead.Days} days. Leave 'from' out to begin at once.");
            return false;
        }

        from = at;
        return true;
    }

    static async Task<IResult> AnswerAsync(
        ReservationOutcome? outcome, string id, CapacityDesk desk, CapacityLoop loop)
    {
        if (outcome is not { Conflict: null, Reservation: { } reservation })
        {
            return outcome is null ? Unknown(id) : ControlError.Conflict(outcome.Conflict!);
        }

        await loop.TryCatchUpAsync(CancellationToken.None);
        return Results.Ok(ReservationAnswer.Of(reservation, desk.Now));
    }

    static string Names(IEnumerable<string> names) => names.DefaultIfEmpty("none").Aggregate((all, name) => $"{all}, {name}");

    static ControlProblem Unknown(string id) =>
        ControlError.NotFound("reservation", $"There is no reservation '{id}'.");

    sealed record Body(
        string Offer, string Term, long Units, string? From = null, string? Project = null, bool? Renews = null);

    sealed record Patch(bool Renews);
}
