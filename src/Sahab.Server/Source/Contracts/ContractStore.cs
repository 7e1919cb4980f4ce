using Dapper;
using Sahab.Ledger.Contracts;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Source.Contracts;

/// <summary>A version of a contract as it was first read.</summary>
/// <param name="Content">What it says, as canonical text.</param>
/// <param name="SeenAt">When it was first in force here.</param>
internal sealed record SeenVersion(string Contract, int Number, string Content, DateTimeOffset SeenAt);

/// <summary>The versions of contracts that have been in force.</summary>
internal sealed class ContractStore(SahabDatabase database)
{
    /// <summary>All of them; the configuration bounds how many there can be.</summary>
    public async Task<List<SeenVersion>> ReadAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var rows = await connection.ReadAllAsync<(string Contract, long Number, string Content, long SeenUs)>(
            new CommandDefinition(
                "SELECT contract_id, number, content, seen_us FROM contract_version ORDER BY contract_id, number",
                cancellationToken: cancellation));
        return [.. rows.Select(row => new SeenVersion(
            row.Contract, (int)row.Number, row.Content, UnixMicroseconds.ToTime(row.SeenUs)))];
    }

    /// <summary>Whether a version was in force, on whichever node, that the book does not have.</summary>
    public async Task<bool> IsAheadOfAsync(ContractBook book, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var rows = await connection.ReadAllAsync<(string Contract, long Number)>(new CommandDefinition(
            "SELECT contract_id, MAX(number) FROM contract_version GROUP BY contract_id",
            cancellationToken: cancellation));
        return rows.Exists(row =>
            book.Contracts.FirstOrDefault(contract => contract.Id == row.Contract)?.Versions.Count is not { } count
            || count < row.Number);
    }

    /// <summary>Keeps a version. One that is kept already stays as it is.</summary>
    public async Task AddAsync(SeenVersion version, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO contract_version (contract_id, number, content, seen_us)
            VALUES (@Contract, @Number, @Content, @SeenUs) ON CONFLICT DO NOTHING
            """,
            new
            {
                version.Contract,
                Number = (long)version.Number,
                version.Content,
                SeenUs = UnixMicroseconds.From(version.SeenAt),
            },
            cancellationToken: cancellation));
    }
}
