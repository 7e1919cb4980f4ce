using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Portal.Pages;
using Sahab.Server.Portal.Pages.Operator;
using Sahab.Server.Sell.Capacity;
using Sahab.Server.Sell.Tenants;
using Sahab.Server.Serve.Snapshots;

namespace Sahab.Server.Portal;

/// <summary>The pages of reserved capacity: what an organisation has of it, and what the operator has sold of each model.</summary>
internal static class CapacityPagesApi
{
    public static void Map(IEndpointRouteBuilder pages)
    {
        pages.MapGet("/console/{organisation}/capacity", ReservedAsync).Needs(Permission.SeeBilling).ExcludeFromDescription();
        pages.MapGet("/operator/capacity", SoldAsync).Needs(Permission.SeeSales).ExcludeFromDescription();
    }

    static async Task<IResult> ReservedAsync(
        string organisation, HttpContext context, PageRenderer renderer, OrganisationStore organisations,
        ProjectStore projects, CapacityStore store, CapacityHoldings holdings, CapacityDesk desk,
        SnapshotPublisher snapshots, MonotonicClock clock)
    {
        if (await organisations.FindAsync(organisation, context.RequestAborted) is not { } found)
        {
            return await renderer.ShowMissingAsync(context);
        }

        var (now, most) = (desk.Now, ConsolePagesApi.MostRows);
        var open = await store.ReadOpenAsync(context.RequestAborted);
        var latest = await store.ListLatestAsync(organisation, ConsolePagesApi.PartOf(context), context.RequestAborted);
        var console = new ConsoleView(found) { Now = now, Next = latest.Count > most ? latest[most - 1].Id : null };
        return await ShowAsync(context, renderer, typeof(CapacityPage), new CapacityView(console)
        {
            Projects = await projects.ListAsync(organisation, ConsolePagesApi.All, context.RequestAborted),
            Reservations =
            [
                .. latest.Take(most).Select(each => (each, UsedOf(each, open, now, snapshots.Current, clock.NowMs))),
            ],
            Offers =
            [
                .. holdings.OffersAt(now).Select(offer => (
                    offer, holdings.CourseOf(offer.Model, open.Where(each => each.Model == offer.Model)))),
            ],
        });
    }

    /// <summary>
    /// The part of a minute's tokens that is used, on this server, of all that is reserved of the model for the same; null:
    /// it is not in force.
    /// </summary>
    static double? UsedOf(
        Reservation reservation, List<Reservation> open, DateTimeOffset now, ServeSnapshot snapshot, long nowMs) =>
        reservation.StateAt(now) == "active" && snapshot.Routing.TryGetModel(reservation.Model, out var route)
        && snapshot.Reserved.Find(reservation.Organisation, reservation.Project, route) is { } part
            ? (double)part.Cover.Read(nowMs).Tokens / open
                .Where(each => each.Organisation == reservation.Organisation && each.Project == reservation.Project
                    && each.Model == reservation.Model && each.StateAt(now) == "active")
                .Sum(each => each.TokensPerMinute)
            : null;

    static async Task<IResult> SoldAsync(
        HttpContext context, PageRenderer renderer, CapacityStore store, CapacityHoldings holdings, CapacityDesk desk)
    {
        var open = await store.ReadOpenAsync(context.RequestAborted);
        var models = open.Select(each => each.Model).Concat(holdings.OfferedModels).Distinct()
            .Order(StringComparer.Ordinal).Select(model =>
            {
                Reservation[] sold = [.. open.Where(each => each.Model == model)];
                return (model, holdings.CourseOf(model, sold), (IReadOnlyList<Reservation>)sold);
            });
        return await ShowAsync(context, renderer, typeof(SoldCapacityPage), new SoldCapacityView([.. models], desk.Now));
    }

    static Task<IResult> ShowAsync(HttpContext context, PageRenderer renderer, Type page, object view) =>
        renderer.ShowAsync(context, new PageView(page, new() { ["View"] = view }));
}
