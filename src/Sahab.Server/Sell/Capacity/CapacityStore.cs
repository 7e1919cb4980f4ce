using System.Data.Common;
using Dapper;
using Sahab.Ledger.Money;
using Sahab.Ledger.Sales;
using Sahab.Server.Govern.Audit;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Tenants;

namespace Sahab.Server.Sell.Capacity;

/// <summary>Reservations, and what months bear of them, in the database.</summary>
internal sealed class CapacityStore(SahabDatabase database, AuditLog audit)
{
    /// <summary>The most reservations of a model that have not ended.</summary>
    public const int MaxOfModel = 1000;

    const string Select = """
        SELECT reservation_id AS Id, organisation AS Organisation, project AS Project, model AS Model, offer AS Offer,
            term AS Term, units AS Units, tokens_per_minute AS TokensPerMinute, price_nano_usd AS PriceNano,
            from_us AS FromUs, until_us AS UntilUs, created_us AS CreatedUs, cancelled_us AS CancelledUs, renews AS Renews,
            renewal_of AS RenewalOf, renewal AS Renewal, stage AS Stage, risk_us AS RiskUs
        FROM capacity_reservation
        """;

    const string Insert = """
        INSERT INTO capacity_reservation (reservation_id, organisation, project, model, offer, term, units,
            tokens_per_minute, price_nano_usd, from_us, until_us, created_us, renews, renewal_of, stage)
        VALUES (@Id, @Organisation, @Project, @Model, @Offer, @Term, @Units, @TokensPerMinute, @PriceNano, @FromUs,
            @UntilUs, @CreatedUs, @Renews, @RenewalOf, 0)
        """;

    /// <summary>Whether other nodes may sell.</summary>
    public bool IsShared => database is PostgresDatabase;

    public Task<Change> BeginAsync(CancellationToken cancellation) => Change.BeginAsync(database, audit, cancellation);

    /// <summary>
    /// Holds a model until the change is committed, and reads what is sold of it that has not ended: nobody else sells of
    /// it meanwhile, on whatever node.
    /// </summary>
    public static async Task<List<Reservation>> HoldAsync(Change change, string model, DateTimeOffset now)
    {
        await change.ExecuteAsync(
            """
            INSERT INTO capacity_model (model, bookings) VALUES (@Model, 1)
            ON CONFLICT (model) DO UPDATE SET bookings = capacity_model.bookings + 1
            """,
            new { Model = model });
        return Of(await change.ReadAllAsync<Row>(
            Select + " WHERE model = @Model AND until_us > @NowUs AND cancelled_us IS NULL ORDER BY reservation_id",
            new { Model = model, NowUs = UnixMicroseconds.From(now) }));
    }

    /// <summary>Adds a reservation with what months bear of it.</summary>
    public static async Task AddAsync(Change change, Reservation reservation)
    {
        await change.ExecuteAsync(Insert, Row.Of(reservation));
        foreach (var (month, amount) in ReservationCharge.Spread(reservation.Price, reservation.From, reservation.Until))
        {
            await change.ExecuteAsync(
                """
                INSERT INTO capacity_charge (reservation_id, month_us, organisation, nano_usd)
                VALUES (@Id, @MonthUs, @Organisation, @Nano)
                """,
                new { reservation.Id, MonthUs = StartOf(month), reservation.Organisation, Nano = amount.Value });
        }
    }

    /// <summary>Gives up a reservation that has not begun. False: it has begun, or is given up already.</summary>
    public static async Task<bool> CancelAsync(Change change, Reservation reservation, DateTimeOffset now)
    {
        var isOurs = await change.ExecuteAsync(
            """
            UPDATE capacity_reservation SET cancelled_us = @NowUs, renews = 0, risk_us = NULL
            WHERE reservation_id = @Id AND cancelled_us IS NULL AND from_us > @NowUs AND stage = 0
            """,
            new { reservation.Id, NowUs = UnixMicroseconds.From(now) }) == 1;
        if (isOurs)
        {
            await change.ExecuteAsync(
                "DELETE FROM capacity_charge WHERE reservation_id = @Id AND number IS NULL", new { reservation.Id });
        }

        return isOurs;
    }

    /// <summary>Says whether it is to be renewed. False: that was decided already.</summary>
    public static async Task<bool> RenewsAsync(Change change, string id, bool renews) =>
        await change.ExecuteAsync(
            """
            UPDATE capacity_reservation SET renews = @Renews
            WHERE reservation_id = @Id AND cancelled_us IS NULL AND stage < 2
            """,
            new { Id = id, Renews = renews ? 1L : 0 }) == 1;

    /// <summary>Goes on from one stage to the next. False: another node has, or whether it renews was
    /// changed meanwhile.</summary>
    public static async Task<bool> AdvanceAsync(Change change, Reservation reservation, string? renewal = null) =>
        await change.ExecuteAsync(
            """
            UPDATE capacity_reservation SET stage = @Next, renewal = COALESCE(@Renewal, renewal)
            WHERE reservation_id = @Id AND stage = @Stage AND renews = @Renews AND cancelled_us IS NULL
            """,
            new
            {
                reservation.Id,
                Stage = (long)reservation.Stage,
                Next = (long)reservation.Stage + 1,
                Renews = reservation.Renews ? 1L : 0,
                Renewal = renewal,
            })
        == 1;

