using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Govern.Audit;

/// <summary>The log of changes: appended to in the transaction of the change itself, so that there is neither without the other.</summary>
internal sealed class AuditLog(TimeProvider time)
{
    /// <summary>Appends an entry. Who appends holds the end of the chain until the transaction ends, so be soon.</summary>
    public async Task AppendAsync(
        DbConnection connection, DbTransaction transaction, AuditEntry entry, CancellationToken cancellation)
    {
        // The update takes the lock, so that what is read after it is the end.
        await connection.ExecuteAsync(new CommandDefinition(
            "UPDATE audit_head SET entry_number = entry_number + 1 WHERE head_id = 1", null, transaction,
            cancellationToken: cancellation));
        var (number, before) = (await connection.ReadAllAsync<(long, string)>(new CommandDefinition(
            "SELECT entry_number, hash FROM audit_head WHERE head_id = 1", null, transaction,
            cancellationToken: cancellation))).Single();
        var row = new AuditRow
        {
            Number = number,
            AtUs = UnixMicroseconds.From(time.GetUtcNow()),
            Actor = entry.Actor,
            Action = entry.Action,
            Organisation = entry.Organisation,
            Subject = entry.Subject,
            Details = entry.Details?.ToJsonString() ?? "",
        };
        row.Hash = row.HashAfter(before);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO audit_entry (entry_number, at_us, actor, action, organisation, subject, details, hash)
            VALUES (@Number, @AtUs, @Actor, @Action, @Organisation, @Subject, @Details, @Hash)
            """,
            row, transaction, cancellationToken: cancellation));
        await connection.ExecuteAsync(new CommandDefinition(
            "UPDATE audit_head SET hash = @Hash WHERE head_id = 1", new { row.Hash }, transaction,
            cancellationToken: cancellation));
    }
}

/// <summary>An entry as it is stored.</summary>
internal sealed record AuditRow
{
    /// <summary>From 1, without gaps.</summary>
    public long Number { get; init; }

    public long AtUs { get; init; }

    public string Actor { get; init; } = "";

    public string Action { get; init; } = "";

    public string Organisation { get; init; } = "";

    public string Subject { get; init; } = "";

    /// <summary>A JSON object, or empty.</summary>
    public string Details { get; init; } = "";

    /// <summary>SHA-256 in hexadecimal of the entry and of the hash before it.</summary>
    public string Hash { get; set; } = "";

    /// <summary>The hash of the entry in a chain: each part with its length before it, so that none can run into the next.</summary>
    /// <param name="before">The hash of the entry before; empty: it is the first.</param>
    public string HashAfter(string before)
    {
        var text = new StringBuilder();
        foreach (var part in (ReadOnlySpan<string>)
            [
                before, Number.ToString(CultureInfo.InvariantCulture), AtUs.ToString(CultureInfo.InvariantCulture),
                Actor, Action, Organisation, Subject, Details,
            ])
        {
            text.Append(CultureInfo.InvariantCulture, $"{part.Length}:{part}");
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}
