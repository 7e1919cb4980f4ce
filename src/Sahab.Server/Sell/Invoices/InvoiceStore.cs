using System.Data.Common;
using System.Text.Json;
using Dapper;
using Sahab.Ledger.Money;
using Sahab.Ledger.Sales;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Invoices;

/// <summary>An invoice or credit note as it was issued.</summary>
internal sealed record StoredDocument
{
    public string Number { get; init; } = "";

    public string Organisation { get; init; } = "";

    /// <summary><c>invoice</c> or <c>credit-note</c>.</summary>
    public string Kind { get; init; } = "";

    public long MonthUs { get; init; }

    public long IssuedUs { get; init; }

    public long DueUs { get; init; }

    public long TotalNano { get; init; }

    /// <summary>The invoice that a credit note corrects.</summary>
    public string? Reference { get; init; }

    /// <summary>What was paid of it, less what was refunded.</summary>
    public decimal PaidNano { get; init; }

    /// <summary>How many payments and refunds of it are recorded.</summary>
    public long Payments { get; init; }

    /// <summary>What credit notes took back of it; at most 0.</summary>
    public decimal CreditedNano { get; init; }

    /// <summary>The document, as JSON: it never changes.</summary>
    public string Content { get; init; } = "";

    public DateOnly Month => DateOnly.FromDateTime(UnixMicroseconds.ToTime(MonthUs).UtcDateTime);

    /// <summary>What is still to be paid, in nano-USD.</summary>
    public decimal OpenNano => TotalNano + CreditedNano - PaidNano;

    /// <summary>How it stands: <c>issued</c>, for a credit note, <c>open</c> or <c>paid</c>.</summary>
    public string Status => Kind == InvoiceDesk.CreditNote ? "issued" : OpenNano > 0 ? "open" : "paid";
}

/// <summary>What a document is about to be stored with.</summary>
internal sealed record NewDocument(
    string Organisation, string Kind, DateOnly Month, DateTimeOffset IssuedAt, DateTimeOffset DueAt, string? Reference,
    IReadOnlyList<InvoiceLine> Lines);

/// <summary>Credit of an organisation.</summary>
internal sealed record StoredCredit
{
    public string Id { get; init; } = "";

    /// <summary><c>prepaid</c> or <c>promotional</c>.</summary>
    public string Kind { get; init; } = "";

    public long Nano { get; init; }

    public decimal DrawnNano { get; init; }

    public long GrantedUs { get; init; }

    public long? ExpiresUs { get; init; }

    public string Note { get; init; } = "";

    public long LeftNano => Nano - (long)DrawnNano;

    /// <summary>What lines of documents call it.</summary>
    public string Text => $"{(Kind == "prepaid" ? "Prepaid" : "Promotional")} credit: {Note}";

    public DateTimeOffset? ExpiresAt => ExpiresUs is { } expires ? UnixMicroseconds.ToTime(expires) : null;
}

/// <summary>Invoices, credit notes, credit, payments and whom they are made out to, in the database.</summary>
internal sealed partial class InvoiceStore(SahabDatabase database)
{
    /// <summary>The most documents of one page.</summary>
    public const int MaxPage = 1000;

    /// <summary>The most credits of an organisation that are looked at.</summary>
    public const int MaxCredits = 10_000;

    const string Columns = """
        i.number AS Number, i.organisation AS Organisation, i.kind AS Kind, i.month_us AS MonthUs,
            i.issued_us AS IssuedUs, i.due_us AS DueUs, i.total_nano_usd AS TotalNano, i.reference AS Reference,
            COALESCE((SELECT SUM(p.nano_usd) FROM payment p WHERE p.number = i.number), 0) AS PaidNano,
            (SELECT COUNT(*) FROM payment p WHERE p.number = i.number) AS Payments,
            COALESCE((SELECT SUM(c.total_nano_usd) FROM invoice c WHERE c.reference = i.number), 0) AS CreditedNano
        """;

    /// <summary>Lists do not show what documents say.</summary>
    const string SelectHeads = $"SELECT {Columns} FROM invoice i";

