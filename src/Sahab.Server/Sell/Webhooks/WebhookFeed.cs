using System.Text.Json.Nodes;
using Dapper;
using Sahab.Server.Govern.Audit;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Webhooks;

/// <summary>
/// Makes events of the log of changes. What is worth an event is in the log already, in the transaction of what it tells
/// of; so rooms that change something need not know that there are webhooks.
/// </summary>
internal sealed class WebhookFeed(SahabDatabase database, AuditStore log, WebhookOutbox outbox)
{
    /// <summary>The most entries of the log in one transaction.</summary>
    const int MostEntries = 500;

    /// <summary>Takes what is new in the log, once, whichever node does; whether there may be more.</summary>
    public async Task<bool> TakeAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var before = await connection.ReadOneAsync<long>(new CommandDefinition(
            "SELECT entry_number FROM webhook_position WHERE position_id = 1", cancellationToken: cancellation));
        var entries = await log.ReadAfterAsync(before, MostEntries, cancellation);
        if (entries.Count == 0)
        {
            return false;
        }

        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var isOurs = await connection.ExecuteAsync(new CommandDefinition(
            "UPDATE webhook_position SET entry_number = @After WHERE position_id = 1 AND entry_number = @Before",
            new { After = entries[^1].Number, Before = before }, transaction, cancellationToken: cancellation)) == 1;
        if (!isOurs)
        {
            // Another node was faster; what it left is for the next time.
            return true;
        }

        foreach (var entry in entries)
        {
            if (TypeOf(entry.Action) is not { } type)
            {
                continue;
            }

            // What the operator announces is for everybody.
            var organisations = entry.Organisation.Length > 0
                ? [entry.Organisation]
                : await connection.ReadAllAsync<string>(new CommandDefinition(
                    "SELECT DISTINCT organisation FROM webhook ORDER BY organisation", null, transaction,
                    cancellationToken: cancellation));
            foreach (var organisation in organisations)
            {
                await outbox.AppendAsync(
                    connection, transaction, new WebhookEvent(organisation, type, DataOf(entry)), cancellation);
            }
        }

        await transaction.CommitAsync(cancellation);
        return entries.Count == MostEntries;
    }

    /// <summary>The type of the event that an action is worth; null: none.</summary>
    static string? TypeOf(string action) => action switch
    {
        "invoice.issued" => WebhookTypes.InvoiceIssued,
        "invoice.payment_recorded" => WebhookTypes.InvoicePaymentRecorded,
        "invoice.paid" => WebhookTypes.InvoicePaid,
        "invoice.refunded" => WebhookTypes.InvoiceRefunded,
        "credit-note.issued" => WebhookTypes.CreditNoteIssued,
        "subprocessor.announced" => WebhookTypes.SubprocessorAnnounced,
        "use.approved" or "use.rejected" or "use.revoked" or "use.expired" => WebhookTypes.ReviewDecided,
        "capacity.reserved" => WebhookTypes.CapacityReserved,
        "capacity.started" => WebhookTypes.CapacityStarted,
        "capacity.ending" => WebhookTypes.CapacityEnding,
        "capacity.ended" => WebhookTypes.CapacityEnded,
        "capacity.cancelled" => WebhookTypes.CapacityCancelled,
        "capacity.at_risk" => WebhookTypes.CapacityAtRisk,
        "capacity.covered" => WebhookTypes.CapacityCovered,
        "use.expiring" => WebhookTypes.ReviewExpiring,
        _ => null,
    };

    static JsonObject DataOf(AuditRow entry)
    {
        var data = new JsonObject { ["action"] = entry.Action, ["subject"] = entry.Subject };
        if (entry.Details.Length > 0)
        {
            data["details"] = JsonNode.Parse(entry.Details);
        }

        return data;
    }
}
