using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using Dapper;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Settlements;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Source.Commitments;

/// <summary>
/// What the settlement carried into months, in the database. A checkpoint holds for the contracts by which it was made, as
/// long as nothing changes in an hour before it: who takes such an hour up drops it first.
/// </summary>
internal sealed class CheckpointStore(SahabDatabase database)
{
    /// <summary>Months that are kept for each provider. What changes in an hour before them costs reading everything.</summary>
    public const int MostMonths = 36;

    const string Write = """
        INSERT INTO settlement_checkpoint (provider, hour_us, book, state) VALUES (@Provider, @HourUs, @Book, @State)
        ON CONFLICT (provider, hour_us) DO UPDATE SET book = excluded.book, state = excluded.state
        """;

    /// <summary>
    /// The checkpoints of the last month that has any, one for each provider whose books had begun; empty where there are
    /// none. Those of other contracts are dropped: what follows may rebook what they hold.
    /// </summary>
    /// <param name="book">The contracts; see <see cref="BookPrint"/>.</param>
    public async Task<IReadOnlyList<SettlementCheckpoint>> ReadLastAsync(string book, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM settlement_checkpoint WHERE book <> @Book", new { Book = book }, cancellationToken: cancellation));
        var rows = await connection.ReadAllAsync<(string Provider, long HourUs, string State)>(new CommandDefinition(
            """
            SELECT provider, hour_us, state FROM settlement_checkpoint
            WHERE hour_us = (SELECT MAX(hour_us) FROM settlement_checkpoint)
            ORDER BY provider
            """,
            cancellationToken: cancellation));
        return [.. rows.Select(row => Parse(row.Provider, UnixMicroseconds.ToTime(row.HourUs), row.State))];
    }

    /// <summary>
    /// Drops those that an hour's change makes wrong, within the transaction that takes the hour from the list of changes.
    /// </summary>
    public static async Task DropAfterAsync(
        DbConnection connection, DbTransaction transaction, Hour hour, CancellationToken cancellation) =>
        await connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM settlement_checkpoint WHERE hour_us > @HourUs",
            new { HourUs = UnixMicroseconds.From(hour.Start) },
            transaction,
            cancellationToken: cancellation));

    /// <summary>Keeps checkpoints, within the transaction that posts what led to them.</summary>
    public static async Task WriteAsync(
        DbConnection connection, DbTransaction transaction, string book, IReadOnlyList<SettlementCheckpoint> checkpoints,
        CancellationToken cancellation)
    {
        foreach (var checkpoint in checkpoints)
        {
            await connection.ExecuteAsync(new CommandDefinition(
                Write,
                new
                {
                    checkpoint.Provider,
                    HourUs = UnixMicroseconds.From(checkpoint.At),
                    Book = book,
                    State = ToText(checkpoint),
                },
                transaction,
                cancellationToken: cancellation));
        }

        if (checkpoints.Count > 0)
        {
            await connection.ExecuteAsync(new CommandDefinition(
                "DELETE FROM settlement_checkpoint WHERE hour_us < @HourUs",
                new { HourUs = UnixMicroseconds.From(checkpoints.Max(each => each.At).AddMonths(-MostMonths)) },
                transaction,
                cancellationToken: cancellation));
        }
    }

    /// <summary>Rows of texts, the first of which says what the row is: amounts have more digits than a number of JSON.</summary>
    static string ToText(SettlementCheckpoint of) => JsonSerializer.Serialize((string?[][])
    [
        .. of.Standings.Select(standing => (string?[])
        [
            "standing", standing.Contract, standing.Commitment, Text(standing.Window.From), Text(standing.Window.Until),
            Text(standing.Window.Amount), Text(standing.Drawn), Text(standing.Carried), Text(standing.Deferred),
            standing.Owed is { } owed ? Text(owed) : null, string.Join(' ', standing.CapsDrawn.Select(Text)),
        ]),
        .. of.Volumes.Select(volume => (string?[])
            ["volume", volume.Contract, volume.Rate, Text(volume.Period), Text(volume.Volume)]),
        .. of.Prepayments.Select(paid => (string?[])
            ["paid", paid.Contract, paid.Prepayment, Text(paid.Paid), Text(paid.Drawn), Text(paid.UsdPerUnit)]),
        .. of.Accruals.Select(accrual => (string?[])["accrued", accrual.Contract, Text(accrual.Nano)]),
    ]);

    static SettlementCheckpoint Parse(string provider, DateTimeOffset at, string state)
    {
        var rows = JsonSerializer.Deserialize<string?[][]>(state)!.ToLookup(row => row[0]);
        return new SettlementCheckpoint
        {
            Provider = provider,
            At = at,
            Standings = [.. rows["standing"].Select(row => new CommitmentStanding
            {
                Contract = row[1]!,
                Commitment = row[2]!,
                Window = new CommitmentWindow(Time(row[3]), Time(row[4]), Number(row[5])),
                Drawn = Number(row[6]),
                Carried = Number(row[7]),
                Deferred = Number(row[8]),
                Owed = row[9] is null ? null : Number(row[9]),
                CapsDrawn = row[10]!.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Number).ToValueList(),
            })],
            Volumes = [.. rows["volume"].Select(row => new CarriedVolume(row[1]!, row[2]!, Time(row[3]), Number(row[4])))],
            Prepayments = [.. rows["paid"].Select(row =>
                new CarriedPrepayment(row[1]!, row[2]!, Number(row[3]), Number(row[4]), Number(row[5])))],
            Accruals = [.. rows["accrued"].Select(row => new CarriedAccrual(row[1]!, Number(row[2])))],
        };
    }

    static string Text(decimal amount) => amount.ToString(CultureInfo.InvariantCulture);

    static string Text(DateTimeOffset time) => UnixMicroseconds.From(time).ToString(CultureInfo.InvariantCulture);

    static decimal Number(string? text) => decimal.Parse(text!, CultureInfo.InvariantCulture);

    static DateTimeOffset Time(string? text) => UnixMicroseconds.ToTime(long.Parse(text!, CultureInfo.InvariantCulture));
}
