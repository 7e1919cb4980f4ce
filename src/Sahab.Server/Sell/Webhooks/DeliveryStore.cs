using System.Text.Json.Nodes;
using Dapper;
using Sahab.Server.Govern.Audit;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Webhooks;

/// <summary>Events on their way to webhooks. A delivery is sent by one node at a time: whoever has claimed it.</summary>
internal sealed class DeliveryStore(SahabDatabase database, AuditLog audit)
{
    /// <summary>How many old events are deleted in one transaction.</summary>
    public const int PurgedAtOnce = 1000;

    const string Claimed = """
        SELECT d.delivery_id AS Id, d.webhook_id AS Webhook, d.event_id AS Event, d.attempts AS Attempts, w.url AS Url,
            w.secret AS Secret, w.old_secret AS OldSecret, w.old_until_us AS OldUntilUs, e.payload AS Payload
        FROM webhook_delivery d JOIN webhook w ON w.webhook_id = d.webhook_id
            JOIN webhook_event e ON e.event_id = d.event_id
        WHERE d.delivery_id = @Id AND w.disabled_us IS NULL
        """;

    /// <summary>
    /// Takes what is due for this node, until the claim ends or the delivery is finished: of each webhook the oldest, and
    /// each webhook's first before any webhook's second, so that none waits for what another has left lying.
    /// </summary>
    /// <param name="limit">The most in all.</param>
    /// <param name="perWebhook">The most for one webhook.</param>
    public async Task<List<ClaimedDelivery>> ClaimAsync(
        DateTimeOffset now, DateTimeOffset until, int limit, int perWebhook, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var nowUs = UnixMicroseconds.From(now);
        var due = await connection.ReadAllAsync<string>(new CommandDefinition(
            """
            SELECT delivery_id FROM (
                SELECT d.delivery_id, d.next_us,
                    ROW_NUMBER() OVER (PARTITION BY d.webhook_id ORDER BY d.next_us, d.delivery_id) AS place
                FROM webhook_delivery d JOIN webhook w ON w.webhook_id = d.webhook_id
                WHERE d.state = 0 AND d.next_us <= @NowUs AND d.claimed_until_us <= @NowUs AND w.disabled_us IS NULL
            ) due
            WHERE place <= @PerWebhook ORDER BY place, next_us, delivery_id LIMIT @Limit
            """,
            new { NowUs = nowUs, PerWebhook = perWebhook, Limit = limit }, cancellationToken: cancellation));
        var claimed = new List<ClaimedDelivery>();
        foreach (var id in due)
        {
            var taken = await connection.ExecuteAsync(new CommandDefinition(
                """
                UPDATE webhook_delivery SET claimed_until_us = @UntilUs
                WHERE delivery_id = @Id AND state = 0 AND next_us <= @NowUs AND claimed_until_us <= @NowUs
                """,
                new { Id = id, NowUs = nowUs, UntilUs = UnixMicroseconds.From(until) }, cancellationToken: cancellation));
            if (taken == 1 && await connection.ReadOneAsync<ClaimedRow>(
                new CommandDefinition(Claimed, new { Id = id }, cancellationToken: cancellation)) is { } row)
            {
                claimed.Add(row.FromRow());
            }
        }

        return claimed;
    }

