using Dapper;
using Sahab.Server.Govern.Audit;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Tenants;

/// <summary>What became of an organisation that was to be changed.</summary>
internal enum OrganisationChange
{
    Done,
    Unknown,

    /// <summary>It is not what it would have to be for that, or is so already.</summary>
    NotNow,

    /// <summary>The file of the configuration says it.</summary>
    SaidByFile,
}

/// <summary>Organisations in the database.</summary>
internal sealed class OrganisationStore(SahabDatabase database, AuditLog audit, TimeProvider time)
{
    /// <summary>The most organisations of which one user is an owner; the operator makes as many as it likes.</summary>
    public const int MaxOwned = 5;

    const string Columns = """
        organisation.organisation_id AS Id, organisation.name AS Name, organisation.origin AS Origin,
        organisation.country AS Country, organisation.status AS Status, organisation.suspended_by AS SuspendedBy,
        organisation.created_us AS CreatedUs
        """;

    public async Task<Organisation?> FindAsync(string id, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return (await connection.ReadOneAsync<Row>(new CommandDefinition(
            $"SELECT {Columns} FROM organisation WHERE organisation_id = @Id", new { Id = id },
            cancellationToken: cancellation)))?.ToOrganisation();
    }

    /// <summary>Organisations by their ids, after one of them: all, or those of which a user is a member.</summary>
    public async Task<List<Organisation>> ListAsync(string? user, ListPage page, CancellationToken cancellation)
    {
        var mine = user is null ? "" : """
            JOIN membership ON membership.organisation_id = organisation.organisation_id AND membership.user_id = @User
            """;
        await using var connection = await database.OpenAsync(cancellation);
        return [.. (await connection.ReadAllAsync<Row>(new CommandDefinition(
            $"""
            SELECT {Columns} FROM organisation {mine} WHERE organisation.organisation_id > @After
            ORDER BY organisation.organisation_id LIMIT @Rows
            """,
            new { User = user, page.After, page.Rows }, cancellationToken: cancellation)))
            .Select(row => row.ToOrganisation())];
    }

    /// <summary>
    /// Organisations by their ids, after one of them, whose id is the text or whose name has it somewhere, in whatever case
    /// of A to Z.
    /// </summary>
    public async Task<List<Organisation>> SearchAsync(string text, ListPage page, CancellationToken cancellation)
    {
        var like = text.ToLowerInvariant().Replace("!", "!!", StringComparison.Ordinal)
            .Replace("%", "!%", StringComparison.Ordinal).Replace("_", "!_", StringComparison.Ordinal);
        await using var connection = await database.OpenAsync(cancellation);
        return [.. (await connection.ReadAllAsync<Row>(new CommandDefinition(
            $"""
            SELECT {Columns} FROM organisation WHERE organisation.organisation_id > @After
                AND (organisation.organisation_id = @Text OR LOWER(organisation.name) LIKE @Like ESCAPE '!')
            ORDER BY organisation.organisation_id LIMIT @Rows
            """,
            new { Text = text, Like = $"%{like}%", page.After, page.Rows }, cancellationToken: cancellation)))
            .Select(row => row.ToOrganisation())];
    }

    /// <summary>Adds an organisation with its first project. False: the owner has as many as one may.</summary>
    /// <param name="owner">Its first member; null: it has none until somebody is invited.</param>
    public async Task<bool> AddAsync(
        Organisation organisation, Project first, string? owner, string actor, CancellationToken cancellation)
    {
        await using var change = await Change.BeginAsync(database, audit, cancellation);
        if (owner is not null)
        {
            // Holds the user's row, so that two at once are counted one after the other.
            await change.ExecuteAsync("UPDATE user_account SET name = name WHERE user_id = @Owner", new { Owner = owner });
            if (await change.ReadOneAsync<long>(
                "SELECT COUNT(*) FROM membership WHERE user_id = @Owner AND role = 'owner'", new { Owner = owner })
                >= MaxOwned)
            {
                return false;
            }
        }

        await InsertAsync(change, organisation);
        await InsertAsync(change, first);
        if (owner is not null)
        {
            await change.ExecuteAsync(
                """
                INSERT INTO membership (organisation_id, user_id, role, since_us) VALUES (@Id, @Owner, 'owner', @NowUs)
                """,
                new { organisation.Id, Owner = owner, NowUs = UnixMicroseconds.From(organisation.CreatedAt) });
        }

        await change.CommitAsync(new AuditEntry(actor, "organisation.created", organisation.Id)
        {
            Organisation = organisation.Id,
            Details = new() { ["name"] = organisation.Name, ["country"] = organisation.Country, ["owner"] = owner },
        });
        return true;
    }

