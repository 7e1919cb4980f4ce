using Dapper;
using Sahab.Server.Govern.Audit;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Tenants;

/// <summary>What became of a project that was to be changed.</summary>
internal enum ProjectChange
{
    Done,
    Unknown,

    /// <summary>It is archived already.</summary>
    Archived,

    /// <summary>The keys of the file are in it.</summary>
    OfFile,
}

/// <summary>Projects in the database.</summary>
internal sealed class ProjectStore(SahabDatabase database, AuditLog audit)
{
    /// <summary>The most projects of an organisation, archived ones included: they keep their usage.</summary>
    public const int MaxOfOrganisation = 1000;

    /// <summary>Adds one, unless it is there. The store of organisations adds the first of each.</summary>
    internal const string Insert = """
        INSERT INTO project (organisation_id, project_id, name, created_us)
        VALUES (@Organisation, @Id, @Name, @CreatedUs) ON CONFLICT DO NOTHING
        """;

    const string Select = """
        SELECT organisation_id AS Organisation, project_id AS Id, name AS Name, created_us AS CreatedUs,
            archived_us AS ArchivedUs
        FROM project WHERE organisation_id = @Organisation
        """;

    public async Task<Project?> FindAsync(string organisation, string id, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return (await connection.ReadOneAsync<Row>(new CommandDefinition(
            Select + " AND project_id = @Id", new { Organisation = organisation, Id = id },
            cancellationToken: cancellation)))?.ToProject();
    }

    public async Task<List<Project>> ListAsync(string organisation, ListPage page, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return [.. (await connection.ReadAllAsync<Row>(new CommandDefinition(
            Select + " AND project_id > @After ORDER BY project_id LIMIT @Rows",
            new { Organisation = organisation, page.After, page.Rows }, cancellationToken: cancellation)))
            .Select(row => row.ToProject())];
    }

    /// <summary>The projects whose keys do not work, with their organisations.</summary>
    public async Task<List<(string Organisation, string Project)>> ReadArchivedAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await connection.ReadAllAsync<(string, string)>(new CommandDefinition(
            "SELECT organisation_id, project_id FROM project WHERE archived_us IS NOT NULL",
            cancellationToken: cancellation));
    }

    /// <summary>Adds a project. False: the organisation has as many as it may.</summary>
    public async Task<bool> AddAsync(Project project, string actor, CancellationToken cancellation)
    {
        await using var change = await Change.BeginAsync(database, audit, cancellation);
        // Holds the organisation's row, so that two at once are counted one after the other.
        await change.ExecuteAsync(
            "UPDATE organisation SET revision = revision + 1 WHERE organisation_id = @Organisation",
            new { project.Organisation });
        if (await change.ReadOneAsync<long>(
            "SELECT COUNT(*) FROM project WHERE organisation_id = @Organisation", new { project.Organisation })
            >= MaxOfOrganisation)
        {
            return false;
        }

        await change.ExecuteAsync(
            Insert,
            new { project.Organisation, project.Id, project.Name, CreatedUs = UnixMicroseconds.From(project.CreatedAt) });
        await change.CommitAsync(EntryOf(project.Organisation, project.Id, "project.created", actor, project.Name));
        return true;
    }

    public async Task<ProjectChange> RenameAsync(
        string organisation, string id, string name, string actor, CancellationToken cancellation)
    {
        await using var change = await Change.BeginAsync(database, audit, cancellation);
        if (await change.ExecuteAsync(
            "UPDATE project SET name = @Name WHERE organisation_id = @Organisation AND project_id = @Id",
            new { Organisation = organisation, Id = id, Name = name }) == 0)
        {
            return ProjectChange.Unknown;
        }

        await change.CommitAsync(EntryOf(organisation, id, "project.changed", actor, name));
        return ProjectChange.Done;
    }

    /// <summary>Puts a project out of use. Its usage stays.</summary>
    public async Task<ProjectChange> ArchiveAsync(
        string organisation, string id, DateTimeOffset now, string actor, CancellationToken cancellation)
    {
        if (id == Project.Default)
        {
            return await FindAsync(organisation, id, cancellation) is null ? ProjectChange.Unknown : ProjectChange.OfFile;
        }

        await using var change = await Change.BeginAsync(database, audit, cancellation);
        if (await change.ExecuteAsync(
            """
            UPDATE project SET archived_us = @NowUs
            WHERE organisation_id = @Organisation AND project_id = @Id AND archived_us IS NULL
            """,
            new { Organisation = organisation, Id = id, NowUs = UnixMicroseconds.From(now) }) == 0)
        {
            return await change.ReadOneAsync<long>(
                "SELECT COUNT(*) FROM project WHERE organisation_id = @Organisation AND project_id = @Id",
                new { Organisation = organisation, Id = id }) == 0 ? ProjectChange.Unknown : ProjectChange.Archived;
        }

        await change.CommitAsync(EntryOf(organisation, id, "project.archived", actor, null));
        return ProjectChange.Done;
    }

    static AuditEntry EntryOf(string organisation, string id, string action, string actor, string? name) =>
        new(actor, action, id)
        {
            Organisation = organisation,
            Details = name is null ? null : new() { ["name"] = name },
        };

    sealed record Row
    {
        public string Organisation { get; init; } = "";

        public string Id { get; init; } = "";

        public string Name { get; init; } = "";

        public long CreatedUs { get; init; }

        public long? ArchivedUs { get; init; }

        public Project ToProject() => new(Organisation, Id, Name)
        {
            CreatedAt = UnixMicroseconds.ToTime(CreatedUs),
            ArchivedAt = ArchivedUs is { } at ? UnixMicroseconds.ToTime(at) : null,
        };
    }
}