    const string SelectDocuments = $"SELECT {Columns}, i.content AS Content FROM invoice i";

    public ValueTask<DbConnection> OpenAsync(CancellationToken cancellation) => database.OpenAsync(cancellation);

    public static async Task<BillingProfile> ProfileAsync(
        DbConnection connection, DbTransaction? transaction, string organisation, CancellationToken cancellation)
    {
        var content = await connection.ReadOneAsync<string>(new CommandDefinition(
            "SELECT content FROM billing_profile WHERE organisation = @Organisation",
            new { Organisation = organisation }, transaction, cancellationToken: cancellation));
        return content is null ? BillingProfile.Empty : JsonSerializer.Deserialize<BillingProfile>(content)!;
    }

    /// <summary>Whom documents are made out to: where the profile names no country, in that of the organisation.</summary>
    public static async Task<BillingProfile> CustomerAsync(
        DbConnection connection, DbTransaction? transaction, string organisation, CancellationToken cancellation)
    {
        var profile = await ProfileAsync(connection, transaction, organisation, cancellation);
        if (profile.Country is not null)
        {
            return profile;
        }

        var country = await connection.ReadOneAsync<string>(new CommandDefinition(
            "SELECT country FROM organisation WHERE organisation_id = @Organisation", new { Organisation = organisation },
            transaction, cancellationToken: cancellation));
        return string.IsNullOrEmpty(country) ? profile : profile with { Country = country };
    }

    public static Task SetProfileAsync(
        DbConnection connection, DbTransaction transaction, string organisation, BillingProfile profile,
        DateTimeOffset now, CancellationToken cancellation) => ExecuteAsync(
        connection, transaction,
        """
        INSERT INTO billing_profile (organisation, content, changed_us) VALUES (@Organisation, @Content, @NowUs)
        ON CONFLICT (organisation) DO UPDATE SET content = excluded.content, changed_us = excluded.changed_us
        """,
        new { Organisation = organisation, Content = JsonSerializer.Serialize(profile), NowUs = UnixMicroseconds.From(now) },
        cancellation);

    /// <summary>A document of an organisation; null: it has none of that number.</summary>
    public async Task<StoredDocument?> ReadAsync(string organisation, string number, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await ReadAsync(connection, null, organisation, number, cancellation);
    }

    public static Task<StoredDocument?> ReadAsync(
        DbConnection connection, DbTransaction? transaction, string organisation, string number,
        CancellationToken cancellation) => connection.ReadOneAsync<StoredDocument>(new CommandDefinition(
        $"{SelectDocuments} WHERE i.organisation = @Organisation AND i.number = @Number",
        new { Organisation = organisation, Number = number }, transaction, cancellationToken: cancellation));

    /// <summary>Documents of an organisation, the newest number first within their order of issue.</summary>
    public async Task<List<StoredDocument>> ListAsync(
        string organisation, (long IssuedUs, string Number)? before, int limit, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await connection.ReadAllAsync<StoredDocument>(new CommandDefinition(
            $"""
            {SelectHeads} WHERE i.organisation = @Organisation
                {(before is null ? "" : "AND (i.issued_us, i.number) < (@IssuedUs, @Number)")}
            ORDER BY i.issued_us DESC, i.number DESC LIMIT @Limit
            """,
            new
            {
                Organisation = organisation,
                before?.IssuedUs,
                before?.Number,
                Limit = Math.Min(limit, MaxPage + 1),
            },
            cancellationToken: cancellation));
    }

    /// <summary>What corrects an invoice, in the order of issue; at most <see cref="MaxPage"/>.</summary>
    public async Task<List<StoredDocument>> CreditNotesAsync(
        string organisation, string number, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await connection.ReadAllAsync<StoredDocument>(new CommandDefinition(
            $"{SelectHeads} WHERE i.reference = @Number AND i.organisation = @Organisation ORDER BY i.number LIMIT {MaxPage}",
            new { Organisation = organisation, Number = number }, cancellationToken: cancellation));
    }

