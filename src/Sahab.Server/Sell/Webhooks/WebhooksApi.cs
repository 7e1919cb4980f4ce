using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Sell.Webhooks;

/// <summary>An organisation's webhooks, what was sent to them, and sending it again.</summary>
internal static class WebhooksApi
{
    const int MaxNameChars = 100;

    const int MaxUrlChars = 2048;

    /// <summary>How long the secret before is signed with too.</summary>
    static readonly TimeSpan Overlap = TimeSpan.FromHours(24);

    public static void Map(IEndpointRouteBuilder api)
    {
        var webhooks = api.MapGroup("/organisations/{organisation}/webhooks")
            .Needs(Permission.SeeWebhooks, Permission.ChangeWebhooks);
        webhooks.MapGet("", ListAsync).Produces<Listing<WebhookAnswer>>().WithSummary("The webhooks of an organisation");
        webhooks.MapPost("", AddAsync).Reads<WebhookRequest>().Produces<WebhookAnswer>()
            .WithSummary("Add a webhook; its secret is told this once");
        webhooks.MapGet("/types", Types).Produces<Listing<string>>().WithSummary("The types of events");
        webhooks.MapGet("/{webhook}", ShowAsync).Produces<WebhookAnswer>().WithSummary("A webhook");
        webhooks.MapPatch("/{webhook}", ChangeAsync).Reads<WebhookRequest>().Produces<WebhookAnswer>()
            .WithSummary("Change a webhook's address, name or types, disable or enable it");
        webhooks.MapDelete("/{webhook}", RemoveAsync).Produces(StatusCodes.Status204NoContent)
            .WithSummary("Remove a webhook and what was on its way to it");
        webhooks.MapPost("/{webhook}/secret", RotateAsync).Produces<WebhookAnswer>()
            .WithSummary("A new secret, told this once; the one before is signed with too for a day");
        webhooks.MapPost("/{webhook}/test", TestAsync).Produces(StatusCodes.Status202Accepted)
            .WithSummary("Send an event of the type webhook.test");
        webhooks.MapGet("/{webhook}/deliveries", DeliveriesAsync).Pages<WebhookDeliveryAnswer>()
            .WithSummary("What was sent, the newest first");
        webhooks.MapPost("/{webhook}/deliveries/{delivery}/replay", ReplayAsync)
            .Produces(StatusCodes.Status202Accepted).WithSummary("Send an event again");
    }

    static IResult Types() => Results.Ok(Listing<string>.Whole(WebhookTypes.Known));

    static async Task<IResult> ListAsync(string organisation, HttpContext context, WebhookStore store) =>
        Results.Ok(Listing<WebhookAnswer>.Whole(
            (await store.ReadAllAsync(organisation, context.RequestAborted)).Select(WebhookAnswer.Of)));

    static async Task<IResult> ShowAsync(string organisation, string webhook, HttpContext context, WebhookStore store) =>
        await store.ReadAsync(organisation, webhook, context.RequestAborted) is { } found
            ? Results.Ok(WebhookAnswer.Of(found))
            : Unknown(webhook);

    static async Task<IResult> AddAsync(
        string organisation, HttpContext context, WebhookStore store, WebhookSender sender, ConfigurationState configuration,
        IdSource ids, TimeProvider time)
    {
        var (body, fault) = await ControlBody.ReadAsync<WebhookRequest>(context);
        if (body is null)
        {
            return fault!;
        }

        if (body.Url is null)
        {
            return ControlError.Invalid("url", "Say where to send events: 'url' is missing.");
        }

        var webhook = new Webhook(
            PublicId.Make("whk", ids.Next()), organisation, new Uri("https://invalid"), "", [WebhookTypes.All],
            new WebhookSecrets(WebhookSignature.NewSecret(), "", DateTimeOffset.UnixEpoch), time.GetUtcNow(), null, "", null);
        var (changed, wrong) = Apply(webhook, body, sender.Networks, configuration.Current.Webhooks.AllowHttp, time.GetUtcNow());
        if (changed is null)
        {
            return wrong!;
        }

        return await store.AddAsync(changed, Caller.Of(context), context.RequestAborted)
            ? Results.Ok(WebhookAnswer.WithSecret(changed))
            : ControlError.Conflict($"An organisation has at most {WebhookStore.MaxPerOrganisation} webhooks; remove one first.");
    }

    static async Task<IResult> ChangeAsync(
        string organisation, string webhook, HttpContext context, WebhookStore store, WebhookSender sender,
        ConfigurationState configuration, TimeProvider time)
    {
        var (body, fault) = await ControlBody.ReadAsync<WebhookRequest>(context);
        if (body is null)
        {
            return fault!;
        }

        if (await store.ReadAsync(organisation, webhook, context.RequestAborted) is not { } found)
        {
            return Unknown(webhook);
        }

        var (changed, wrong) = Apply(found, body, sender.Networks, configuration.Current.Webhooks.AllowHttp, time.GetUtcNow());
        return changed is null ? wrong!
            : await store.SaveAsync(changed, body.Enabled, Caller.Of(context), context.RequestAborted)
                ? await ShowAsync(organisation, webhook, context, store)
                : Unknown(webhook);
    }

    static async Task<IResult> RemoveAsync(string organisation, string webhook, HttpContext context, WebhookStore store) =>
        await store.ReadAsync(organisation, webhook, context.RequestAborted) is { } found
        && await store.RemoveAsync(found, Caller.Of(context), context.RequestAborted)
            ? Results.NoContent()
            : Unknown(webhook);

