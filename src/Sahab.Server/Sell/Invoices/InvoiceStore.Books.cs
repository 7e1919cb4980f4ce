using Dapper;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Invoices;

/// <summary>Which documents of all organisations are asked for. What is null is not asked about.</summary>
internal sealed record InvoiceQuestion
{
    /// <summary>The month that they are of.</summary>
    public DateOnly? Month { get; init; }

    /// <summary><c>open</c>, <c>paid</c> or <c>credit-note</c>.</summary>
    public string? Status { get; init; }

    /// <summary>Only those issued before, as the last of the page before says.</summary>
    public (long IssuedUs, string Number)? Before { get; init; }
}

/// <summary>What was paid of an invoice, or paid back.</summary>
internal sealed record StoredPayment
{
    /// <summary>Who told of it, a colon, and its own name there.</summary>
    public string Id { get; init; } = "";

    public string Provider { get; init; } = "";

    /// <summary>Below 0: it was paid back.</summary>
    public long Nano { get; init; }

    public long PaidUs { get; init; }
}

internal sealed partial class InvoiceStore
{
    /// <summary>Documents of all organisations, the newest first, at most so many.</summary>
    public async Task<List<StoredDocument>> ListAllAsync(InvoiceQuestion question, int most, CancellationToken cancellation)
    {
        string[] conditions =
        [
            "1 = 1",
            question.Month is null ? "" : "d.MonthUs = @MonthUs",
            question.Before is null ? "" : "(d.IssuedUs, d.Number) < (@IssuedUs, @Number)",
            question.Status switch
            {
                "open" => "d.Kind = 'invoice' AND d.TotalNano + d.CreditedNano - d.PaidNano > 0",
                "paid" => "d.Kind = 'invoice' AND d.TotalNano + d.CreditedNano - d.PaidNano <= 0",
                "credit-note" => "d.Kind = 'credit-note'",
                _ => "",
            },
        ];
        await using var connection = await database.OpenAsync(cancellation);
        return await connection.ReadAllAsync<StoredDocument>(new CommandDefinition(
            $"""
            SELECT * FROM ({SelectHeads}) AS d WHERE {string.Join(" AND ", conditions.Where(each => each.Length > 0))}
            ORDER BY d.IssuedUs DESC, d.Number DESC LIMIT @Most
            """,
            new
            {
                MonthUs = question.Month is { } month ? MonthUs(month) : 0,
                IssuedUs = question.Before?.IssuedUs ?? 0,
                Number = question.Before?.Number ?? "",
                Most = Math.Min(most, MaxPage + 1),
            },
            cancellationToken: cancellation));
    }

    /// <summary>A document by its number alone; null: there is none.</summary>
    public async Task<StoredDocument?> FindAsync(string number, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await connection.ReadOneAsync<StoredDocument>(new CommandDefinition(
            $"{SelectDocuments} WHERE i.number = @Number", new { Number = number }, cancellationToken: cancellation));
    }

    /// <summary>The organisations that have an invoice of a month.</summary>
    public async Task<List<string>> InvoicedOrganisationsAsync(DateOnly month, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await connection.ReadAllAsync<string>(new CommandDefinition(
            "SELECT organisation FROM invoice WHERE kind = 'invoice' AND month_us = @MonthUs",
            new { MonthUs = MonthUs(month) }, cancellationToken: cancellation));
    }

    /// <summary>What was paid of an invoice and paid back, the first first, at most <see cref="MaxPage"/>.</summary>
    public async Task<List<StoredPayment>> PaymentsAsync(string number, CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await connection.ReadAllAsync<StoredPayment>(new CommandDefinition(
            $"""
            SELECT payment_id AS Id, provider AS Provider, nano_usd AS Nano, paid_us AS PaidUs FROM payment
            WHERE number = @Number ORDER BY paid_us, payment_id LIMIT {MaxPage}
            """,
            new { Number = number }, cancellationToken: cancellation));
    }
}
