using System.Data.Common;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Webhooks;

/// <summary>
/// Where events are put that webhooks are sent: in the transaction of what they tell of, so that an event is sent if and
/// only if it happened.
/// </summary>
internal sealed class WebhookOutbox(IdSource ids, TimeProvider time, SahabDatabase database)
{
    /// <summary>With so many events on their way to a webhook it gets no test.</summary>
    public const int MaxPendingBeforeTest = 20;

    static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Puts an event on its way to the organisation's webhooks that want its type.</summary>
    public Task AppendAsync(
        DbConnection connection, DbTransaction transaction, WebhookEvent what, CancellationToken cancellation) =>
        AppendAsync(connection, transaction, what, webhook: null, cancellation);

    /// <summary>Puts a test on its way to a webhook, whatever that wants; false: too much is on its way to it.</summary>
    public async Task<bool> SendTestAsync(Webhook webhook, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        // Holds the webhook's row, so that two at once are counted one after the other.
        await connection.ExecuteAsync(new CommandDefinition(
            "UPDATE webhook SET name = name WHERE webhook_id = @Id", new { webhook.Id }, transaction,
            cancellationToken: cancellation));
        if (await connection.ReadOneAsync<long>(new CommandDefinition(
            "SELECT COUNT(*) FROM webhook_delivery WHERE webhook_id = @Id AND state = 0", new { webhook.Id }, transaction,
            cancellationToken: cancellation)) >= MaxPendingBeforeTest)
        {
            return false;
        }

        await AppendAsync(
            connection, transaction,
            new WebhookEvent(webhook.Organisation, WebhookTypes.Test, new JsonObject { ["webhook"] = webhook.Id }), webhook.Id,
            cancellation);
        await transaction.CommitAsync(cancellation);
        return true;
    }

    async Task AppendAsync(
        DbConnection connection, DbTransaction transaction, WebhookEvent what, string? webhook,
        CancellationToken cancellation)
    {
        var (id, now) = (PublicId.Make("evt", ids.Next()), time.GetUtcNow());
        var receivers = await connection.ReadAllAsync<string>(new CommandDefinition(
            """
            SELECT webhook_id FROM webhook
            WHERE organisation = @Organisation AND disabled_us IS NULL
                AND (webhook_id = @Webhook OR (@Webhook = '' AND (types = ',*,' OR types LIKE @Wanted)))
            """,
            new { what.Organisation, Webhook = webhook ?? "", Wanted = $"%,{what.Type},%" }, transaction,
            cancellationToken: cancellation));
        if (receivers.Count == 0)
        {
            return;
        }

        var payload = new JsonObject
        {
            ["id"] = id,
            ["type"] = what.Type,
            ["created_at"] = now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture),
            ["organisation"] = what.Organisation,
            ["data"] = what.Data.DeepClone(),
        };
        await connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO webhook_event (event_id, organisation, type, created_us, payload)
            VALUES (@Id, @Organisation, @Type, @NowUs, @Payload)
            """,
            new
            {
                Id = id,
                what.Organisation,
                what.Type,
                NowUs = UnixMicroseconds.From(now),
                Payload = payload.ToJsonString(Readable),
            },
            transaction, cancellationToken: cancellation));
        foreach (var receiver in receivers)
        {
            await connection.ExecuteAsync(new CommandDefinition(
                """
                INSERT INTO webhook_delivery (delivery_id, webhook_id, event_id, state, attempts, next_us,
                    claimed_until_us, last_error)
                VALUES (@Id, @Webhook, @Event, 0, 0, @NowUs, 0, '')
                """,
                new
                {
                    Id = PublicId.Make("dlv", ids.Next()),
                    Webhook = receiver,
                    Event = id,
                    NowUs = UnixMicroseconds.From(now),
                },
                transaction, cancellationToken: cancellation));
        }
    }
}
