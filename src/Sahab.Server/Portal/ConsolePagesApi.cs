using Sahab.Routing.Requests;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Portal.Pages;
using Sahab.Server.Sell.Budgets;
using Sahab.Server.Sell.Tenants;
using Sahab.Server.Sell.Tenants.Accounts;
using Sahab.Server.Sell.Tenants.Keys;
using Sahab.Server.Sell.Webhooks;
using Sahab.Server.Serve.Snapshots;

namespace Sahab.Server.Portal;

/// <summary>The pages of those who buy: signing up and in, and an organisation's own. What they change goes through the control API.</summary>
internal static class ConsolePagesApi
{
    /// <summary>The most rows that a page lists at once; a link leads on.</summary>
    public const int MostRows = 200;

    /// <summary>Of a webhook's deliveries.</summary>
    const int MostDeliveries = 50;

    /// <summary>As many as may be: what a page names, and does not list.</summary>
    internal static readonly ListPage All = new(ListPage.MaxLimit, "");

    public static void Map(IEndpointRouteBuilder pages)
    {
        var open = pages.MapGroup("").Needs(Permission.Public).ExcludeFromDescription();
        open.MapGet("/sign-in", (HttpContext context, PageRenderer renderer, ConfigurationState configuration) =>
            renderer.ShowAsync(context, new PageView(typeof(SignInPage), new()
            {
                ["Return"] = LocalPath.Of(context.Request.Query["return"]),
                ["Invitation"] = InvitationLink.Of(context),
                ["Issuers"] = configuration.Current.SignIn.Oidc.Select(issuer => new IssuerLink(
                    issuer.Id, issuer.Name ?? issuer.Id)).ToList(),
            })));
        open.MapGet("/sign-up", SignUpAsync);
        pages.MapGet(KeySignIn.Path, (HttpContext context) => KeySignIn.Show(context)).Needs(Permission.SignedIn)
            .ExcludeFromDescription();
        pages.MapGet("/console", HomeAsync).Needs(Permission.SignedIn).ExcludeFromDescription();
        var console = pages.MapGroup("/console/{organisation}").ExcludeFromDescription();
        console.MapGet("", ProjectsAsync).Needs(Permission.SeeOrganisation);
        console.MapGet("/playground", PlaygroundAsync).Needs(Permission.Play);
        console.MapGet("/quickstart", QuickstartAsync).Needs(Permission.SeeOrganisation);
        console.MapGet("/keys", KeysAsync).Needs(Permission.SeeKeys);
        console.MapGet("/budgets", BudgetsAsync).Needs(Permission.SeeBudgets);
        console.MapGet("/members", MembersAsync).Needs(Permission.SeeOrganisation);
        console.MapGet("/webhooks", WebhooksAsync).Needs(Permission.SeeWebhooks);
        console.MapGet("/webhooks/{webhook}", WebhookAsync).Needs(Permission.SeeWebhooks);
        UsagePagesApi.Map(console);
        BillingPagesApi.Map(console);
        GovernPagesApi.Map(console);
        AccountPagesApi.Map(pages);
    }

    /// <summary>Who is signed in as a user already accepts an invitation as that one.</summary>
    static async Task<IResult> SignUpAsync(HttpContext context, PageRenderer renderer) =>
        InvitationLink.Of(context) is { } token && Caller.Find(context)?.User is not null
            ? Results.Redirect(InvitationLink.To("/console", token))
            : await renderer.ShowAsync(
                context, new PageView(typeof(SignUpPage), new() { ["Invitation"] = InvitationLink.Of(context) }));

    static async Task<IResult> HomeAsync(HttpContext context, PageRenderer renderer, OrganisationStore store)
    {
        var caller = Caller.Of(context);
        // Nobody is every organisation's but the operator; a token is no user.
        var user = caller.MayAnywhere(Permission.SeeOrganisation) ? null : AccountApi.UserOf(caller) ?? "";
        var found = await store.ListAsync(user, PartOf(context), context.RequestAborted);
        return await renderer.ShowAsync(context, new PageView(typeof(OrganisationsPage), new()
        {
            ["View"] = new OrganisationsView([.. found.Take(MostRows)])
            {
                Next = found.Count > MostRows ? found[MostRows - 1].Id : null,
                Invitation = InvitationLink.Of(context),
            },
        }));
    }

    static Task<IResult> ProjectsAsync(
        string organisation, HttpContext context, PageRenderer renderer, OrganisationStore organisations, ProjectStore projects) =>
        ShowAsync(typeof(ProjectsPage), organisation, context, renderer, organisations, async found =>
        {
            var all = await projects.ListAsync(organisation, PartOf(context), context.RequestAborted);
            return new ConsoleView(found)
            {
                Projects = [.. all.Take(MostRows)],
                Next = all.Count > MostRows ? all[MostRows - 1].Id : null,
            };
        });

    static Task<IResult> KeysAsync(
        string organisation, HttpContext context, PageRenderer renderer, OrganisationStore organisations,
        ProjectStore projects, KeyStore keys, TimeProvider time) =>
        ShowAsync(typeof(KeysPage), organisation, context, renderer, organisations, async found =>
        {
            var all = await keys.ListGoodFirstAsync(organisation, PartOf(context), context.RequestAborted);
            return new ConsoleView(found)
            {
                Projects = await projects.ListAsync(organisation, All, context.RequestAborted),
                Keys = [.. all.Take(MostRows)],
                Next = all.Count > MostRows ? KeyStore.MarkOf(all[MostRows - 1]) : null,
                Now = time.GetUtcNow(),
            };
        });

