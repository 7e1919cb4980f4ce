using Sahab.Ledger.Rating;
using Sahab.Server.Portal.Controls;
using Sahab.Server.Portal.Pages;
using Sahab.Server.Sell.Metering;
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

    /// <summary>Everything comes from this server, and no page may be put into a frame.</summary>
    const string ContentPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/", (HttpContext context, PageRenderer renderer) => HomeAsync(context, renderer))
            .ExcludeFromDescription();
        endpoints.MapGet("/deployments/{id}", DeploymentAsync).ExcludeFromDescription();
        endpoints.MapGet("/calls/{id:guid}", CallAsync).ExcludeFromDescription();
        endpoints.MapGet("/live", (HttpContext context, LiveStream stream) =>
            stream.RunAsync(context, context.Request.Query["deployment"] is { Count: > 0 } deployment
                ? DeploymentView(Short(deployment) ?? "")
                : HomeView(context))).ExcludeFromDescription();
        endpoints.MapGet("/assets/{**path}", (string path, HttpContext context, PortalAssets assets) =>
            assets.SendAsync(context, path)).ExcludeFromDescription();
        ContractPagesApi.Map(endpoints);
    }

    static async Task<IResult> HomeAsync(HttpContext context, PageRenderer renderer) =>
        Page(context, await renderer.RenderAsync(HomeView(context) with { Component = typeof(LivePage) }));

    static async Task<IResult> DeploymentAsync(
        string id, HttpContext context, PageRenderer renderer, SnapshotPublisher snapshots) =>
        snapshots.Current.Routing.TryGetDeployment(id, out _)
            ? Page(context, await renderer.RenderAsync(
                DeploymentView(id) with { Component = typeof(DeploymentPage) }))
            : await MissingAsync(context, renderer, "There is no such deployment in the configuration in force.");

    static async Task<IResult> CallAsync(
        Guid id, HttpContext context, PageRenderer renderer, RecentCalls recent, UsageStore store,
        SnapshotPublisher snapshots)
    {
        var call = recent.Find(id);
        var attempts = call?.Attempts ?? await FindInLedgerAsync(id, store, snapshots, context.RequestAborted);
        if (call is null && attempts.Count == 0)
        {
            return await MissingAsync(
                context, renderer,
                "This call is neither among the last ones nor in the ledger. A call that ended just now may take a "
                + "second to get there.");
        }

        return Page(context, await renderer.RenderAsync(new PageView(
            typeof(CallPage), new() { ["Details"] = new CallDetails(id, call, attempts) })));
    }

    /// <summary>A call's id tells when it was made, and so where in the ledger its attempts are.</summary>
    static async Task<IReadOnlyList<UsageEvent>> FindInLedgerAsync(
        Guid id, UsageStore store, SnapshotPublisher snapshots, CancellationToken cancellation)
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
        var events = await store.EventsAsync(query, null, MostAttempts, cancellation);
        return [.. events.OrderBy(attempt => attempt.Attempt)];
    }

    internal static async Task<IResult> MissingAsync(HttpContext context, PageRenderer renderer, string why) => Page(
        context,
        await renderer.RenderAsync(new PageView(typeof(MissingPage), new() { ["Why"] = why })),
        StatusCodes.Status404NotFound);

    static PageView HomeView(HttpContext context)
    {
        var query = context.Request.Query;
        return new PageView(typeof(LiveRegions), new()
        {
            ["Model"] = Short(query["model"]),
            ["Status"] = Short(query["status"]),
            ["Provider"] = Short(query["provider"]),
            ["Address"] = $"{context.Request.Scheme}://{context.Request.Host}",
        });
    }

    static PageView DeploymentView(string id) =>
        new(typeof(DeploymentRegions), new() { ["Id"] = id });

    static string? Short(string? text) => text is { Length: > 0 and <= MaxNameChars } ? text : null;

    internal static IResult Page(HttpContext context, string html, int status = StatusCodes.Status200OK)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = ContentPolicy;
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        return Results.Content(html, "text/html; charset=utf-8", statusCode: status);
    }
}

/// <summary>What to render: a component and its parameters.</summary>
internal sealed record PageView(Type Component, Dictionary<string, object?> Parameters)
{
    /// <summary>Equal for views that look the same.</summary>
    public string Key { get; } = Component.Name + "\n" + string.Join('\n', Parameters.Values);
}