    static async Task<IResult> RotateAsync(
        string organisation, string webhook, HttpContext context, WebhookStore store, TimeProvider time)
    {
        if (await store.ReadAsync(organisation, webhook, context.RequestAborted) is not { } found)
        {
            return Unknown(webhook);
        }

        var rotated = found with
        {
            Secrets = new WebhookSecrets(WebhookSignature.NewSecret(), found.Secrets.Current, time.GetUtcNow() + Overlap),
        };
        return await store.RotateAsync(rotated, Caller.Of(context), context.RequestAborted)
            ? Results.Ok(WebhookAnswer.WithSecret(rotated))
            : Unknown(webhook);
    }

    static async Task<IResult> TestAsync(
        string organisation, string webhook, HttpContext context, WebhookStore store, WebhookOutbox outbox)
    {
        if (await store.ReadAsync(organisation, webhook, context.RequestAborted) is not { } found)
        {
            return Unknown(webhook);
        }

        if (found.DisabledAt is not null)
        {
            return ControlError.Conflict("The webhook is disabled; enable it first.");
        }

        return await outbox.SendTestAsync(found, context.RequestAborted)
            ? Results.Accepted()
            : ControlError.Conflict(
                $"{WebhookOutbox.MaxPendingBeforeTest} events are on their way to the webhook already. Wait until some of them "
                + "have arrived or are given up.");
    }

    static async Task<IResult> DeliveriesAsync(
        string organisation, string webhook, HttpContext context, WebhookStore store, DeliveryStore deliveries)
    {
        if (!ListPage.TryRead(context, out var page, out var fault))
        {
            return fault!;
        }

        return await store.ReadAsync(organisation, webhook, context.RequestAborted) is null
            ? Unknown(webhook)
            : page.Answer(
                await deliveries.ReadAsync(webhook, page.After, page.Rows, context.RequestAborted), WebhookDeliveryAnswer.Of, row => row.Id);
    }

    static async Task<IResult> ReplayAsync(
        string organisation, string webhook, string delivery, HttpContext context, WebhookStore store,
        DeliveryStore deliveries, TimeProvider time)
    {
        if (await store.ReadAsync(organisation, webhook, context.RequestAborted) is not { } found)
        {
            return Unknown(webhook);
        }

        return await deliveries.ReplayAsync(found, delivery, time.GetUtcNow(), Caller.Of(context), context.RequestAborted)
            ? Results.Accepted()
            : ControlError.NotFound("delivery", $"The webhook has no delivery '{delivery}'; old ones are deleted after "
                + $"{WebhookLoop.Kept.TotalDays.ToString("0", CultureInfo.InvariantCulture)} days.");
    }

    /// <summary>The webhook as the request wants it; null: it may not be so.</summary>
    static (Webhook? Webhook, ControlProblem? Wrong) Apply(
        Webhook webhook, WebhookRequest request, WebhookNetworks networks, bool allowHttp, DateTimeOffset now)
    {
        var url = webhook.Url;
        if (request.Url is not null && !TryAddress(request.Url, networks, allowHttp, out url))
        {
            return (null, ControlError.Invalid(
                "url",
                $"'url' must be an absolute {(allowHttp ? "http or https" : "https")} address of the public internet without "
                + "user and fragment. A private network is named by the operator under 'webhooks' in the configuration."));
        }

        if (request.Name is { } name && (name.Length > MaxNameChars || name.Any(char.IsControl)))
        {
            return (null, ControlError.Invalid("name", $"'name' must be at most {MaxNameChars} characters, none a control."));
        }

        if (request.Types is { } types
            && (types.IsEmpty || types.Any(type => type != WebhookTypes.All && !WebhookTypes.Known.Contains(type))))
        {
            return (null, ControlError.Invalid(
                "types", $"'types' must be some of: {WebhookTypes.All} (all), {string.Join(", ", WebhookTypes.Known)}."));
        }

        var enabled = request.Enabled ?? webhook.DisabledAt is null;
        return (webhook with
        {
            Url = url,
            Name = request.Name ?? webhook.Name,
            Types = request.Types is not { } wanted ? webhook.Types
                : wanted.Contains(WebhookTypes.All) ? [WebhookTypes.All]
                : [.. wanted.Distinct().Order(StringComparer.Ordinal)],
            DisabledAt = enabled ? null : webhook.DisabledAt ?? now,
            DisabledWhy = enabled ? "" : webhook.DisabledAt is null ? "by a member" : webhook.DisabledWhy,
            FailingSince = enabled && webhook.DisabledAt is not null ? null : webhook.FailingSince,
        }, null);
    }

    /// <summary>Whether events may be sent there, as far as can be seen before its name is looked up.</summary>
    static bool TryAddress(string text, WebhookNetworks networks, bool allowHttp, out Uri url) =>
        Uri.TryCreate(text, UriKind.Absolute, out url!)
        && text.Length <= MaxUrlChars
        && (url.Scheme == Uri.UriSchemeHttps || (allowHttp && url.Scheme == Uri.UriSchemeHttp))
        && url.Host.Length > 0 && url.UserInfo.Length == 0 && url.Fragment.Length == 0
        && (!IPAddress.TryParse(url.Host.Trim('[', ']'), out var address) || networks.Allow(address));

    static ControlProblem Unknown(string webhook) =>
        ControlError.NotFound("webhook", $"There is no webhook '{webhook}'.");

    /// <summary>What a webhook is to be like; what is left out stays, or takes its default.</summary>
    sealed record WebhookRequest
    {
        public string? Url { get; init; }

        public string? Name { get; init; }

        /// <summary>Left out: all.</summary>
        public ImmutableArray<string>? Types { get; init; }

        public bool? Enabled { get; init; }
    }
}
