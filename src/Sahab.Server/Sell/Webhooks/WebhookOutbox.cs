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
    static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Puts an event on its way to the organisation's webhooks that want its type.</summary>
    public Task AppendAsync(
        DbConnection connection, DbTransaction transaction, WebhookEvent what, CancellationToken cancellation) =>
        AppendAsync(connection, transaction, what, webhook: null, cancellation);

    /// <summary>Puts an event on its way to one webhook, whatever that wants.</summary>
    public async Task SendToAsync(WebhookEvent what, string webhook, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await AppendAsync(connection, transaction, what, webhook, cancellation);
        await transaction.CommitAsync(cancellation);
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