    /// <summary>Invoices that are not paid in full, by number, after one of them.</summary>
    public async Task<List<StoredDocument>> OpenInvoicesAsync(string after, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await connection.ReadAllAsync<StoredDocument>(new CommandDefinition(
            $"""
            SELECT * FROM ({SelectHeads} WHERE i.kind = 'invoice' AND i.number > @After) AS d
            WHERE d.TotalNano + d.CreditedNano - d.PaidNano > 0 ORDER BY d.Number LIMIT {MaxPage}
            """,
            new { After = after }, cancellationToken: cancellation));
    }

    /// <summary>The last month of which an organisation has an invoice; null: it has none.</summary>
    public static async Task<DateOnly?> LastMonthAsync(
        DbConnection connection, DbTransaction transaction, string organisation, CancellationToken cancellation) =>
        await connection.ReadOneAsync<long>(new CommandDefinition(
            "SELECT COALESCE(MAX(month_us), -1) FROM invoice WHERE organisation = @Organisation AND kind = 'invoice'",
            new { Organisation = organisation }, transaction, cancellationToken: cancellation)) is >= 0 and var monthUs
            ? DateOnly.FromDateTime(UnixMicroseconds.ToTime(monthUs).UtcDateTime) : null;

    /// <summary>
    /// Has whoever else would issue an invoice of an organisation wait until the transaction ends: else two months at once
    /// could both draw the same credit, both charge what was reserved, or be issued out of order.
    /// </summary>
    public static Task HoldTurnAsync(
        DbConnection connection, DbTransaction transaction, string organisation, CancellationToken cancellation) => ExecuteAsync(
        connection, transaction,
        """
        INSERT INTO invoice_turn (organisation, turns) VALUES (@Organisation, 1)
        ON CONFLICT (organisation) DO UPDATE SET turns = invoice_turn.turns + 1
        """,
        new { Organisation = organisation }, cancellation);

    /// <summary>
    /// Has whoever else would pay, refund or correct an invoice wait until the transaction ends, and reads how it stands,
    /// without what it says; null: there is none.
    /// </summary>
    public static async Task<StoredDocument?> HoldAsync(
        DbConnection connection, DbTransaction transaction, string number, CancellationToken cancellation)
    {
        await ExecuteAsync(
            connection, transaction, "UPDATE invoice SET number = number WHERE number = @Number", new { Number = number },
            cancellation);
        return await connection.ReadOneAsync<StoredDocument>(new CommandDefinition(
            $"{SelectHeads} WHERE i.number = @Number", new { Number = number }, transaction, cancellationToken: cancellation));
    }

    /// <summary>Who told of the last payment of an invoice; null: nobody has paid.</summary>
    public static Task<string?> PayerAsync(
        DbConnection connection, DbTransaction transaction, string number, CancellationToken cancellation) =>
        connection.ReadOneAsync<string>(new CommandDefinition(
            """
            SELECT provider FROM payment WHERE number = @Number AND nano_usd > 0 ORDER BY paid_us DESC, payment_id DESC LIMIT 1
            """,
            new { Number = number }, transaction, cancellationToken: cancellation));

    /// <summary>The invoice of a month, and the last month that was invoiced.</summary>
    public static async Task<(string? Number, DateOnly? LastMonth)> InvoicedAsync(
        DbConnection connection, DbTransaction? transaction, string organisation, DateOnly month,
        CancellationToken cancellation)
    {
        var rows = await connection.ReadAllAsync<(string Number, long MonthUs)>(new CommandDefinition(
            """
            SELECT number, month_us FROM invoice
            WHERE organisation = @Organisation AND kind = 'invoice' AND month_us >= @MonthUs
            ORDER BY month_us DESC LIMIT 2000
            """,
            new { Organisation = organisation, MonthUs = MonthUs(month) }, transaction, cancellationToken: cancellation));
        var last = rows.Count == 0 ? (DateOnly?)null
            : DateOnly.FromDateTime(UnixMicroseconds.ToTime(rows[0].MonthUs).UtcDateTime);
        return (rows.Find(row => row.MonthUs == MonthUs(month)).Number, last);
    }

