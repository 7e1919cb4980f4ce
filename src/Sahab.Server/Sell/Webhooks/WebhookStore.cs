using System.Data.Common;
using System.Text.Json.Nodes;
using Dapper;
using Sahab.Server.Govern.Audit;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Webhooks;

/// <summary>The webhooks of organisations.</summary>
internal sealed class WebhookStore(SahabDatabase database, AuditLog audit)
{
    /// <summary>The most webhooks of an organisation.</summary>
    public const int MaxPerOrganisation = 20;

    const string Columns = """
        webhook_id AS Id, organisation AS Organisation, url AS Url, name AS Name, types AS Types, secret AS Secret,
        old_secret AS OldSecret, old_until_us AS OldUntilUs, created_us AS CreatedUs, disabled_us AS DisabledUs,
        disabled_why AS DisabledWhy, failing_since_us AS FailingUs
        """;

    const string Enable = """
        , failing_since_us = CASE WHEN disabled_us IS NULL THEN failing_since_us END, disabled_us = NULL, disabled_why = ''
        """;

    const string Disable = """
        , disabled_why = CASE WHEN disabled_us IS NULL THEN @DisabledWhy ELSE disabled_why END,
            disabled_us = COALESCE(disabled_us, @DisabledUs)
        """;

    /// <summary>All of an organisation, the oldest first.</summary>
    public Task<List<Webhook>> ReadAllAsync(string organisation, CancellationToken cancellation) =>
        ReadAsync("organisation = @Organisation", organisation, "", cancellation);

    /// <summary>One of an organisation; null: it has no such.</summary>
    public async Task<Webhook?> ReadAsync(string organisation, string id, CancellationToken cancellation) =>
        (await ReadAsync("organisation = @Organisation AND webhook_id = @Id", organisation, id, cancellation)).SingleOrDefault();

    /// <summary>Adds a webhook; false: the organisation has as many as it may.</summary>
    public Task<bool> AddAsync(Webhook webhook, Caller by, CancellationToken cancellation) => ChangeAsync(
        // The count is judged in the statement, after the log's end is held: so no two add the last one.
        $"""
        INSERT INTO webhook (webhook_id, organisation, url, name, types, secret, old_secret, old_until_us, created_us,
            disabled_us, disabled_why)
        SELECT @Id, @Organisation, @Url, @Name, @Types, @Secret, @OldSecret, @OldUntilUs, @CreatedUs, @DisabledUs,
            @DisabledWhy
        WHERE (SELECT COUNT(*) FROM webhook WHERE organisation = @Organisation) < {MaxPerOrganisation}
        """,
        webhook, by, "webhook.added", cancellation);

    /// <summary>
    /// Writes its address, name and types, and whether it is enabled if that was asked for; false: there is no such any
    /// more. What others may have changed since it was read stays as they left it.
    /// </summary>
    /// <param name="enabled">Null: as it is.</param>
    public Task<bool> SaveAsync(Webhook webhook, bool? enabled, Caller by, CancellationToken cancellation)
    {
        var standing = enabled switch
        {
            true => Enable,
            false => Disable,
            null => "",
        };
        return ChangeAsync(
            $"""
            UPDATE webhook SET url = @Url, name = @Name, types = @Types{standing}
            WHERE webhook_id = @Id AND organisation = @Organisation
            """,
            webhook, by, "webhook.changed", cancellation);
    }

    /// <summary>Puts its secret in the place of the stored one, which becomes the old one; false: there is no such any more.</summary>
    public Task<bool> RotateAsync(Webhook webhook, Caller by, CancellationToken cancellation) => ChangeAsync(
        """
        UPDATE webhook SET old_secret = secret, secret = @Secret, old_until_us = @OldUntilUs
        WHERE webhook_id = @Id AND organisation = @Organisation
        """,
        webhook, by, "webhook.secret_rotated", cancellation);

