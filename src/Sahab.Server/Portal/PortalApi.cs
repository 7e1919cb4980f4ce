using System.Data.Common;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Portal.Controls;
using Sahab.Server.Portal.Pages;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Sell.Tenants.Accounts;
using Sahab.Server.Serve.Gateway;
using Sahab.Server.Serve.Snapshots;

namespace Sahab.Server.Portal;

/// <summary>The pages, the stream that keeps them up to date, and the files that they need.</summary>
internal static class PortalApi
{
    /// <summary>The most attempts of one call that its page shows; a call never makes as many.</summary>
    const int MostAttempts = 64;

    /// <summary>How long a filter or a name in an address may be; a longer one is ignored.</summary>
    const int MaxNameChars = 256;

    public static void Map(IEndpointRouteBuilder pages)
    {
        var open = pages.MapGroup("").Needs(Permission.Public);
        open.MapGet("/assets/{**path}", (string path, HttpContext context, PortalAssets assets) =>
            assets.SendAsync(context, path)).ExcludeFromDescription();
        open.MapPost("/preferences", (Delegate)Preferences.SetAsync).ExcludeFromDescription();
        MapOperations(pages.MapGroup("").Needs(Permission.SeeOperations));
        ConsolePagesApi.Map(pages);
        OperatorPagesApi.Map(pages);
        PublicPagesApi.Map(pages);
        CapacityPagesApi.Map(pages);
        ContractPagesApi.Map(pages.MapGroup("").Needs(Permission.SeeSourcing));
    }

    static void MapOperations(RouteGroupBuilder endpoints)
    {
        endpoints.MapGet("/", (HttpContext context, PageRenderer renderer, RequestSite site) =>
            renderer.ShowAsync(context, HomeView(context, site) with { Component = typeof(LivePage) }))
            .ExcludeFromDescription();
        endpoints.MapGet("/deployments/{id}", DeploymentAsync).ExcludeFromDescription();
        endpoints.MapGet("/calls/{id:guid}", CallAsync).ExcludeFromDescription();
        endpoints.MapGet("/live", (HttpContext context, LiveStream stream, RequestSite site) =>
            LiveAsync(context, stream, site))
            .ExcludeFromDescription();
    }

    static Task LiveAsync(HttpContext context, LiveStream stream, RequestSite site)
    {
        var deployment = context.Request.Query["deployment"];
        var view = deployment.Count > 0 ? DeploymentView(Short(deployment) ?? "")
            : context.Request.Query.ContainsKey("map") ? OperatorPagesApi.MapView
            : HomeView(context, site);
        return stream.RunAsync(context, view with { Viewer = Viewer.Of(context) });
    }

    static Task<IResult> DeploymentAsync(
        string id, HttpContext context, PageRenderer renderer, SnapshotPublisher snapshots) =>
        snapshots.Current.Routing.TryGetDeployment(id, out _)
            ? renderer.ShowAsync(context, DeploymentView(id) with { Component = typeof(DeploymentPage) })
            : renderer.ShowMissingAsync(context, "There is no such deployment in the configuration in force.");

    static async Task<IResult> CallAsync(
        Guid id, HttpContext context, PageRenderer renderer, RecentCalls recent, UsageStore store,
        SnapshotPublisher snapshots, Explainer explainer)
    {
        var call = recent.Find(id);
        var maySeeSales = Caller.Find(context)?.MayAnywhere(Permission.SeeSales) == true;
        var posted = call is null || maySeeSales
            ? await FindInLedgerAsync(id, store, snapshots, call is not null, context.RequestAborted)
            : [];
        var attempts = call?.Attempts ?? [.. posted.Select(each => each.Usage)];
        if (call is null && attempts.Count == 0)
        {
            return await renderer.ShowMissingAsync(
                context,
                "This call is neither among the last ones nor in the ledger. A call that ended just now may take a "
                + "second to get there.");
        }

        return await renderer.ShowAsync(context, new PageView(
            typeof(CallPage), new()
            {
                ["Details"] = new CallDetails(id, call, attempts)
                {
                    Earned = posted.Count == 0 ? null : posted.Sum(each => each.Amount.Value),
                    Like = call is null ? null : explainer.Like(call),
                },
            }));
    }

    /// <summary>A call's id tells when it was made, and so where in the ledger its attempts are.</summary>
    /// <param name="isKnown">Whether there is something to show where the ledger cannot be read.</param>
    static async Task<IReadOnlyList<SoldCall>> FindInLedgerAsync(
        Guid id, UsageStore store, SnapshotPublisher snapshots, bool isKnown, CancellationToken cancellation)
    {
        if (id.Version != 7)
        {
            return [];
        }

        var bytes = id.ToByteArray(bigEndian: true);
        long milliseconds = 0;
        for (var index = 0; index < 6; index++)
        {
            milliseconds = (milliseconds << 8) | bytes[index];
        }

        if (milliseconds > DateTimeOffset.MaxValue.ToUnixTimeMilliseconds() - TimeSpan.FromDays(1).TotalMilliseconds)
        {
            return [];
        }

        var made = DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
        var query = new UsageQuery
        {
            From = made.AddSeconds(-1),
            To = made.AddMilliseconds(snapshots.Current.CallDeadlineMs).AddSeconds(1),
            CallId = id,
        };
        try
        {
            var events = await store.PricedEventsAsync(query, null, MostAttempts, cancellation);
            return [.. events.OrderBy(attempt => attempt.Usage.Attempt)];
        }
        catch (Exception failure) when (isKnown && failure is (DbException or TimeoutException))
        {
            // The rest of the page does without.
            return [];
        }
    }

    static PageView HomeView(HttpContext context, RequestSite site)
    {
        var query = context.Request.Query;
        return new PageView(typeof(LiveRegions), new()
        {
            ["Model"] = Short(query["model"]),
            ["Status"] = Short(query["status"]),
            ["Provider"] = Short(query["provider"]),
            ["Address"] = site.OriginOf(context),
        });
    }

    static PageView DeploymentView(string id) =>
        new(typeof(DeploymentRegions), new() { ["Id"] = id });

    static string? Short(string? text) => text is { Length: > 0 and <= MaxNameChars } ? text : null;
}