    /// <summary>What was invoiced of each model of a month until now.</summary>
    public static async Task<List<InvoicedModel>> InvoicedModelsAsync(
        DbConnection connection, DbTransaction? transaction, string organisation, DateOnly month,
        CancellationToken cancellation)
    {
        var rows = await connection.ReadAllAsync<(string Model, decimal Usage, decimal Discount)>(new CommandDefinition(
            """
            SELECT model, SUM(CASE WHEN part = 'usage' THEN nano_usd ELSE 0 END),
                SUM(CASE WHEN part = 'discount' THEN nano_usd ELSE 0 END)
            FROM invoice_line WHERE organisation = @Organisation AND month_us = @MonthUs AND part <> 'other'
            GROUP BY model
            """,
            new { Organisation = organisation, MonthUs = MonthUs(month) }, transaction, cancellationToken: cancellation));
        return [.. rows.Select(row => new InvoicedModel(
            row.Model, new NanoUsd((long)row.Usage), new NanoUsd((long)row.Discount)))];
    }

    /// <summary>What invoices say of a month beside usage and discounts, as JSON: they are read for its minimums.</summary>
    public static Task<List<string>> ContentsOfAsync(
        DbConnection connection, DbTransaction? transaction, string organisation, DateOnly month,
        CancellationToken cancellation) => connection.ReadAllAsync<string>(new CommandDefinition(
        """
        SELECT i.content FROM invoice i WHERE i.organisation = @Organisation AND i.kind = 'invoice' AND i.number IN (
            SELECT l.number FROM invoice_line l
            WHERE l.organisation = @Organisation AND l.month_us = @MonthUs AND l.part = 'other')
        ORDER BY i.month_us
        """,
        new { Organisation = organisation, MonthUs = MonthUs(month) }, transaction, cancellationToken: cancellation));

    /// <summary>Whether anything of a month stands on an invoice of a month before another.</summary>
    public async Task<bool> IsInvoicedBeforeAsync(
        string organisation, DateOnly of, DateOnly month, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await connection.ReadOneAsync<long>(new CommandDefinition(
            """
            SELECT COUNT(*) FROM invoice_line l JOIN invoice i ON i.number = l.number
            WHERE l.organisation = @Organisation AND l.month_us = @OfUs AND i.kind = 'invoice' AND i.month_us < @MonthUs
            """,
            new { Organisation = organisation, OfUs = MonthUs(of), MonthUs = MonthUs(month) },
            cancellationToken: cancellation)) > 0;
    }

    /// <summary>The last invoice of an organisation that is of a month before one; null: there is none.</summary>
    public async Task<string?> ContentBeforeAsync(string organisation, DateOnly month, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await connection.ReadOneAsync<string>(new CommandDefinition(
            """
            SELECT content FROM invoice WHERE organisation = @Organisation AND kind = 'invoice' AND month_us < @MonthUs
            ORDER BY month_us DESC LIMIT 1
            """,
            new { Organisation = organisation, MonthUs = MonthUs(month) }, cancellationToken: cancellation));
    }

    /// <summary>
    /// The next number of a series. It is given back when the transaction is rolled back, and whoever else wants one waits
    /// until then, so that there is no gap.
    /// </summary>
    public static async Task<string> NextNumberAsync(
        DbConnection connection, DbTransaction transaction, string series, CancellationToken cancellation)
    {
        await ExecuteAsync(
            connection, transaction,
            """
            INSERT INTO document_series (series, last) VALUES (@Series, 1)
            ON CONFLICT (series) DO UPDATE SET last = document_series.last + 1
            """,
            new { Series = series }, cancellation);
        var last = await connection.ReadOneAsync<long>(new CommandDefinition(
            "SELECT last FROM document_series WHERE series = @Series", new { Series = series }, transaction,
            cancellationToken: cancellation));
        return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{series}-{last:000000}");
    }

    /// <summary>Has whoever else wants a number of the series wait until the transaction ends.</summary>
    public static Task HoldSeriesAsync(
        DbConnection connection, DbTransaction transaction, string series, CancellationToken cancellation) => ExecuteAsync(
        connection, transaction,
        """
        INSERT INTO document_series (series, last) VALUES (@Series, 0)
        ON CONFLICT (series) DO UPDATE SET last = document_series.last
        """,
        new { Series = series }, cancellation);