    /// <summary>Says that it is at risk, or is no more. False: that is known already.</summary>
    public static async Task<bool> RiskAsync(Change change, string id, DateTimeOffset? since) =>
        await change.ExecuteAsync(
            $"""
            UPDATE capacity_reservation SET risk_us = @RiskUs
            WHERE reservation_id = @Id AND risk_us IS {(since is null ? "NOT NULL" : "NULL")} AND cancelled_us IS NULL
            """,
            new { Id = id, RiskUs = since is { } at ? UnixMicroseconds.From(at) : (long?)null }) == 1;

    public static async Task<Reservation?> FindAsync(Change change, string organisation, string id) =>
        (await change.ReadOneAsync<Row>(
            Select + " WHERE organisation = @Organisation AND reservation_id = @Id",
            new { Organisation = organisation, Id = id }))?.ToReservation();

    public async Task<Reservation?> FindAsync(string organisation, string id, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return (await connection.ReadOneAsync<Row>(new CommandDefinition(
            Select + " WHERE organisation = @Organisation AND reservation_id = @Id",
            new { Organisation = organisation, Id = id }, cancellationToken: cancellation)))?.ToReservation();
    }

    /// <summary>Those of an organisation, the last to be bought first.</summary>
    public async Task<List<Reservation>> ListLatestAsync(string organisation, ListPage page, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return Of(await connection.ReadAllAsync<Row>(new CommandDefinition(
            Select + " WHERE organisation = @Organisation AND (@After = '' OR reservation_id < @After)"
                + " ORDER BY reservation_id DESC LIMIT @Rows",
            new { Organisation = organisation, page.After, page.Rows }, cancellationToken: cancellation)));
    }

    /// <summary>Those of an organisation, in the order in which they were bought.</summary>
    public async Task<List<Reservation>> ListAsync(string organisation, ListPage page, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return Of(await connection.ReadAllAsync<Row>(new CommandDefinition(
            Select + " WHERE organisation = @Organisation AND reservation_id > @After ORDER BY reservation_id LIMIT @Rows",
            new { Organisation = organisation, page.After, page.Rows }, cancellationToken: cancellation)));
    }