    /// <summary>Removes it with all that was on its way to it; false: there is no such.</summary>
    public Task<bool> RemoveAsync(Webhook webhook, Caller by, CancellationToken cancellation) => ChangeAsync(
        "DELETE FROM webhook WHERE webhook_id = @Id AND organisation = @Organisation", webhook, by, "webhook.removed",
        cancellation, "DELETE FROM webhook_delivery WHERE webhook_id = @Id");

    async Task<bool> ChangeAsync(
        string sql, Webhook webhook, Caller by, string action, CancellationToken cancellation, string? besides = null)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await audit.AppendAsync(
            connection, transaction,
            new AuditEntry(by.Name, action, webhook.Id)
            {
                Organisation = webhook.Organisation,
                Details = new JsonObject
                {
                    ["url"] = webhook.Url.GetLeftPart(UriPartial.Path),
                    ["types"] = new JsonArray([.. webhook.Types.Select(type => (JsonNode)type)]),
                    ["disabled"] = webhook.DisabledAt is not null,
                },
            },
            cancellation);
        var row = WebhookRow.Of(webhook);
        var changed = await ExecuteAsync(connection, transaction, sql, row, cancellation);
        if (besides is not null)
        {
            await ExecuteAsync(connection, transaction, besides, row, cancellation);
        }

        if (changed == 1)
        {
            await transaction.CommitAsync(cancellation);
        }

        return changed == 1;
    }

    static Task<int> ExecuteAsync(
        DbConnection connection, DbTransaction transaction, string sql, object parameters, CancellationToken cancellation) =>
        connection.ExecuteAsync(new CommandDefinition(sql, parameters, transaction, cancellationToken: cancellation));

    async Task<List<Webhook>> ReadAsync(string where, string organisation, string id, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var rows = await connection.ReadAllAsync<WebhookRow>(new CommandDefinition(
            $"SELECT {Columns} FROM webhook WHERE {where} ORDER BY webhook_id",
            new { Organisation = organisation, Id = id }, cancellationToken: cancellation));
        return [.. rows.Select(row => row.FromRow())];
    }
}

/// <summary>A webhook as it is stored.</summary>
internal sealed class WebhookRow
{
    public string Id { get; init; } = "";

    public string Organisation { get; init; } = "";

    public string Url { get; init; } = "";

    public string Name { get; init; } = "";

    public string Types { get; init; } = "";

    public string Secret { get; init; } = "";

    public string OldSecret { get; init; } = "";

    public long OldUntilUs { get; init; }

    public long CreatedUs { get; init; }

    public long? DisabledUs { get; init; }

    public string DisabledWhy { get; init; } = "";

    public long? FailingUs { get; init; }

    public static WebhookRow Of(Webhook webhook) => new()
    {
        Id = webhook.Id,
        Organisation = webhook.Organisation,
        Url = webhook.Url.AbsoluteUri,
        Name = webhook.Name,
        Types = $",{string.Join(',', webhook.Types)},",
        Secret = webhook.Secrets.Current,
        OldSecret = webhook.Secrets.Old,
        OldUntilUs = UnixMicroseconds.From(webhook.Secrets.OldUntil),
        CreatedUs = UnixMicroseconds.From(webhook.CreatedAt),
        DisabledUs = webhook.DisabledAt is { } disabled ? UnixMicroseconds.From(disabled) : null,
        DisabledWhy = webhook.DisabledWhy,
        FailingUs = webhook.FailingSince is { } failing ? UnixMicroseconds.From(failing) : null,
    };

    public Webhook FromRow() => new(
        Id, Organisation, new Uri(Url), Name, [.. Types.Split(',', StringSplitOptions.RemoveEmptyEntries)],
        ToSecrets(), UnixMicroseconds.ToTime(CreatedUs), ToTime(DisabledUs), DisabledWhy, ToTime(FailingUs));

    public WebhookSecrets ToSecrets() => new(Secret, OldSecret, UnixMicroseconds.ToTime(OldUntilUs));

    static DateTimeOffset? ToTime(long? microseconds) =>
        microseconds is { } time ? UnixMicroseconds.ToTime(time) : null;
}
