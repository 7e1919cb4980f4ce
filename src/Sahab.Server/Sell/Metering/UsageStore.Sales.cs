using System.Collections.Concurrent;
using System.Data.Common;
using System.Globalization;
using Dapper;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Postings;
using Sahab.Ledger.Rating;
using Sahab.Ledger.Sales;
using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Sell.Metering;

internal sealed partial class UsageStore
{
    const string InsertSaleTerms = """
        INSERT INTO sale_terms (plan, from_us, prices, bands, free_tokens)
        VALUES (@Plan, @FromUs, @Prices, @Bands, @FreeTokens)
        ON CONFLICT DO NOTHING
        """;

    const string SelectSaleTerms = """
        SELECT sale_terms_id FROM sale_terms
        WHERE plan = @Plan AND from_us = @FromUs AND prices = @Prices AND bands = @Bands AND free_tokens = @FreeTokens
        """;

    /// <summary>By reference: a price book gives the same object for the same terms.</summary>
    readonly ConcurrentDictionary<SaleTerms, long> _saleTermsIds = new(ReferenceEqualityComparer.Instance);

    readonly ConcurrentDictionary<long, SaleTerms> _saleTerms = new();

    /// <summary>The terms of an id.</summary>
    /// <exception cref="InvalidOperationException">There are none.</exception>
    public async ValueTask<SaleTerms> SaleTermsAsync(
        DbConnection connection, long id, CancellationToken cancellation)
    {
        if (_saleTerms.TryGetValue(id, out var known))
        {
            return known;
        }

        var row = await connection.ReadOneAsync<SaleTermsRow>(new CommandDefinition(
            """
            SELECT plan AS Plan, from_us AS FromUs, prices AS Prices, bands AS Bands, free_tokens AS FreeTokens
            FROM sale_terms WHERE sale_terms_id = @Id
            """,
            new { Id = id },
            cancellationToken: cancellation)) ?? throw new InvalidOperationException($"There are no sale terms {id}.");
        if (_saleTerms.Count >= MaxKnownNames)
        {
            _saleTerms.Clear();
        }

        return _saleTerms[id] = row.ToTerms();
    }

    /// <summary>The event with what it is sold for, and the postings of that; as it was where it is not sold.</summary>
    async ValueTask<PostedEvent> SellAsync(
        DbConnection connection, PriceBook book, UsageEvent usage, PostedEvent posted, CancellationToken cancellation)
    {
        if (book.IsEmpty || !SaleTerms.IsSold(usage.Outcome)
            || book.TermsFor(usage.Tenant, usage.Model, usage.ServiceTier, usage.StartedAt) is not { } terms)
        {
            return posted;
        }

        var amount = terms.AmountOf(usage.Outcome, usage.Usage);
        var postings = PostingRules.Pair(
            usage.EventId, Account.Receivable(usage.Tenant), Account.Revenue(usage.Model), amount, usage.StartedAt);
        foreach (var posting in postings)
        {
            await AccountIdAsync(connection, posting.Account, cancellation);
        }

        return posted with
        {
            Postings = postings.Count == 0 ? posted.Postings : [.. posted.Postings, .. postings],
            Sale = new EventSale(await SaleTermsIdAsync(connection, terms, cancellation), terms, amount),
        };
    }

    /// <summary>What a corrected event is sold for, by the terms that it was sold by; null: it was not sold.</summary>
    async ValueTask<EventSale?> SaleOfAsync(
        DbConnection connection, UsageEventRow row, UsageEvent corrected, CancellationToken cancellation)
    {
        if (row.SaleTermsId == 0)
        {
            return null;
        }

        var terms = await SaleTermsAsync(connection, row.SaleTermsId, cancellation);
        return new EventSale(row.SaleTermsId, terms, terms.AmountOf(corrected.Outcome, corrected.Usage));
    }

    /// <summary>
    /// Adds sums and receipts. Always in this order, and before any balance of an account, so that who posts and who
    /// invoices do not wait for each other in a ring.
    /// </summary>
    async Task AddSalesAsync(
        DbConnection connection, DbTransaction transaction, SaleRows sales, CancellationToken cancellation)
    {
        if (sales.IsEmpty)
        {
            return;
        }

        await database.InsertAsync(connection, transaction, sales.ToChanges(), cancellation);
        await database.InsertAsync(connection, transaction, sales.ToBatch(), cancellation);
        if (receipts is not null)
        {
            await receipts.WriteAsync(connection, transaction, sales.Sold, cancellation);
        }
    }

    /// <summary>The id of terms, made where they are new; as with a series, before the transaction that uses it.</summary>
    async ValueTask<long> SaleTermsIdAsync(DbConnection connection, SaleTerms terms, CancellationToken cancellation)
    {
        if (_saleTermsIds.TryGetValue(terms, out var known))
        {
            return known;
        }

        var row = SaleTermsRow.Of(terms);
        var select = new CommandDefinition(SelectSaleTerms, row, cancellationToken: cancellation);
        var id = await connection.ReadOneAsync<long?>(select);
        if (id is null)
        {
            await connection.ExecuteAsync(new CommandDefinition(InsertSaleTerms, row, cancellationToken: cancellation));
            id = await connection.ReadOneAsync<long>(select);
        }

        if (_saleTermsIds.Count >= MaxKnownNames)
        {
            _saleTermsIds.Clear();
        }

        return _saleTermsIds[terms] = id.Value;
    }

    sealed record SaleTermsRow
    {
        public string Plan { get; init; } = "";

        public long FromUs { get; init; }

        public string Prices { get; init; } = "";

        public string Bands { get; init; } = "";

        public long FreeTokens { get; init; }

        public static SaleTermsRow Of(SaleTerms terms) => new()
        {
            Plan = terms.Plan,
            FromUs = UnixMicroseconds.From(terms.From),
            Prices = string.Create(
                CultureInfo.InvariantCulture,
                $"{terms.Prices.PromptNanoPerMillion} {terms.Prices.CachedNanoPerMillion} "
                + $"{terms.Prices.CacheWriteNanoPerMillion} {terms.Prices.CacheWrite1hNanoPerMillion} "
                + $"{terms.Prices.OutputNanoPerMillion}"),
            Bands = string.Join(' ', terms.Bands.Select(band => string.Create(
                CultureInfo.InvariantCulture, $"{band.FromTokens}:{band.Discount:0.############################}"))),
            FreeTokens = terms.FreeTokens,
        };

        public SaleTerms ToTerms()
        {
            var prices = Prices.Split(' ').Select(price => long.Parse(price, CultureInfo.InvariantCulture)).ToArray();
            return new SaleTerms(Plan, new PriceTerms(prices[0], prices[1], prices[2], prices[3], prices[4]))
            {
                From = UnixMicroseconds.ToTime(FromUs),
                Bands = Bands.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(band => band.Split(':'))
                    .Select(parts => new VolumeBand(
                        long.Parse(parts[0], CultureInfo.InvariantCulture),
                        decimal.Parse(parts[1], CultureInfo.InvariantCulture)))
                    .ToValueList(),
                FreeTokens = FreeTokens,
            };
        }
    }
}