    /// <summary>All that have not ended, or whose end was not told of yet.</summary>
    public async Task<List<Reservation>> ReadOpenAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return Of(await connection.ReadAllAsync<Row>(new CommandDefinition(
            Select + " WHERE stage < 3 AND cancelled_us IS NULL ORDER BY reservation_id",
            cancellationToken: cancellation)));
    }

    /// <summary>
    /// What an organisation's invoice of a month bears: of that month and those before it, what is on no other invoice.
    /// </summary>
    public static async Task<List<ReservationCharge>> ChargesAsync(
        DbConnection connection, DbTransaction transaction, string organisation, DateOnly month,
        CancellationToken cancellation)
    {
        var rows = await connection.ReadAllAsync<ChargeRow>(new CommandDefinition(
            """
            SELECT c.reservation_id AS Id, c.month_us AS MonthUs, c.nano_usd AS Nano, r.project AS Project,
                r.model AS Model, r.offer AS Offer, r.term AS Term, r.units AS Units,
                r.tokens_per_minute AS TokensPerMinute
            FROM capacity_charge c JOIN capacity_reservation r ON r.reservation_id = c.reservation_id
            WHERE c.organisation = @Organisation AND c.month_us <= @MonthUs
                AND (c.number IS NULL OR c.number IN (
                    SELECT i.number FROM invoice i
                    WHERE i.organisation = @Organisation AND i.kind = 'invoice' AND i.month_us = @MonthUs))
            """,
            new { Organisation = organisation, MonthUs = StartOf(month) }, transaction, cancellationToken: cancellation));
        return [.. rows.Select(row => row.ToCharge())];
    }

    /// <summary>
    /// What reserved capacity earned in a time, in nano-USD by organisation and model: of each reservation, the part of its
    /// price that the time is of its term.
    /// </summary>
    /// <param name="organisation">Only this one's; null: everybody's.</param>
    public async Task<List<(string Organisation, string Model, decimal Nano)>> EarnedAsync(
        DateTimeOffset from, DateTimeOffset until, string? organisation, CancellationToken cancellation)
    {
        var (fromUs, untilUs) = (UnixMicroseconds.From(from), UnixMicroseconds.From(until));
        await using var connection = await database.OpenAsync(cancellation);
        var rows = await connection.ReadAllAsync<Row>(new CommandDefinition(
            $"""
            {Select} WHERE from_us < @UntilUs AND until_us > @FromUs AND cancelled_us IS NULL
                {(organisation is null ? "" : "AND organisation = @Organisation")}
            """,
            new { FromUs = fromUs, UntilUs = untilUs, Organisation = organisation }, cancellationToken: cancellation));
        return
        [
            .. rows.GroupBy(row => (row.Organisation, row.Model)).Select(group => (
                group.Key.Organisation, group.Key.Model, group.Sum(row => row.PriceNano * (
                    (decimal)(Math.Min(untilUs, row.UntilUs) - Math.Max(fromUs, row.FromUs)) / (row.UntilUs - row.FromUs))))),
        ];
    }

    /// <summary>Says on which invoice charges are.</summary>
    public static async Task InvoicedAsync(
        DbConnection connection, DbTransaction transaction, IEnumerable<ReservationCharge> charges, string number,
        CancellationToken cancellation)
    {
        foreach (var charge in charges)
        {
            var marked = await connection.ExecuteAsync(new CommandDefinition(
                """
                UPDATE capacity_charge SET number = @Number
                WHERE reservation_id = @Id AND month_us = @MonthUs AND number IS NULL
                """,
                new { charge.Id, MonthUs = StartOf(charge.Month), Number = number }, transaction,
                cancellationToken: cancellation));
            if (marked != 1)
            {
                throw new InvalidOperationException($"What {charge.Month:yyyy-MM} bears of {charge.Id} is invoiced already.");
            }
        }
    }

    /// <summary>The organisations that a month's invoices bear something of.</summary>
    public async Task<List<string>> BuyersAsync(DateOnly month, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await connection.ReadAllAsync<string>(new CommandDefinition(
            "SELECT DISTINCT organisation FROM capacity_charge WHERE month_us <= @MonthUs AND (number IS NULL OR month_us = @MonthUs)",
            new { MonthUs = StartOf(month) }, cancellationToken: cancellation));
    }

    static long StartOf(DateOnly month) => UnixMicroseconds.From(new DateTimeOffset(month, TimeOnly.MinValue, TimeSpan.Zero));

    static List<Reservation> Of(List<Row> rows) => [.. rows.Select(row => row.ToReservation())];

    sealed record ChargeRow
    {
        public string Id { get; init; } = "";

        public long MonthUs { get; init; }

        public long Nano { get; init; }

        public string Project { get; init; } = "";

        public string Model { get; init; } = "";

        public string Offer { get; init; } = "";

        public string Term { get; init; } = "";

        public long Units { get; init; }

        public long TokensPerMinute { get; init; }

        public ReservationCharge ToCharge() => new(
            Id,
            string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"{Model}: {TokensPerMinute:#,0} tokens a minute reserved ({Offer}, {Term})"),
            Project, Model, Offer, Units, DateOnly.FromDateTime(UnixMicroseconds.ToTime(MonthUs).UtcDateTime),
            new NanoUsd(Nano));
    }

    sealed record Row
    {
        public string Id { get; init; } = "";

        public string Organisation { get; init; } = "";

        public string Project { get; init; } = "";

        public string Model { get; init; } = "";

        public string Offer { get; init; } = "";

        public string Term { get; init; } = "";

        public long Units { get; init; }

        public long TokensPerMinute { get; init; }

        public long PriceNano { get; init; }

        public long FromUs { get; init; }

        public long UntilUs { get; init; }

        public long CreatedUs { get; init; }

        public long? CancelledUs { get; init; }

        public long Renews { get; init; }

        public string? RenewalOf { get; init; }

        public string? Renewal { get; init; }

        public long Stage { get; init; }

        public long? RiskUs { get; init; }

        public static Row Of(Reservation reservation) => new()
        {
            Id = reservation.Id,
            Organisation = reservation.Organisation,
            Project = reservation.Project,
            Model = reservation.Model,
            Offer = reservation.Offer,
            Term = reservation.Term,
            Units = reservation.Units,
            TokensPerMinute = reservation.TokensPerMinute,
            PriceNano = reservation.Price.Value,
            FromUs = UnixMicroseconds.From(reservation.From),
            UntilUs = UnixMicroseconds.From(reservation.Until),
            CreatedUs = UnixMicroseconds.From(reservation.CreatedAt),
            Renews = reservation.Renews ? 1 : 0,
            RenewalOf = reservation.RenewalOf,
        };

        public Reservation ToReservation() => new(Id, Organisation, Project, Model, Offer, Term)
        {
            Units = Units,
            TokensPerMinute = TokensPerMinute,
            Price = new NanoUsd(PriceNano),
            From = UnixMicroseconds.ToTime(FromUs),
            Until = UnixMicroseconds.ToTime(UntilUs),
            CreatedAt = UnixMicroseconds.ToTime(CreatedUs),
            CancelledAt = ToTime(CancelledUs),
            Renews = Renews == 1,
            RenewalOf = RenewalOf,
            Renewal = Renewal,
            Stage = (ReservationStage)Stage,
            AtRiskSince = ToTime(RiskUs),
        };

        static DateTimeOffset? ToTime(long? us) => us is { } at ? UnixMicroseconds.ToTime(at) : null;
    }
}