    /// <summary>
    /// Changes the name, the country or both; null leaves one as it is. A tenant's name is said by the file.
    /// </summary>
    public async Task<OrganisationChange> EditAsync(
        string id, string? name, string? country, string actor, CancellationToken cancellation)
    {
        await using var change = await Change.BeginAsync(database, audit, cancellation);
        if (await HoldAsync(change, id) is not { } before)
        {
            return OrganisationChange.Unknown;
        }

        if (name is not null && name != before.Name && before.Origin == OrganisationOrigin.File)
        {
            return OrganisationChange.SaidByFile;
        }

        await change.ExecuteAsync(
            "UPDATE organisation SET name = @Name, country = @Country WHERE organisation_id = @Id",
            new { Id = id, Name = name ?? before.Name, Country = country ?? before.Country });
        await change.CommitAsync(new AuditEntry(actor, "organisation.changed", id)
        {
            Organisation = id,
            Details = new() { ["name"] = name, ["country"] = country },
        });
        return OrganisationChange.Done;
    }

    /// <summary>Suspends, resumes or closes it, on behalf of the operator.</summary>
    public async Task<OrganisationChange> SetStatusAsync(
        string id, OrganisationStatus status, string reason, string actor, CancellationToken cancellation)
    {
        await using var change = await Change.BeginAsync(database, audit, cancellation);
        if (await HoldAsync(change, id) is not { } before)
        {
            return OrganisationChange.Unknown;
        }

        if (before.Status == status || before.Status == OrganisationStatus.Closed)
        {
            return OrganisationChange.NotNow;
        }

        if ((status == OrganisationStatus.Active && before.SuspendedBy == SuspendedBy.File)
            || (status == OrganisationStatus.Closed && before.Origin == OrganisationOrigin.File))
        {
            return OrganisationChange.SaidByFile;
        }

        var by = status == OrganisationStatus.Active ? SuspendedBy.Nobody : SuspendedBy.Operator;
        await SetStatusAsync(change, id, status, by);
        await change.CommitAsync(new AuditEntry(actor, ActionOf(status), id)
        {
            Organisation = id,
            Details = new() { ["reason"] = reason },
        });
        return OrganisationChange.Done;
    }

