using System.Diagnostics.Metrics;

namespace Sahab.Server.Sell.Webhooks;

/// <summary>What was sent to webhooks, as metrics of the meter <c>Sahab.Webhooks</c>.</summary>
internal sealed class WebhookInstruments
{
    public const string MeterName = "Sahab.Webhooks";

    readonly Counter<long> _attempts;

    public WebhookInstruments(IMeterFactory meters) => _attempts = meters.Create(MeterName).CreateCounter<long>(
        "sahab.webhooks.attempts", "{attempt}", "Attempts to send an event to a webhook, by what came of them.");

    public void Attempted(bool delivered) =>
        _attempts.Add(1, new KeyValuePair<string, object?>("outcome", delivered ? "delivered" : "failed"));
}
