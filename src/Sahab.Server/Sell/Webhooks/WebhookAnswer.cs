using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json.Serialization;

namespace Sahab.Server.Sell.Webhooks;

/// <summary>A webhook as the control API tells it.</summary>
/// <param name="Types">The types of events; <c>*</c> alone for all.</param>
/// <param name="FailingSince">When its deliveries began to fail without one that did not; null: the last did not.</param>
/// <param name="Secret">Only where it was just made.</param>
internal sealed record WebhookAnswer(
    string Object, string Id, string Url, string Name, IReadOnlyList<string> Types, string CreatedAt, bool Enabled,
    string? DisabledAt, string? DisabledWhy, string? FailingSince,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Secret = null)
{
    public static WebhookAnswer Of(Webhook webhook) => new(
        "webhook", webhook.Id, webhook.Url.AbsoluteUri, webhook.Name, webhook.Types, Time(webhook.CreatedAt),
        webhook.DisabledAt is null, Time(webhook.DisabledAt), webhook.DisabledAt is null ? null : webhook.DisabledWhy,
        Time(webhook.FailingSince));

    public static WebhookAnswer WithSecret(Webhook webhook) => Of(webhook) with { Secret = webhook.Secrets.Current };

    [return: NotNullIfNotNull(nameof(time))]
    public static string? Time(DateTimeOffset? time) =>
        time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    public override string ToString() => nameof(WebhookAnswer);
}

/// <summary>An event on its way to a webhook, as the control API tells it.</summary>
/// <param name="NextAt">When it is tried next; null: it is not.</param>
/// <param name="LastStatus">The HTTP status of the last attempt; null: there was no answer, or no attempt yet.</param>
/// <param name="LastError">What went wrong with the last attempt; null: nothing did.</param>
internal sealed record WebhookDeliveryAnswer(
    string Object, string Id, string Event, string Type, string CreatedAt, DeliveryState State, int Attempts, string? NextAt,
    string? LastAt, int? LastStatus, string? LastError)
{
    public static WebhookDeliveryAnswer Of(WebhookDelivery delivery) => new(
        "webhook_delivery", delivery.Id, delivery.Event, delivery.Type, WebhookAnswer.Time(delivery.CreatedAt),
        delivery.State, delivery.Attempts,
        delivery.State == DeliveryState.Pending ? WebhookAnswer.Time(delivery.NextAt) : null,
        WebhookAnswer.Time(delivery.LastAt), delivery.LastStatus,
        delivery.LastError.Length == 0 ? null : delivery.LastError);
}
