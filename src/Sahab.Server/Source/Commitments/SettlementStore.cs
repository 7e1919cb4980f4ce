using System.Data.Common;
using System.Globalization;
using Dapper;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Settlements;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Source.Commitments;

/// <summary>The right to settle, held by one node at a time.</summary>
/// <param name="Holder">The node.</param>
/// <param name="Epoch">Which taking of the lease it is: a later one ends this.</param>
/// <param name="Until">Until when no other node takes it, by their clocks.</param>
/// <param name="SettledUntil">Until when all was settled as it was taken; 1970 where nothing was.</param>
internal sealed record SettlementLease(Guid Holder, long Epoch, DateTimeOffset Until, DateTimeOffset SettledUntil);

/// <summary>Another node has taken over the settlement: what was not committed until then is theirs to do.</summary>
internal sealed class SettlementLeaseLostException : Exception
{
    public SettlementLeaseLostException()
        : base("Another node has taken over the settlement.")
    {
    }

    public SettlementLeaseLostException(string message)
        : base(message)
    {
    }

    public SettlementLeaseLostException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>Who settles, and how commitments stand as settled, in the database.</summary>
internal sealed class SettlementStore(SahabDatabase database)
{
    const string Take = """
        INSERT INTO settlement_lease (lease_id, holder, epoch, until_us, settled_us)
        VALUES (1, @Holder, 1, @UntilUs, 0)
        ON CONFLICT (lease_id) DO UPDATE SET holder = excluded.holder, epoch = settlement_lease.epoch + 1,
            until_us = excluded.until_us
        WHERE settlement_lease.holder = excluded.holder OR settlement_lease.until_us <= @NowUs
        RETURNING epoch, settled_us
        """;

    const string Renew = "UPDATE settlement_lease SET until_us = @UntilUs WHERE holder = @Holder AND epoch = @Epoch";

    const string SelectStandings = """
        SELECT contract_id AS Contract, commitment_id AS Commitment, from_us AS FromUs, until_us AS UntilUs,
            amount AS Amount, drawn AS Drawn, carried AS Carried, deferred AS Deferred, owed AS Owed,
            caps_drawn AS CapsDrawn
        FROM commitment_standing
        """;

    /// <summary>Takes the lease where it is free, has run out, or was this node's; null where another holds it.</summary>
    public async Task<SettlementLease?> TakeAsync(
        Guid holder, DateTimeOffset now, DateTimeOffset until, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var rows = await connection.ReadAllAsync<(long Epoch, long SettledUs)>(new CommandDefinition(
            Take,
            new
            {
                Holder = database.IdValue(holder),
                UntilUs = UnixMicroseconds.From(until),
                NowUs = UnixMicroseconds.From(now),
            },
            cancellationToken: cancellation));
        return rows is [var (epoch, settledUs)]
            ? new SettlementLease(holder, epoch, until, UnixMicroseconds.ToTime(settledUs))
            : null;
    }

    /// <summary>Holds the lease for longer; false where another node has it.</summary>
    public async Task<bool> RenewAsync(SettlementLease lease, DateTimeOffset until, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await connection.ExecuteAsync(new CommandDefinition(
            Renew, Parameters(lease, until), cancellationToken: cancellation)) == 1;
    }

    /// <summary>
    /// Makes sure, inside a transaction, that the lease is still held until it commits: who would take it waits for that.
    /// </summary>
    /// <exception cref="SettlementLeaseLostException">Another node has it.</exception>
    public async Task FenceAsync(
        DbConnection connection,
        DbTransaction transaction,
        SettlementLease lease,
        DateTimeOffset until,
        CancellationToken cancellation)
    {
        if (await connection.ExecuteAsync(new CommandDefinition(
            Renew, Parameters(lease, until), transaction, cancellationToken: cancellation)) != 1)
        {
            throw new SettlementLeaseLostException();
        }
    }

    /// <summary>Gives the lease up, so that another node need not wait for its end.</summary>
    public Task ReleaseAsync(SettlementLease lease, CancellationToken cancellation) =>
        RenewAsync(lease, DateTimeOffset.UnixEpoch, cancellation);

