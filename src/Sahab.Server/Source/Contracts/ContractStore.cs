using Dapper;
using Sahab.Ledger.Contracts;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Source.Contracts;

/// <summary>
/// A version of a contract as it was first read; and, kept beside them, what the past depends on besides: a contract's place
/// in the order of drawdown, as number 0 of it, and a rate of a currency.
/// </summary>
/// <param name="Number">From 1; of a rate the number of its first day.</param>
/// <param name="Content">What it says, as canonical text.</param>
/// <param name="SeenAt">When it was first in force here.</param>
internal sealed record SeenVersion(string Contract, int Number, string Content, DateTimeOffset SeenAt)
{
    /// <summary>No contract's id has a blank.</summary>
    const string OfCurrency = "currency ";

    /// <summary>The currency of which it is a rate; null: it is of a contract.</summary>
    public string? Currency => Contract.StartsWith(OfCurrency, StringComparison.Ordinal) ? Contract[OfCurrency.Length..] : null;

    /// <summary>Whether it is a contract's place in the order.</summary>
    public bool IsOrder => Number == 0;

    /// <summary>What it is, for people.</summary>
    public string Name => Currency is { } currency
        ? $"The rate of {currency} from {DateOnly.FromDayNumber(Number):yyyy-MM-dd}"
        : IsOrder ? $"The order of contract {Contract}" : $"Version {Number} of contract {Contract}";

    public static SeenVersion OrderOf(string contract, int order, DateTimeOffset now) =>
        new(contract, 0, order.ToString(System.Globalization.CultureInfo.InvariantCulture), now);

    public static SeenVersion Of(CurrencyRate rate, DateTimeOffset now) => new(
        OfCurrency + rate.Currency, rate.From.DayNumber,
        rate.UsdPerUnit.ToString("0.########", System.Globalization.CultureInfo.InvariantCulture), now);
}

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

    /// <summary>Whether a version or rate was in force, on whichever node, that the book does not have.</summary>
    public async Task<bool> IsAheadOfAsync(ContractBook book, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var rows = await connection.ReadAllAsync<(string Contract, long Number)>(new CommandDefinition(
            "SELECT contract_id, MAX(number) FROM contract_version GROUP BY contract_id",
            cancellationToken: cancellation));
        return rows.Exists(row => new SeenVersion(row.Contract, (int)row.Number, "", default) is { Currency: { } currency } rate
            ? !book.Rates.Any(each => each.Currency == currency && each.From.DayNumber >= rate.Number)
            : book.Contracts.FirstOrDefault(contract => contract.Id == row.Contract)?.Versions.Count is not { } count
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
