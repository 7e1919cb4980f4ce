using System.Text;
using Dapper;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Govern.Audit;

/// <summary>Which entries are asked for. What is null is not asked about.</summary>
internal sealed record AuditQuestion
{
    public string? Organisation { get; init; }

    public string? Actor { get; init; }

    /// <summary>An action, or the beginning of some up to a dot: <c>key.</c></summary>
    public string? Action { get; init; }

    public string? Subject { get; init; }

    public DateTimeOffset? Since { get; init; }

    public DateTimeOffset? Until { get; init; }

    /// <summary>Only entries with a smaller number.</summary>
    public long? Before { get; init; }
}

/// <summary>The end of the chain.</summary>
/// <param name="Number">Of the last entry; 0: there is none.</param>
/// <param name="Hash">Of the last entry.</param>
internal sealed record AuditHead(long Number, string Hash)
{
    /// <summary>As it is printed, and given to a later verification.</summary>
    public override string ToString() => $"{Number}:{Hash}";
}

/// <summary>Reads the log. Nobody but <see cref="AuditLog"/> writes it, and nobody changes or removes what is in it.</summary>
internal sealed class AuditStore(SahabDatabase database)
{
    /// <summary>Entries that are read at once when all are.</summary>
    const int Page = 1000;

    const string Columns = """
        entry_number AS Number, at_us AS AtUs, actor AS Actor, action AS Action, organisation AS Organisation,
            subject AS Subject, details AS Details, hash AS Hash
        """;

    /// <summary>Entries, the newest first, at most so many.</summary>
    public async Task<List<AuditRow>> ReadAsync(AuditQuestion question, int most, CancellationToken cancellation)
    {
        var where = new StringBuilder("1 = 1");
        Add(question.Organisation, "organisation = @Organisation");
        Add(question.Actor, "actor = @Actor");
        Add(question.Subject, "subject = @Subject");
        Add(question.Since, "at_us >= @SinceUs");
        Add(question.Until, "at_us < @UntilUs");
        Add(question.Before, "entry_number < @Before");
        var isBeginning = question.Action?.EndsWith('.') ?? false;
        Add(question.Action, isBeginning ? "substr(action, 1, @ActionLength) = @Action" : "action = @Action");
        await using var connection = await database.OpenAsync(cancellation);
        return await connection.ReadAllAsync<AuditRow>(new CommandDefinition(
            $"SELECT {Columns} FROM audit_entry WHERE {where} ORDER BY entry_number DESC LIMIT @Most",
            new
            {
                question.Organisation,
                question.Actor,
                question.Action,
                ActionLength = question.Action?.Length ?? 0,
                question.Subject,
                SinceUs = UnixMicroseconds.From(question.Since ?? default),
                UntilUs = UnixMicroseconds.From(question.Until ?? default),
                Before = question.Before ?? 0,
                Most = most,
            },
            cancellationToken: cancellation));

        void Add(object? asked, string condition)
        {
            if (asked is not null)
            {
                where.Append(" AND ").Append(condition);
            }
        }
    }

    /// <summary>
    /// The entries after a number, the oldest first, at most so many. Once one can be seen, so can all before it: who
    /// appends holds the end until the entry is committed.
    /// </summary>
    public async Task<List<AuditRow>> ReadAfterAsync(long number, int most, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await connection.ReadAllAsync<AuditRow>(new CommandDefinition(
            $"SELECT {Columns} FROM audit_entry WHERE entry_number > @Number ORDER BY entry_number LIMIT @Most",
            new { Number = number, Most = most }, cancellationToken: cancellation));
    }

    /// <summary>The end of the chain, as whoever appends keeps it.</summary>
    public async Task<AuditHead> HeadAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var (number, hash) = await connection.ReadOneAsync<(long, string)>(new CommandDefinition(
            "SELECT entry_number, hash FROM audit_head WHERE head_id = 1", cancellationToken: cancellation));
        return new AuditHead(number, hash);
    }

    /// <summary>All entries up to an end of the chain, the first first, read part by part.</summary>
    public async IAsyncEnumerable<AuditRow> AllAsync(
        AuditHead head, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        var last = 0L;
        while (true)
        {
            List<AuditRow> page;
            await using (var connection = await database.OpenAsync(cancellation))
            {
                page = await connection.ReadAllAsync<AuditRow>(new CommandDefinition(
                    $"""
                    SELECT {Columns} FROM audit_entry WHERE entry_number > @Last AND entry_number <= @End
                    ORDER BY entry_number LIMIT @Page
                    """,
                    new { Last = last, End = head.Number, Page }, cancellationToken: cancellation));
            }

            foreach (var row in page)
            {
                yield return row;
                last = row.Number;
            }

            if (page.Count < Page)
            {
                yield break;
            }
        }
    }
}