    /// <summary>The organisations whose keys do not work.</summary>
    public async Task<List<string>> ReadStoppedAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await connection.ReadAllAsync<string>(new CommandDefinition(
            "SELECT organisation_id FROM organisation WHERE status <> 'active'", cancellationToken: cancellation));
    }

    /// <summary>
    /// Makes the organisations of the file those that it says: adds new ones with their project, takes over names,
    /// suspends those that are gone and resumes those that are back. Returns how many it changed.
    /// </summary>
    public async Task<int> MirrorAsync(IReadOnlyDictionary<string, string> tenants, CancellationToken cancellation)
    {
        await using var change = await Change.BeginAsync(database, audit, cancellation);
        var known = (await change.ReadAllAsync<Row>(
            $"SELECT {Columns} FROM organisation WHERE origin = 'file' ORDER BY organisation_id", new { }))
            .Select(row => row.ToOrganisation()).ToDictionary(each => each.Id);
        var entries = new List<AuditEntry>();
        foreach (var (id, name) in tenants.OrderBy(each => each.Key, StringComparer.Ordinal))
        {
            if (await MirrorAsync(change, id, name, known.GetValueOrDefault(id)) is { } action)
            {
                entries.Add(EntryOf(id, action, name));
            }
        }

        foreach (var gone in known.Values.Where(each =>
            each.Status == OrganisationStatus.Active && !tenants.ContainsKey(each.Id)))
        {
            if (await SetStatusAsync(change, gone.Id, OrganisationStatus.Suspended, SuspendedBy.File) > 0)
            {
                entries.Add(EntryOf(gone.Id, ActionOf(OrganisationStatus.Suspended), gone.Name));
            }
        }

        await change.CommitAsync([.. entries]);
        return entries.Count;
    }

    static AuditEntry EntryOf(string id, string action, string name) => new(AuditEntry.Server, action, id)
    {
        Organisation = id,
        Details = new() { ["name"] = name, ["by"] = "configuration" },
    };

    /// <returns>What was done; null: nothing had to be, or another node has done it.</returns>
    async Task<string?> MirrorAsync(Change change, string id, string name, Organisation? before)
    {
        if (before is null)
        {
            var now = time.GetUtcNow();
            if (await InsertAsync(change, new Organisation(id, name, OrganisationOrigin.File) { CreatedAt = now }) == 0)
            {
                return null;
            }

            await InsertAsync(change, new Project(id, Project.Default, Project.Default) { CreatedAt = now });
            return "organisation.created";
        }

        string? action = null;
        if (before.Name != name && await change.ExecuteAsync(
            "UPDATE organisation SET name = @Name WHERE organisation_id = @Id AND name <> @Name",
            new { Id = id, Name = name }) > 0)
        {
            action = "organisation.changed";
        }

        return before.SuspendedBy == SuspendedBy.File
            && await SetStatusAsync(change, id, OrganisationStatus.Active, SuspendedBy.Nobody) > 0
                ? ActionOf(OrganisationStatus.Active)
                : action;
    }

    static string ActionOf(OrganisationStatus status) => status switch
    {
        OrganisationStatus.Active => "organisation.resumed",
        OrganisationStatus.Suspended => "organisation.suspended",
        _ => "organisation.closed",
    };

    static Task<int> SetStatusAsync(Change change, string id, OrganisationStatus status, SuspendedBy by) =>
        change.ExecuteAsync(
            "UPDATE organisation SET status = @Status, suspended_by = @By WHERE organisation_id = @Id AND status <> @Status",
            new { Id = id, Status = Word(status), By = Word(by) });

    /// <summary>Reads it and holds its row until the change ends.</summary>
    static async Task<Organisation?> HoldAsync(Change change, string id) =>
        await change.ExecuteAsync(
            "UPDATE organisation SET revision = revision + 1 WHERE organisation_id = @Id", new { Id = id }) == 0
                ? null
                : (await change.ReadOneAsync<Row>(
                    $"SELECT {Columns} FROM organisation WHERE organisation_id = @Id", new { Id = id }))!.ToOrganisation();

    static Task<int> InsertAsync(Change change, Organisation organisation) => change.ExecuteAsync(
        """
        INSERT INTO organisation (organisation_id, name, origin, country, status, suspended_by, created_us, revision)
        VALUES (@Id, @Name, @Origin, @Country, @Status, @SuspendedBy, @CreatedUs, 0) ON CONFLICT DO NOTHING
        """,
        new
        {
            organisation.Id,
            organisation.Name,
            Origin = Word(organisation.Origin),
            organisation.Country,
            Status = Word(organisation.Status),
            SuspendedBy = Word(organisation.SuspendedBy),
            CreatedUs = UnixMicroseconds.From(organisation.CreatedAt),
        });

    static Task<int> InsertAsync(Change change, Project project) => change.ExecuteAsync(
        ProjectStore.Insert,
        new
        {
            project.Organisation,
            project.Id,
            project.Name,
            CreatedUs = UnixMicroseconds.From(project.CreatedAt),
        });

    static string Word(Enum value) => value.ToString().ToLowerInvariant();

    sealed record Row
    {
        public string Id { get; init; } = "";

        public string Name { get; init; } = "";

        public string Origin { get; init; } = "";

        public string Country { get; init; } = "";

        public string Status { get; init; } = "";

        public string SuspendedBy { get; init; } = "";

        public long CreatedUs { get; init; }

        public Organisation ToOrganisation() =>
            new(Id, Name, Enum.Parse<OrganisationOrigin>(Origin, ignoreCase: true))
            {
                Country = Country,
                Status = Enum.Parse<OrganisationStatus>(Status, ignoreCase: true),
                SuspendedBy = Enum.Parse<SuspendedBy>(SuspendedBy, ignoreCase: true),
                CreatedAt = UnixMicroseconds.ToTime(CreatedUs),
            };
    }
}
