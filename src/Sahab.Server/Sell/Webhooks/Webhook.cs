using System.Collections.Immutable;

namespace Sahab.Server.Sell.Webhooks;

/// <summary>An address that an organisation wants to be told at.</summary>
/// <param name="Id"><c>whk_…</c>.</param>
/// <param name="Types">The types of events; <see cref="WebhookTypes.All"/> alone for all.</param>
/// <param name="DisabledAt">Since when nothing is sent; null: it is.</param>
/// <param name="DisabledWhy">Why not; empty where it is.</param>
/// <param name="FailingSince">When its deliveries began to fail without one that did not; null: the last did not.</param>
internal sealed record Webhook(
    string Id, string Organisation, Uri Url, string Name, ImmutableArray<string> Types, WebhookSecrets Secrets,
    DateTimeOffset CreatedAt, DateTimeOffset? DisabledAt, string DisabledWhy, DateTimeOffset? FailingSince);

/// <summary>With what is signed. Not a record that prints itself: secrets stay out of logs.</summary>
internal sealed class WebhookSecrets(string current, string old, DateTimeOffset oldUntil)
{
    public string Current { get; } = current;

    /// <summary>The one before, signed with too for a while; empty: there is none.</summary>
    public string Old { get; } = old;

    public DateTimeOffset OldUntil { get; } = oldUntil;

    /// <summary>Those that are good at a time.</summary>
    public IEnumerable<string> At(DateTimeOffset now) => Old.Length > 0 && now < OldUntil ? [Current, Old] : [Current];
}

/// <summary>How far an event is on its way to a webhook. The numbers are stored.</summary>
internal enum DeliveryState
{
    Pending = 0,

    Delivered = 1,

    /// <summary>Given up; it can be sent again when asked for.</summary>
    Failed = 2,
}

/// <summary>An event on its way to a webhook.</summary>
/// <param name="LastStatus">The HTTP status of the last attempt; null: there was no answer, or no attempt yet.</param>
/// <param name="LastError">What went wrong with the last attempt; empty: nothing did.</param>
internal sealed record WebhookDelivery(
    string Id, string Webhook, string Event, string Type, DateTimeOffset CreatedAt, DeliveryState State, int Attempts,
    DateTimeOffset NextAt, DateTimeOffset? LastAt, int? LastStatus, string LastError);

/// <summary>A delivery that this node has taken to send.</summary>
internal sealed record ClaimedDelivery(
    string Id, string Webhook, string Event, int Attempts, Uri Url, WebhookSecrets Secrets, string Payload);
