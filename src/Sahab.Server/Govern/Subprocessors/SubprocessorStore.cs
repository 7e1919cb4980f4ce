using System.Data.Common;
using System.Text.Json.Nodes;
using Dapper;
using Sahab.Server.Govern.Audit;
using Sahab.Server.Govern.Residency;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Govern.Subprocessors;

/// <summary>The register of subprocessors, and what organisations say of them. Nothing is ever taken out.</summary>
internal sealed class SubprocessorStore(SahabDatabase database, AuditLog audit, TimeProvider time)
{
    /// <summary>Subprocessors that there may be, removed ones included.</summary>
    public const int MaxSubprocessors = 1000;

    /// <summary>Objections and acceptances of all organisations together.</summary>
    public const int MaxStances = 1_000_000;

    const string Select = """
        SELECT subprocessor_id AS Id, name AS Name, provider AS Provider, purpose AS Purpose, countries AS Countries,
            announced_us AS AnnouncedUs, effective_us AS EffectiveUs, removed_us AS RemovedUs
        FROM subprocessor
        """;

    /// <summary>All, in the order of their announcement.</summary>
    public async Task<List<Subprocessor>> ReadAllAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await ReadAsync(connection, null, cancellation);
    }

    public async Task<List<Stance>> StancesAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        // Twice as many, so that nothing is left out that came in at the same time on several nodes.
        return (await connection.ReadAllAsync<(string, string, string, string, string, long)>(new CommandDefinition(
                """
                SELECT organisation, subprocessor_id, stance, reason, actor, at_us FROM subprocessor_stance
                ORDER BY organisation, subprocessor_id LIMIT @Most
                """,
                new { Most = 2 * MaxStances }, cancellationToken: cancellation)))
            .ConvertAll(row => new Stance(
                row.Item1, row.Item2, row.Item3, row.Item4, row.Item5, UnixMicroseconds.ToTime(row.Item6)));
    }

    /// <summary>Adds one, unless what judges the register as it is has something against it, which is returned.</summary>
    public Task<T?> AddAsync<T>(
        Subprocessor added, Func<List<Subprocessor>, T?> judge, string actor, CancellationToken cancellation)
        where T : class => ChangeAsync(
        judge, _ => added,
        """
        INSERT INTO subprocessor (subprocessor_id, name, provider, purpose, countries, announced_us, effective_us)
        VALUES (@Id, @Name, @Provider, @Purpose, @Countries, @AnnouncedUs, @EffectiveUs)
        """,
        "subprocessor.announced", actor, cancellation);

    /// <summary>Changes the words of one, or removes it: what is neither is not changed here.</summary>
    public Task<T?> ReplaceAsync<T>(
        Func<List<Subprocessor>, T?> judge, Func<List<Subprocessor>, Subprocessor> change, string action, string actor,
        CancellationToken cancellation)
        where T : class => ChangeAsync(
        judge, change,
        """
        UPDATE subprocessor SET name = @Name, purpose = @Purpose, countries = @Countries, removed_us = @RemovedUs
        WHERE subprocessor_id = @Id
        """,
        action, actor, cancellation);

    /// <summary>Records what an organisation says of a subprocessor in the place of what it said before.</summary>
    /// <returns>Of which it says what; null: there is no such subprocessor.</returns>
    public async Task<(Subprocessor Of, Stance Stance)?> SetStanceAsync(
        string organisation, string subprocessor, string says, string reason, string actor, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await ChangeCounter.CountAsync(connection, transaction, cancellation);
        if ((await ReadAsync(connection, transaction, cancellation)).Find(each => each.Id == subprocessor) is not { } of)
        {
            return null;
        }

        var stance = new Stance(organisation, subprocessor, says, reason, actor, time.GetUtcNow());
        await connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO subprocessor_stance (organisation, subprocessor_id, stance, reason, actor, at_us)
            VALUES (@Organisation, @Subprocessor, @Says, @Reason, @Actor, @AtUs)
            ON CONFLICT (organisation, subprocessor_id) DO UPDATE SET stance = excluded.stance, reason = excluded.reason,
                actor = excluded.actor, at_us = excluded.at_us
            """,
            new
            {
                Organisation = organisation,
                Subprocessor = subprocessor,
                Says = says,
                Reason = reason,
                Actor = actor,
                AtUs = UnixMicroseconds.From(stance.At),
            },
            transaction, cancellationToken: cancellation));
        await AppendAsync(
            connection, transaction, organisation, $"subprocessor.{says}_recorded", subprocessor, reason, actor, cancellation);
        await transaction.CommitAsync(cancellation);
        return (of, stance);
    }

    /// <summary>Takes back what an organisation said. False: it has said nothing.</summary>
    public async Task<bool> WithdrawStanceAsync(
        string organisation, string subprocessor, string actor, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await ChangeCounter.CountAsync(connection, transaction, cancellation);
        var gone = await connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM subprocessor_stance WHERE organisation = @Organisation AND subprocessor_id = @Subprocessor",
            new { Organisation = organisation, Subprocessor = subprocessor }, transaction, cancellationToken: cancellation));
        if (gone == 0)
        {
            return false;
        }

        await AppendAsync(
            connection, transaction, organisation, "subprocessor.stance_withdrawn", subprocessor, "", actor, cancellation);
        await transaction.CommitAsync(cancellation);
        return true;
    }

    Task AppendAsync(
        DbConnection connection, DbTransaction transaction, string organisation, string action, string subprocessor,
        string reason, string actor, CancellationToken cancellation) => audit.AppendAsync(
        connection, transaction,
        new AuditEntry(actor, action, subprocessor)
        {
            Organisation = organisation,
            Details = reason.Length == 0 ? null : new JsonObject { ["reason"] = reason },
        },
        cancellation);

    async Task<T?> ChangeAsync<T>(
        Func<List<Subprocessor>, T?> judge, Func<List<Subprocessor>, Subprocessor> change, string sql, string action,
        string actor, CancellationToken cancellation)
        where T : class
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await ChangeCounter.CountAsync(connection, transaction, cancellation);
        var all = await ReadAsync(connection, transaction, cancellation);
        if (judge(all) is { } fault)
        {
            return fault;
        }

        var changed = change(all);
        var countries = string.Join(',', changed.Countries);
        await connection.ExecuteAsync(new CommandDefinition(
            sql,
            new
            {
                changed.Id,
                changed.Name,
                changed.Provider,
                changed.Purpose,
                Countries = countries,
                AnnouncedUs = UnixMicroseconds.From(changed.AnnouncedAt),
                EffectiveUs = UnixMicroseconds.From(changed.EffectiveAt),
                RemovedUs = changed.RemovedAt is { } removed ? UnixMicroseconds.From(removed) : (long?)null,
            },
            transaction, cancellationToken: cancellation));
        var details = new JsonObject
        {
            ["name"] = changed.Name,
            ["provider"] = changed.Provider,
            ["purpose"] = changed.Purpose,
            ["countries"] = countries,
            ["effective_at"] = changed.EffectiveAt.ToString("O", System.Globalization.CultureInfo.InvariantCulture),
        };
        await audit.AppendAsync(
            connection, transaction, new AuditEntry(actor, action, changed.Id) { Details = details }, cancellation);
        await transaction.CommitAsync(cancellation);
        return null;
    }

    static async Task<List<Subprocessor>> ReadAsync(
        DbConnection connection, DbTransaction? transaction, CancellationToken cancellation) =>
        (await connection.ReadAllAsync<Row>(new CommandDefinition(
            $"{Select} ORDER BY announced_us, subprocessor_id LIMIT @MaxSubprocessors", new { MaxSubprocessors }, transaction,
            cancellationToken: cancellation)))
        .ConvertAll(row => new Subprocessor(
            row.Id, row.Name, row.Provider, row.Purpose,
            [.. row.Countries.Split(',', StringSplitOptions.RemoveEmptyEntries)], UnixMicroseconds.ToTime(row.AnnouncedUs),
            UnixMicroseconds.ToTime(row.EffectiveUs), row.RemovedUs is { } us ? UnixMicroseconds.ToTime(us) : null));

    sealed class Row
    {
        public string Id { get; init; } = "";

        public string Name { get; init; } = "";

        public string Provider { get; init; } = "";

        public string Purpose { get; init; } = "";

        public string Countries { get; init; } = "";

        public long AnnouncedUs { get; init; }

        public long EffectiveUs { get; init; }

        public long? RemovedUs { get; init; }
    }
}