    /// <summary>Writes down what came of an attempt.</summary>
    /// <param name="next">When to try again; null: it is delivered, or given up.</param>
    /// <param name="givesUpAfter">A webhook that has failed for so long without a success is disabled.</param>
    /// <returns>Whether the webhook was disabled by it.</returns>
    public async Task<bool> FinishAsync(
        ClaimedDelivery delivery, SendOutcome outcome, DateTimeOffset now, DateTimeOffset? next, TimeSpan givesUpAfter,
        CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var nowUs = UnixMicroseconds.From(now);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            UPDATE webhook_delivery SET state = @State, attempts = attempts + 1, next_us = @NextUs, claimed_until_us = 0,
                last_us = @NowUs, last_status = @Status, last_error = @Error
            WHERE delivery_id = @Id
            """,
            new
            {
                delivery.Id,
                State = (int)(outcome.IsDelivered ? DeliveryState.Delivered
                    : next is null ? DeliveryState.Failed : DeliveryState.Pending),
                NextUs = next is { } time ? UnixMicroseconds.From(time) : nowUs,
                NowUs = nowUs,
                Status = (long?)outcome.Status,
                outcome.Error,
            },
            transaction, cancellationToken: cancellation));
        await connection.ExecuteAsync(new CommandDefinition(
            outcome.IsDelivered
                ? "UPDATE webhook SET failing_since_us = NULL WHERE webhook_id = @Webhook AND failing_since_us IS NOT NULL"
                : "UPDATE webhook SET failing_since_us = @NowUs WHERE webhook_id = @Webhook AND failing_since_us IS NULL",
            new { delivery.Webhook, NowUs = nowUs }, transaction, cancellationToken: cancellation));
        var disabled = !outcome.IsDelivered && await connection.ExecuteAsync(new CommandDefinition(
            """
            UPDATE webhook SET disabled_us = @NowUs, disabled_why = @Why
            WHERE webhook_id = @Webhook AND disabled_us IS NULL AND failing_since_us <= @BeforeUs
            """,
            new
            {
                delivery.Webhook,
                NowUs = nowUs,
                Why = $"every delivery failed for {givesUpAfter.TotalDays:0} days",
                BeforeUs = UnixMicroseconds.From(now - givesUpAfter),
            },
            transaction, cancellationToken: cancellation)) == 1;
        if (disabled)
        {
            var organisation = await connection.ReadOneAsync<string>(new CommandDefinition(
                "SELECT organisation FROM webhook WHERE webhook_id = @Webhook", new { delivery.Webhook }, transaction,
                cancellationToken: cancellation));
            await audit.AppendAsync(
                connection, transaction,
                new AuditEntry(AuditEntry.Server, "webhook.disabled", delivery.Webhook) { Organisation = organisation! },
                cancellation);
        }

        await transaction.CommitAsync(cancellation);
        return disabled;
    }

    /// <summary>The deliveries of a webhook, the newest first.</summary>
    public async Task<List<WebhookDelivery>> ReadAsync(
        string webhook, string before, int limit, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var rows = await connection.ReadAllAsync<DeliveryRow>(new CommandDefinition(
            """
            SELECT d.delivery_id AS Id, d.webhook_id AS Webhook, d.event_id AS Event, e.type AS Type,
                e.created_us AS CreatedUs, d.state AS State, d.attempts AS Attempts, d.next_us AS NextUs,
                d.last_us AS LastUs, d.last_status AS LastStatus, d.last_error AS LastError
            FROM webhook_delivery d JOIN webhook_event e ON e.event_id = d.event_id
            WHERE d.webhook_id = @Webhook AND (@Before = '' OR d.delivery_id < @Before)
            ORDER BY d.delivery_id DESC LIMIT @Limit
            """,
            new { Webhook = webhook, Before = before, Limit = limit }, cancellationToken: cancellation));
        return [.. rows.Select(row => row.FromRow())];
    }

    /// <summary>Sends an event again as if it had not been sent; false: the webhook has no such delivery.</summary>
    public async Task<bool> ReplayAsync(
        Webhook webhook, string delivery, DateTimeOffset now, Caller by, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var changed = await connection.ExecuteAsync(new CommandDefinition(
            """
            UPDATE webhook_delivery SET state = 0, attempts = 0, next_us = @NowUs, claimed_until_us = 0
            WHERE delivery_id = @Delivery AND webhook_id = @Webhook
            """,
            new { Delivery = delivery, Webhook = webhook.Id, NowUs = UnixMicroseconds.From(now) }, transaction,
            cancellationToken: cancellation));
        if (changed == 0)
        {
            return false;
        }

        await audit.AppendAsync(
            connection, transaction,
            new AuditEntry(by.Name, "webhook.replayed", webhook.Id)
            {
                Organisation = webhook.Organisation,
                Details = new JsonObject { ["delivery"] = delivery },
            },
            cancellation);
        await transaction.CommitAsync(cancellation);
        return true;
    }

    /// <summary>Deletes events from before a time with their deliveries, a part of them; how many.</summary>
    public async Task<int> PurgeAsync(DateTimeOffset before, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var old = await connection.ReadAllAsync<string>(new CommandDefinition(
            "SELECT event_id FROM webhook_event WHERE created_us < @Before ORDER BY created_us LIMIT @PurgedAtOnce",
            new { Before = UnixMicroseconds.From(before), PurgedAtOnce }, cancellationToken: cancellation));
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        foreach (var id in old)
        {
            foreach (var table in new[] { "webhook_delivery", "webhook_event" })
            {
                await connection.ExecuteAsync(new CommandDefinition(
                    $"DELETE FROM {table} WHERE event_id = @Id", new { Id = id }, transaction,
                    cancellationToken: cancellation));
            }
        }

        await transaction.CommitAsync(cancellation);
        return old.Count;
    }

    sealed class ClaimedRow
    {
        public string Id { get; init; } = "";

        public string Webhook { get; init; } = "";

        public string Event { get; init; } = "";

        public long Attempts { get; init; }

        public string Url { get; init; } = "";

        public string Secret { get; init; } = "";

        public string OldSecret { get; init; } = "";

        public long OldUntilUs { get; init; }

        public string Payload { get; init; } = "";

        public ClaimedDelivery FromRow() => new(
            Id, Webhook, Event, (int)Attempts, new Uri(Url),
            new WebhookSecrets(Secret, OldSecret, UnixMicroseconds.ToTime(OldUntilUs)), Payload);
    }

    sealed class DeliveryRow
    {
        public string Id { get; init; } = "";

        public string Webhook { get; init; } = "";

        public string Event { get; init; } = "";

        public string Type { get; init; } = "";

        public long CreatedUs { get; init; }

        public long State { get; init; }

        public long Attempts { get; init; }

        public long NextUs { get; init; }

        public long? LastUs { get; init; }

        public long? LastStatus { get; init; }

        public string LastError { get; init; } = "";

        public WebhookDelivery FromRow() => new(
            Id, Webhook, Event, Type, UnixMicroseconds.ToTime(CreatedUs), (DeliveryState)State, (int)Attempts,
            UnixMicroseconds.ToTime(NextUs), LastUs is { } last ? UnixMicroseconds.ToTime(last) : null, (int?)LastStatus,
            LastError);
    }
}
