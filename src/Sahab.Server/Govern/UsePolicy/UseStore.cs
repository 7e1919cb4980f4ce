using System.Data.Common;
using System.Text.Json.Nodes;
using Dapper;
using Sahab.Server.Govern.Audit;
using Sahab.Server.Govern.Residency;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Govern.UsePolicy;

/// <summary>What came of a decision.</summary>
/// <param name="Use">The use as it now is; null: there is none of that id.</param>
/// <param name="Refusal">Why nothing was changed; null: it was.</param>
internal sealed record UseDecision(ProjectUse? Use, string? Refusal);

/// <summary>Who decides, or declares.</summary>
/// <param name="Person">The same for all that one person may sign in with.</param>
/// <param name="Actor">For the log of changes.</param>
internal sealed record Decider(string Person, string Actor);

/// <summary>Declared uses and who has approved of them. One change at a time: each holds the row that counts changes.</summary>
internal sealed class UseStore(SahabDatabase database, AuditLog audit, IdSource ids, TimeProvider time)
{
    /// <summary>Projects of all organisations together that are declared to be for something.</summary>
    public const int MaxUses = 100_000;

    string Select => $"""
        SELECT {database.IdText("u.use_id")} AS Id, organisation AS Organisation, project AS Project, use_class AS UseClass,
            justification AS Justification, state AS State, requested_by AS RequestedBy, requested_us AS RequestedUs,
            decided_us AS DecidedUs, expires_us AS ExpiresUs, reason AS Reason, told AS Told, must_review AS MustReview,
            (SELECT COUNT(*) FROM use_approval a WHERE a.use_id = u.use_id) AS Approvals
        FROM project_use u
        """;