    /// <summary>Puts how commitments stand in the place of how they stood, within a transaction.</summary>
    public async Task WriteStandingsAsync(
        DbConnection connection, DbTransaction transaction, SettledStandings settled, CancellationToken cancellation)
    {
        await connection.ExecuteAsync(new CommandDefinition(
            "UPDATE settlement_lease SET settled_us = @SettledUs",
            new { SettledUs = UnixMicroseconds.From(settled.Until) },
            transaction,
            cancellationToken: cancellation));
        await connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM commitment_standing", transaction: transaction, cancellationToken: cancellation));
        var rows = new StandingRows();
        foreach (var standing in settled.Standings)
        {
            rows.Add(standing);
        }

        await database.InsertAsync(connection, transaction, rows.Batch, cancellation);
    }

    /// <summary>How commitments stand; the configuration bounds how many there can be.</summary>
    public async Task<SettledStandings> ReadStandingsAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(
            System.Data.IsolationLevel.RepeatableRead, cancellation);
        var settledUs = await connection.ReadOneAsync<long?>(new CommandDefinition(
            "SELECT settled_us FROM settlement_lease", transaction: transaction, cancellationToken: cancellation));
        var rows = await connection.ReadAllAsync<StandingRow>(new CommandDefinition(
            SelectStandings, transaction: transaction, cancellationToken: cancellation));
        return new SettledStandings(
            [
                .. rows.Select(row => row.ToStanding())
                    .OrderBy(standing => standing.Contract, StringComparer.Ordinal)
                    .ThenBy(standing => standing.Commitment, StringComparer.Ordinal)
                    .ThenBy(standing => standing.Window.From),
            ],
            settledUs is null or 0 ? DateTimeOffset.MinValue : UnixMicroseconds.ToTime(settledUs.Value));
    }

    object Parameters(SettlementLease lease, DateTimeOffset until) => new
    {
        Holder = database.IdValue(lease.Holder),
        lease.Epoch,
        UntilUs = UnixMicroseconds.From(until),
    };

    sealed record StandingRow
    {
        public string Contract { get; init; } = "";

        public string Commitment { get; init; } = "";

        public long FromUs { get; init; }

        public long UntilUs { get; init; }

        public string Amount { get; init; } = "";

        public string Drawn { get; init; } = "";

        public string Carried { get; init; } = "";

        public string Deferred { get; init; } = "";

        public string? Owed { get; init; }

        public string CapsDrawn { get; init; } = "";

        public CommitmentStanding ToStanding() => new()
        {
            Contract = Contract,
            Commitment = Commitment,
            Window = new CommitmentWindow(
                UnixMicroseconds.ToTime(FromUs), UnixMicroseconds.ToTime(UntilUs), ToDecimal(Amount)),
            Drawn = ToDecimal(Drawn),
            Carried = ToDecimal(Carried),
            Deferred = ToDecimal(Deferred),
            Owed = Owed is null ? null : ToDecimal(Owed),
            CapsDrawn = CapsDrawn.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(ToDecimal).ToValueList(),
        };

        static decimal ToDecimal(string text) => decimal.Parse(text, CultureInfo.InvariantCulture);
    }

    sealed class StandingRows
    {
        readonly TextColumn _contract = new("contract_id");
        readonly TextColumn _commitment = new("commitment_id");
        readonly Int64Column _from = new("from_us");
        readonly Int64Column _until = new("until_us");
        readonly TextColumn _amount = new("amount");
        readonly TextColumn _drawn = new("drawn");
        readonly TextColumn _carried = new("carried");
        readonly TextColumn _deferred = new("deferred");
        readonly OptionalTextColumn _owed = new("owed");
        readonly TextColumn _caps = new("caps_drawn");

        public StandingRows() => Batch = new RowBatch(
            "commitment_standing", RowBatch.KeepOld, _contract, _commitment, _from, _until, _amount, _drawn, _carried,
            _deferred, _owed, _caps);

        public RowBatch Batch { get; }

        public void Add(CommitmentStanding standing)
        {
            _contract.Values.Add(standing.Contract);
            _commitment.Values.Add(standing.Commitment);
            _from.Values.Add(UnixMicroseconds.From(standing.Window.From));
            _until.Values.Add(UnixMicroseconds.From(standing.Window.Until));
            _amount.Values.Add(Text(standing.Window.Amount));
            _drawn.Values.Add(Text(standing.Drawn));
            _carried.Values.Add(Text(standing.Carried));
            _deferred.Values.Add(Text(standing.Deferred));
            _owed.Values.Add(standing.Owed is { } owed ? Text(owed) : null);
            _caps.Values.Add(string.Join(' ', standing.CapsDrawn.Select(Text)));
        }

        static string Text(decimal amount) => amount.ToString(CultureInfo.InvariantCulture);
    }
}
