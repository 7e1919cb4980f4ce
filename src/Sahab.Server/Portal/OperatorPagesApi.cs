using System.Globalization;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Portal.Controls;
using Sahab.Server.Portal.Layout;
using Sahab.Server.Portal.Pages.Operator;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Serve.Gateway;
using Sahab.Server.Serve.Incidents;

namespace Sahab.Server.Portal;

/// <summary>
/// The operator's pages: clouds and calls here; what is sold in <see cref="OperatorSalesPages"/> and the rules in
/// <see cref="OperatorRulePages"/>. What they change goes through the control API.
/// </summary>
internal static class OperatorPagesApi
{
    /// <summary>The most rows that a page lists at once; a link leads on.</summary>
    public const int MostRows = 100;

    /// <summary>How many days back margin may be asked for.</summary>
    public const int MostDays = 366;

    /// <summary>How long a text in an address may be; a longer one is ignored.</summary>
    const int MaxChars = 256;

    /// <summary>The states of reviews that one may look at.</summary>
    public static readonly IReadOnlyList<string> ReviewStates = ["pending", "approved", "rejected", "revoked", "all"];

    public static void Map(IEndpointRouteBuilder pages)
    {
        pages.MapGet("/operator", HomeAsync).Needs(Permission.SignedIn).ExcludeFromDescription();
        var operations = pages.MapGroup("/operator").Needs(Permission.SeeOperations).ExcludeFromDescription();
        operations.MapGet("/map", (HttpContext context, PageRenderer renderer) =>
            renderer.ShowAsync(context, new PageView(typeof(MapPage), [])));
        operations.MapGet("/calls", CallsAsync);
        operations.MapGet("/incidents", IncidentsAsync);
        OperatorSalesPages.Map(pages.MapGroup("/operator").ExcludeFromDescription());
        OperatorRulePages.Map(pages.MapGroup("/operator").ExcludeFromDescription());
    }

    /// <summary>The page of an organisation.</summary>
    public static string AddressOf(string organisation) => $"/operator/organisations/{Uri.EscapeDataString(organisation)}";

    /// <summary>What the map's page is kept up to date with.</summary>
    public static PageView MapView { get; } = new(typeof(MapRegions), []);

    /// <summary>A value of the query; null: there is none to speak of.</summary>
    public static string? Text(HttpContext context, string name) =>
        context.Request.Query[name].ToString().Trim() is { Length: > 0 and <= MaxChars } text ? text : null;

    /// <summary>A number of the query within bounds; what is none, or beyond them, is what it is otherwise.</summary>
    public static int Number(HttpContext context, string name, int otherwise, int most) =>
        int.TryParse(context.Request.Query[name], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= 1 && number <= most ? number : otherwise;

    public static Task<IResult> ShowAsync(HttpContext context, PageRenderer renderer, Type page, object view) =>
        renderer.ShowAsync(context, new PageView(page, new() { ["View"] = view }));

    static async Task<IResult> HomeAsync(HttpContext context, PageRenderer renderer) =>
        OperatorFrame.PlacesOf(Viewer.Of(context)).FirstOrDefault().Path is { } first
            ? Results.Redirect(first)
            : await renderer.ShowMissingAsync(context);

    static async Task<IResult> IncidentsAsync(
        HttpContext context, PageRenderer renderer, IncidentDesk desk, LiveFeed feed)
    {
        var days = Number(context, "days", IncidentDesk.DefaultDays, IncidentDesk.MaxDays);
        return await ShowAsync(context, renderer, typeof(IncidentsPage), new IncidentsView
        {
            Days = days,
            Outages = await desk.FindAsync(days, context.RequestAborted),
            Unwell = [.. feed.Latest.Deployments.Where(one => Display.State(one.Reading) != "healthy")],
        });
    }

    static async Task<IResult> CallsAsync(
        HttpContext context, PageRenderer renderer, RecentCalls recent, UsageStore usage)
    {
        var question = new CallQuestion(
            Text(context, "model"), Text(context, "tenant"),
            Text(context, "outcome") is { } end && FinishedCall.Ends.Contains(end) ? end : null);
        if (Text(context, "id") is { } id)
        {
            return Guid.TryParse(id, out var call)
                ? Results.Redirect($"/calls/{call}")
                : await ShowAsync(context, renderer, typeof(CallsPage), new CallsView { Question = question, Unknown = id });
        }

        if (!DateOnly.TryParseExact(
            Text(context, "day"), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
            || day >= DateOnly.MaxValue)
        {
            return await ShowAsync(context, renderer, typeof(CallsPage), new CallsView
            {
                Question = question,
                Calls = [.. recent.Latest(RecentCalls.Capacity).Where(question.Asks).Take(MostRows)],
            });
        }

        return await ShowAsync(
            context, renderer, typeof(CallsPage), await OlderAsync(context, usage, question, day));
    }

    static async Task<CallsView> OlderAsync(HttpContext context, UsageStore usage, CallQuestion question, DateOnly day)
    {
        var where = new Dictionary<UsageDimension, string>();
        if (question.Model is { } model)
        {
            where[UsageDimension.Model] = model;
        }

        if (question.Tenant is { } tenant)
        {
            where[UsageDimension.Tenant] = tenant;
        }

        var begin = new DateTimeOffset(day, TimeOnly.MinValue, TimeSpan.Zero);
        var found = await usage.EventsAsync(
            new UsageQuery { From = begin, To = begin.AddDays(1), Where = where },
            EventMark.Parse(Text(context, "before")), MostRows + 1, context.RequestAborted);
        var shown = found.Take(MostRows).ToArray();
        return new CallsView
        {
            Question = question,
            Day = day,
            Older = shown,
            Next = found.Count > MostRows ? EventMark.Of(shown[^1]).ToString() : null,
        };
    }
}