    /// <summary>Stores a document with its lines and what credit it draws.</summary>
    public static async Task AddAsync(
        DbConnection connection, DbTransaction transaction, string number, NewDocument document, string content,
        CancellationToken cancellation)
    {
        await ExecuteAsync(
            connection, transaction,
            """
            INSERT INTO invoice (number, organisation, kind, month_us, issued_us, due_us, total_nano_usd, reference, content)
            VALUES (@Number, @Organisation, @Kind, @MonthUs, @IssuedUs, @DueUs, @Total, @Reference, @Content)
            """,
            new
            {
                Number = number,
                document.Organisation,
                document.Kind,
                MonthUs = MonthUs(document.Month),
                IssuedUs = UnixMicroseconds.From(document.IssuedAt),
                DueUs = UnixMicroseconds.From(document.DueAt),
                Total = checked((long)InvoiceBuilder.SumOf(document.Lines)),
                document.Reference,
                Content = content,
            },
            cancellation);
        for (var i = 0; i < document.Lines.Count; i++)
        {
            var line = document.Lines[i];
            await ExecuteAsync(
                connection, transaction,
                """
                INSERT INTO invoice_line (number, line, organisation, month_us, model, part, nano_usd)
                VALUES (@Number, @Line, @Organisation, @MonthUs, @Model, @Part, @Nano)
                """,
                new
                {
                    Number = number,
                    Line = (long)i + 1,
                    document.Organisation,
                    MonthUs = MonthUs(line.Month),
                    line.Model,
                    Part = line.IsUsage ? "usage" : line.IsDiscount ? "discount" : "other",
                    Nano = line.Amount.Value,
                },
                cancellation);
            if (line.Credit.Length > 0)
            {
                await ExecuteAsync(
                    connection, transaction,
                    "INSERT INTO credit_draw (credit_id, number, nano_usd) VALUES (@Credit, @Number, @Nano)",
                    new { line.Credit, Number = number, Nano = -line.Amount.Value }, cancellation);
            }
        }
    }

    /// <summary>Credits of an organisation, the oldest first.</summary>
    public static Task<List<StoredCredit>> CreditsAsync(
        DbConnection connection, DbTransaction? transaction, string organisation, CancellationToken cancellation) =>
        connection.ReadAllAsync<StoredCredit>(new CommandDefinition(
            $"""
            SELECT c.credit_id AS Id, c.kind AS Kind, c.nano_usd AS Nano, c.granted_us AS GrantedUs,
                c.expires_us AS ExpiresUs, c.note AS Note,
                COALESCE((SELECT SUM(d.nano_usd) FROM credit_draw d WHERE d.credit_id = c.credit_id), 0) AS DrawnNano
            FROM sale_credit c WHERE c.organisation = @Organisation ORDER BY c.granted_us, c.credit_id LIMIT {MaxCredits}
            """,
            new { Organisation = organisation }, transaction, cancellationToken: cancellation));

    /// <summary>The credit that an invoice drew, less what credit notes of it gave back.</summary>
    public static Task<List<StoredCredit>> DrawnAsync(
        DbConnection connection, DbTransaction transaction, string number, CancellationToken cancellation) =>
        connection.ReadAllAsync<StoredCredit>(new CommandDefinition(
            """
            SELECT c.credit_id AS Id, c.kind AS Kind, c.note AS Note, c.expires_us AS ExpiresUs, SUM(d.nano_usd) AS DrawnNano
            FROM credit_draw d JOIN sale_credit c ON c.credit_id = d.credit_id
            WHERE d.number = @Number OR d.number IN (SELECT i.number FROM invoice i WHERE i.reference = @Number)
            GROUP BY c.credit_id, c.kind, c.note, c.expires_us HAVING SUM(d.nano_usd) > 0
            """,
            new { Number = number }, transaction, cancellationToken: cancellation));