    static Task<IResult> PlaygroundAsync(
        string organisation, HttpContext context, PageRenderer renderer, OrganisationStore organisations, KeyStore keys,
        SnapshotPublisher snapshots, TimeProvider time) =>
        ShowAsync(typeof(PlaygroundPage), organisation, context, renderer, organisations, async found => new ConsoleView(found)
        {
            Models = ChatModels(snapshots),
            Keys =
            [
                .. (await keys.ListGoodFirstAsync(organisation, new(MostRows, ""), context.RequestAborted))
                    .Where(key => key.IsGoodAt(time.GetUtcNow())),
            ],
        });

    static Task<IResult> QuickstartAsync(
        string organisation, HttpContext context, PageRenderer renderer, OrganisationStore organisations,
        ProjectStore projects, SnapshotPublisher snapshots, RequestSite site) =>
        ShowAsync(typeof(QuickstartPage), organisation, context, renderer, organisations, async found => new ConsoleView(found)
        {
            Projects = await projects.ListAsync(organisation, All, context.RequestAborted),
            Models = ChatModels(snapshots),
            Address = site.OriginOf(context),
        });

    static string[] ChatModels(SnapshotPublisher snapshots) =>
    [
        .. snapshots.Current.Models.Where(model => model.Route.Serves(Operation.ChatCompletions)).Select(model => model.Name),
    ];

    static Task<IResult> BudgetsAsync(
        string organisation, HttpContext context, PageRenderer renderer, OrganisationStore organisations,
        ProjectStore projects, KeyStore keys, BudgetStore store, BudgetReadings readings) =>
        ShowAsync(typeof(BudgetsPage), organisation, context, renderer, organisations, async found =>
        {
            var budgets = await store.ListAsync(organisation, All, context.RequestAborted);
            return new ConsoleView(found)
            {
                Keys = !Viewer.Of(context).MayIn(organisation, Permission.SeeKeys) ? []
                    :
                    [
                        .. (await keys.ListGoodFirstAsync(organisation, new(MostRows, ""), context.RequestAborted))
                            .Where(key => key.RevokedAt is null),
                    ],
                Projects = await projects.ListAsync(organisation, All, context.RequestAborted),
                Budgets = [.. budgets.Zip(await readings.ReadAsync(budgets, context.RequestAborted))],
            };
        });

    static Task<IResult> MembersAsync(
        string organisation, HttpContext context, PageRenderer renderer, OrganisationStore organisations,
        MemberStore members, InvitationStore invitations) =>
        ShowAsync(typeof(MembersPage), organisation, context, renderer, organisations, async found =>
        {
            var all = await members.ListAsync(organisation, PartOf(context), context.RequestAborted);
            return new ConsoleView(found)
            {
                Members = [.. all.Take(MostRows)],
                Next = all.Count > MostRows ? all[MostRows - 1].User : null,
                Invitations = await invitations.ListAsync(organisation, All, context.RequestAborted),
            };
        });

    static Task<IResult> WebhooksAsync(
        string organisation, HttpContext context, PageRenderer renderer, OrganisationStore organisations,
        WebhookStore webhooks) =>
        ShowAsync(typeof(WebhooksPage), organisation, context, renderer, organisations, async found => new ConsoleView(found)
        {
            Webhooks = await webhooks.ReadAllAsync(organisation, context.RequestAborted),
        });

    static Task<IResult> WebhookAsync(
        string organisation, string webhook, HttpContext context, PageRenderer renderer, OrganisationStore organisations,
        WebhookStore webhooks, DeliveryStore deliveries) =>
        ShowAsync(typeof(WebhookPage), organisation, context, renderer, organisations, async found =>
        {
            if (await webhooks.ReadAsync(organisation, webhook, context.RequestAborted) is not { } known)
            {
                return null;
            }

            var sent = await deliveries.ReadAsync(
                webhook, PartOf(context).After, MostDeliveries + 1, context.RequestAborted);
            return new ConsoleView(found)
            {
                Webhooks = [known],
                Deliveries = [.. sent.Take(MostDeliveries)],
                Next = sent.Count > MostDeliveries ? sent[MostDeliveries - 1].Id : null,
            };
        });

    /// <summary>The part of a page's list that an address asks for; what makes no sense in it asks for the first.</summary>
    internal static ListPage PartOf(HttpContext context) =>
        ListPage.TryRead(context, out var page, out _) ? page with { Limit = MostRows } : new(MostRows, "");

    /// <summary>A page of an organisation; null of what it shows: there is no such page.</summary>
    internal static async Task<IResult> ShowAsync<T>(
        Type page, string organisation, HttpContext context, PageRenderer renderer, OrganisationStore organisations,
        Func<Organisation, Task<T?>> look)
        where T : class =>
        await organisations.FindAsync(organisation, context.RequestAborted) is { } found && await look(found) is { } view
            ? await renderer.ShowAsync(context, new PageView(page, new() { ["View"] = view }))
            : await renderer.ShowMissingAsync(context);
}