    /// <summary>The last declaration of each project.</summary>
    public async Task<List<ProjectUse>> CurrentAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        // Twice as many, so that nothing is left out that came in at the same time on several nodes.
        return await ReadAsync(
            connection, null, "WHERE is_current = 1 LIMIT @Most", new { Most = 2 * MaxUses }, cancellation);
    }

    /// <summary>Declarations, the newest first, at most so many, after one of them.</summary>
    /// <param name="state">Only those that are in it as stored; null: all.</param>
    public async Task<List<ProjectUse>> ListAsync(string? state, Guid? after, int most, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await ReadAsync(
            connection, null,
            "WHERE is_current = 1" + (state is null ? "" : " AND state = @State") + (after is null ? "" : " AND use_id < @After")
            + " ORDER BY use_id DESC LIMIT @Most",
            new { State = state, After = database.IdValue(after ?? default), Most = most }, cancellation);
    }

    public async Task<ProjectUse?> FindAsync(Guid id, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await FindAsync(connection, null, id, cancellation);
    }

    /// <summary>The last declaration of a project; null: nobody has made one.</summary>
    public async Task<ProjectUse?> FindAsync(string organisation, string project, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await FindAsync(connection, null, organisation, project, cancellation);
    }

    /// <summary>The last declaration of each project of an organisation that has one.</summary>
    public async Task<List<ProjectUse>> ListAsync(string organisation, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await ReadAsync(
            connection, null, "WHERE organisation = @Organisation AND is_current = 1", new { Organisation = organisation },
            cancellation);
    }

    /// <summary>The people who have approved of a use.</summary>
    public async Task<List<string>> ApproversAsync(Guid id, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await connection.ReadAllAsync<string>(new CommandDefinition(
            "SELECT person FROM use_approval WHERE use_id = @Id ORDER BY at_us, person",
            new { Id = database.IdValue(id) }, cancellationToken: cancellation));
    }

    /// <summary>
    /// Declares what a project is for. Another class, or another justification, needs a new review, and so does every class
    /// after a rejection or revocation until two people have approved of one; saying the same again changes nothing while it
    /// is pending or good.
    /// </summary>
    public async Task<ProjectUse> DeclareAsync(
        string organisation, string project, UseTerms terms, string justification, Decider by, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await ChangeCounter.CountAsync(connection, transaction, cancellation);
        var (now, current) = (time.GetUtcNow(), await FindAsync(connection, transaction, organisation, project, cancellation));
        if (current is not null && current.Class == terms.Class && current.Justification == justification
            && (current.State == UseState.Pending || current.WhyNot(terms, now) is null))
        {
            return current;
        }

        var mustReview = current is { NextMustReview: true };
        var use = new ProjectUse(
            ids.Next(), organisation, project, terms.Class, justification,
            terms.Review || mustReview ? UseState.Pending : UseState.Approved, by.Person, now, null, null, "", 0, 0)
        {
            MustReview = mustReview,
        };
        var row = new
        {
            Id = database.IdValue(use.Id),
            use.Organisation,
            use.Project,
            use.Class,
            use.Justification,
            use.State,
            use.RequestedBy,
            RequestedUs = UnixMicroseconds.From(now),
            MustReview = mustReview ? 1L : 0L,
        };
        foreach (var sql in (string[])
        [
            "UPDATE project_use SET is_current = 0 WHERE organisation = @Organisation AND project = @Project",
            """
            INSERT INTO project_use (use_id, organisation, project, use_class, justification, state, requested_by,
                requested_us, reason, told, is_current, must_review)
            VALUES (@Id, @Organisation, @Project, @Class, @Justification, @State, @RequestedBy, @RequestedUs, '', 0, 1,
                @MustReview)
            """,
        ])
        {
            await connection.ExecuteAsync(new CommandDefinition(sql, row, transaction, cancellationToken: cancellation));
        }

        await AppendAsync(connection, transaction, use, "use.declared", by.Actor, justification, cancellation);
        await transaction.CommitAsync(cancellation);
        return use;
    }

    /// <summary>
    /// Approves of a pending use. The approval of one person does not do: the second one's, who is another, does. Whoever
    /// has declared it may not.
    /// </summary>
    public Task<UseDecision> ApproveAsync(Guid id, UseTerms? terms, Decider by, CancellationToken cancellation) =>
        DecideAsync(id, async (connection, transaction, use) =>
        {
            if (use.State != UseState.Pending || terms is null)
            {
                return $"Only a pending review can be approved, and this one is {use.StateAt(time.GetUtcNow())}.";
            }

            if (use.RequestedBy == by.Person)
            {
                return "Whoever has declared a use may not approve of it.";
            }

            var now = time.GetUtcNow();
            var parameters = new
            {
                Id = database.IdValue(id),
                by.Person,
                NowUs = UnixMicroseconds.From(now),
                // A class without review has no approval that ends.
                ExpiresUs = terms.Review ? UnixMicroseconds.From(now + terms.ApprovalFor) : (long?)null,
            };
            if (await connection.ExecuteAsync(new CommandDefinition(
                "INSERT INTO use_approval (use_id, person, at_us) VALUES (@Id, @Person, @NowUs) ON CONFLICT DO NOTHING",
                parameters, transaction, cancellationToken: cancellation)) == 0)
            {
                return "You have approved of it already; another person must, too.";
            }

            var isLast = use.Approvals + 1 >= ProjectUse.Needed;
            if (isLast)
            {
                await connection.ExecuteAsync(new CommandDefinition(
                    "UPDATE project_use SET state = 'approved', decided_us = @NowUs, expires_us = @ExpiresUs WHERE use_id = @Id",
                    parameters, transaction, cancellationToken: cancellation));
            }

            await AppendAsync(
                connection, transaction, use, isLast ? "use.approved" : "use.approval_given", by.Actor, "", cancellation);
            return null;
        }, cancellation);

    /// <summary>Rejects a pending use, or revokes an approval at once.</summary>
    public Task<UseDecision> EndAsync(Guid id, string state, string reason, Decider by, CancellationToken cancellation) =>
        DecideAsync(id, async (connection, transaction, use) =>
        {
            var from = state == UseState.Rejected ? UseState.Pending : UseState.Approved;
            if (use.State != from)
            {
                return $"Only a use that is {from} can be {state}, and this one is {use.StateAt(time.GetUtcNow())}.";
            }

            await connection.ExecuteAsync(new CommandDefinition(
                "UPDATE project_use SET state = @State, reason = @Reason, decided_us = @NowUs WHERE use_id = @Id",
                new
                {
                    Id = database.IdValue(id),
                    State = state,
                    Reason = reason,
                    NowUs = UnixMicroseconds.From(time.GetUtcNow()),
                },
                transaction, cancellationToken: cancellation));
            await AppendAsync(connection, transaction, use, $"use.{state}", by.Actor, reason, cancellation);
            return null;
        }, cancellation);

    /// <summary>Tells in the log, once each, of approvals that end soon and that have ended.</summary>
    /// <param name="uses">As they were read last.</param>
    /// <param name="warning">How long before the end that is told.</param>
    public async Task TellOfEndsAsync(IReadOnlyList<ProjectUse> uses, TimeSpan warning, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        foreach (var use in uses.Where(use => use.State == UseState.Approved && use.ExpiresAt - warning <= now))
        {
            var told = use.ExpiresAt <= now ? 2 : 1;
            if (use.Told >= told)
            {
                continue;
            }

            await using var connection = await database.OpenAsync(cancellation);
            await using var transaction = await connection.BeginTransactionAsync(cancellation);
            await ChangeCounter.CountAsync(connection, transaction, cancellation);
            if (await connection.ExecuteAsync(new CommandDefinition(
                "UPDATE project_use SET told = @Told WHERE use_id = @Id AND told < @Told AND state = 'approved' AND is_current = 1",
                new { Id = database.IdValue(use.Id), Told = told }, transaction, cancellationToken: cancellation)) == 1)
            {
                await AppendAsync(
                    connection, transaction, use, told == 2 ? "use.expired" : "use.expiring", AuditEntry.Server, "",
                    cancellation);
                await transaction.CommitAsync(cancellation);
            }
        }
    }

    async Task<UseDecision> DecideAsync(
        Guid id, Func<DbConnection, DbTransaction, ProjectUse, Task<string?>> decide, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await ChangeCounter.CountAsync(connection, transaction, cancellation);
        if (await FindAsync(connection, transaction, id, cancellation) is not { } use)
        {
            return new UseDecision(null, null);
        }

        if (await decide(connection, transaction, use) is { } refusal)
        {
            return new UseDecision(use, refusal);
        }

        var changed = await FindAsync(connection, transaction, id, cancellation);
        await transaction.CommitAsync(cancellation);
        return new UseDecision(changed, null);
    }

    Task AppendAsync(
        DbConnection connection, DbTransaction transaction, ProjectUse use, string action, string actor, string why,
        CancellationToken cancellation)
    {
        var details = new JsonObject { ["review"] = use.Id.ToString(), ["class"] = use.Class };
        if (why.Length > 0)
        {
            details["why"] = why;
        }

        return audit.AppendAsync(
            connection, transaction,
            new AuditEntry(actor, action, $"{use.Organisation}/{use.Project}")
            {
                Organisation = use.Organisation,
                Details = details,
            },
            cancellation);
    }

    async Task<ProjectUse?> FindAsync(
        DbConnection connection, DbTransaction? transaction, Guid id, CancellationToken cancellation) =>
        (await ReadAsync(
            connection, transaction, "WHERE u.use_id = @Id AND is_current = 1", new { Id = database.IdValue(id) }, cancellation))
        .SingleOrDefault();

    async Task<ProjectUse?> FindAsync(
        DbConnection connection, DbTransaction? transaction, string organisation, string project,
        CancellationToken cancellation) =>
        (await ReadAsync(
            connection, transaction, "WHERE organisation = @Organisation AND project = @Project AND is_current = 1",
            new { Organisation = organisation, Project = project }, cancellation))
        .SingleOrDefault();

    async Task<List<ProjectUse>> ReadAsync(
        DbConnection connection, DbTransaction? transaction, string tail, object parameters, CancellationToken cancellation) =>
        (await connection.ReadAllAsync<Row>(new CommandDefinition(
            $"{Select} {tail}", parameters, transaction, cancellationToken: cancellation)))
        .ConvertAll(row => row.ToUse());

    sealed class Row
    {
        public string Id { get; init; } = "";

        public string Organisation { get; init; } = "";

        public string Project { get; init; } = "";

        public string UseClass { get; init; } = "";

        public string Justification { get; init; } = "";

        public string State { get; init; } = "";

        public string RequestedBy { get; init; } = "";

        public long RequestedUs { get; init; }

        public long? DecidedUs { get; init; }

        public long? ExpiresUs { get; init; }

        public string Reason { get; init; } = "";

        public long Approvals { get; init; }

        public long Told { get; init; }

        public long MustReview { get; init; }

        public ProjectUse ToUse() => new(
            Guid.Parse(Id), Organisation, Project, UseClass, Justification, State, RequestedBy,
            UnixMicroseconds.ToTime(RequestedUs), Time(DecidedUs), Time(ExpiresUs), Reason, Approvals, Told)
        {
            MustReview = MustReview == 1,
        };

        static DateTimeOffset? Time(long? microseconds) =>
            microseconds is { } value ? UnixMicroseconds.ToTime(value) : null;
    }
}