    /// <summary>Adds credit.</summary>
    public static Task AddCreditAsync(
        DbConnection connection, DbTransaction transaction, string organisation, StoredCredit credit,
        CancellationToken cancellation) => ExecuteAsync(
        connection, transaction,
        """
        INSERT INTO sale_credit (credit_id, organisation, kind, nano_usd, granted_us, expires_us, note)
        VALUES (@Id, @Organisation, @Kind, @Nano, @GrantedUs, @ExpiresUs, @Note)
        """,
        new
        {
            credit.Id,
            Organisation = organisation,
            credit.Kind,
            credit.Nano,
            credit.GrantedUs,
            credit.ExpiresUs,
            credit.Note,
        },
        cancellation);

    /// <summary>Adds a payment, or a refund below 0; false: one of that id is there already.</summary>
    public static async Task<bool> AddPaymentAsync(
        DbConnection connection, DbTransaction transaction, string id, string number, string provider, NanoUsd amount,
        DateTimeOffset at, CancellationToken cancellation) => await ExecuteAsync(
        connection, transaction,
        """
        INSERT INTO payment (payment_id, number, provider, nano_usd, paid_us)
        VALUES (@Id, @Number, @Provider, @Nano, @PaidUs) ON CONFLICT DO NOTHING
        """,
        new { Id = id, Number = number, Provider = provider, Nano = amount.Value, PaidUs = UnixMicroseconds.From(at) },
        cancellation) == 1;

    /// <summary>Whether it is this payment that was recorded under that name.</summary>
    public static async Task<bool> IsPaymentAsync(
        DbConnection connection, DbTransaction transaction, string id, string number, NanoUsd amount,
        CancellationToken cancellation) => await connection.ReadOneAsync<long>(new CommandDefinition(
        "SELECT COUNT(*) FROM payment WHERE payment_id = @Id AND number = @Number AND nano_usd = @Nano",
        new { Id = id, Number = number, Nano = amount.Value }, transaction, cancellationToken: cancellation)) == 1;

    /// <summary>Whether more of an invoice was refunded than was paid.</summary>
    public static async Task<bool> IsOverRefundedAsync(
        DbConnection connection, DbTransaction transaction, string number, CancellationToken cancellation) =>
        await connection.ReadOneAsync<long>(new CommandDefinition(
            """
            SELECT COUNT(*) FROM (
                SELECT number FROM payment WHERE number = @Number GROUP BY number HAVING SUM(nano_usd) < 0) below
            """,
            new { Number = number }, transaction, cancellationToken: cancellation)) == 1;

    /// <summary>The payment that a service was asked for last, by the standing of an invoice; null: none.</summary>
    public async Task<string?> AskedPaymentAsync(string standing, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await connection.ReadOneAsync<string>(new CommandDefinition(
            "SELECT payment FROM payment_request WHERE standing = @Standing", new { Standing = standing },
            cancellationToken: cancellation));
    }

    /// <summary>Remembers which payment a service was asked for.</summary>
    public async Task RememberPaymentAsync(
        string standing, string number, string payment, DateTimeOffset now, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO payment_request (standing, number, payment, asked_us) VALUES (@Standing, @Number, @Payment, @NowUs)
            ON CONFLICT (standing) DO UPDATE SET payment = excluded.payment, asked_us = excluded.asked_us
            """,
            new { Standing = standing, Number = number, Payment = payment, NowUs = UnixMicroseconds.From(now) },
            cancellationToken: cancellation));
    }

    /// <summary>The organisation of an invoice; null: there is none of that number.</summary>
    public async Task<string?> OrganisationOfAsync(string number, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await connection.ReadOneAsync<string>(new CommandDefinition(
            "SELECT organisation FROM invoice WHERE number = @Number AND kind = 'invoice'", new { Number = number },
            cancellationToken: cancellation));
    }

    public static long MonthUs(DateOnly month) =>
        UnixMicroseconds.From(new DateTimeOffset(month, TimeOnly.MinValue, TimeSpan.Zero));

    static Task<int> ExecuteAsync(
        DbConnection connection, DbTransaction transaction, string sql, object parameters, CancellationToken cancellation) =>
        connection.ExecuteAsync(new CommandDefinition(sql, parameters, transaction, cancellationToken: cancellation));
}
