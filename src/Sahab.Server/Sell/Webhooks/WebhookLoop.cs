using System.Globalization;

namespace Sahab.Server.Sell.Webhooks;

/// <summary>
/// Sends what is due. At least once: a receiver that has answered may get an event again, which it knows by its id. What
/// fails is tried again, further and further apart, for three days; a webhook that fails for five is disabled.
/// </summary>
internal sealed partial class WebhookLoop(
    WebhookFeed feed, DeliveryStore store, WebhookSender sender, WebhookInstruments instruments, TimeProvider time,
    ILogger<WebhookLoop> logger) : BackgroundService
{
    /// <summary>The most events that are on their way at once.</summary>
    public const int MaxInFlight = 32;

    /// <summary>The most to one webhook, so that a slow receiver leaves room for others.</summary>
    public const int MaxPerWebhook = 4;

    /// <summary>How long after an attempt the next one is; after the last the event is given up.</summary>
    public static readonly TimeSpan[] Pauses =
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30),
        TimeSpan.FromHours(2), TimeSpan.FromHours(5), TimeSpan.FromHours(10), TimeSpan.FromHours(24), TimeSpan.FromHours(30),
    ];

    /// <summary>A webhook without one success for so long is disabled.</summary>
    public static readonly TimeSpan DisabledAfter = TimeSpan.FromDays(5);

    /// <summary>How long events are kept to be sent again.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>Longer than an attempt takes; after it another node may send what this one had claimed.</summary>
    static readonly TimeSpan Claim = WebhookSender.AnswerTimeout + TimeSpan.FromMinutes(1);

    static readonly TimeSpan PurgeInterval = TimeSpan.FromHours(1);

    DateTimeOffset _purgedAt = DateTimeOffset.MinValue;
    bool _failed;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            do
            {
                await StepAsync(stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops; what was on its way is sent again.
        }
    }

    async Task StepAsync(CancellationToken cancellation)
    {
        try
        {
            while (await feed.TakeAsync(cancellation))
            {
                // There may be more.
            }

            while (await SendDueAsync(cancellation) >= MaxInFlight)
            {
                // There may be more.
            }

            if (time.GetUtcNow() - _purgedAt > PurgeInterval)
            {
                await PurgeAsync(cancellation);
                _purgedAt = time.GetUtcNow();
            }

            _failed = false;
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            if (!_failed)
            {
                LogFailed(failure);
            }

            _failed = true;
        }
    }

    /// <summary>Sends what is due now, and says how much that was.</summary>
    public async Task<int> SendDueAsync(CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var claimed = await store.ClaimAsync(now, now + Claim, MaxInFlight, MaxPerWebhook, cancellation);
        await Task.WhenAll(claimed.Select(delivery => SendAsync(delivery, cancellation)));
        return claimed.Count;
    }

    /// <summary>Deletes all that is past its time.</summary>
    public async Task PurgeAsync(CancellationToken cancellation)
    {
        while (await store.PurgeAsync(time.GetUtcNow() - Kept, cancellation) >= DeliveryStore.PurgedAtOnce)
        {
            // There is more.
        }
    }

    async Task SendAsync(ClaimedDelivery delivery, CancellationToken cancellation)
    {
        var outcome = await sender.SendAsync(delivery, cancellation);
        var now = time.GetUtcNow();
        DateTimeOffset? next = !outcome.IsDelivered && delivery.Attempts < Pauses.Length ? now + Pauses[delivery.Attempts] : null;
        instruments.Attempted(outcome.IsDelivered);
        if (await store.FinishAsync(delivery, outcome, now, next, DisabledAfter, cancellation))
        {
            LogDisabled(delivery.Webhook, DisabledAfter.TotalDays.ToString("0", CultureInfo.InvariantCulture));
        }
    }

    [LoggerMessage(7401, LogLevel.Error, "Webhooks could not be sent; trying again")]
    partial void LogFailed(Exception failure);

    [LoggerMessage(7402, LogLevel.Warning, "Webhook {Webhook} is disabled: every delivery failed for {Days} days")]
    partial void LogDisabled(string webhook, string days);
}
