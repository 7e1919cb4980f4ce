using System.Globalization;
using System.Text.Json.Nodes;
using Dapper;
using Sahab.Ledger.Rating;
using Sahab.Ledger.Sales;
using Sahab.Server.Govern.Audit;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Capacity;
using Sahab.Server.Sell.Invoices;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Sell.Receipts;
using SomePrices = Sahab.Tests.Ledger.Sales.Prices;

namespace Sahab.Server.Tests.Invoices;

/// <summary>All that sells, over one database, on a day that a test says.</summary>
internal sealed class SalesHouse : IDisposable
{
    public static readonly PriceBook Book = new(
        [
            SomePrices.List("first", "2026-01-01", ("large", Plan(3.3m, 15.1m)), ("small", Plan(0.333333m, 1) with { FreeTokens = 5000 })),
            SomePrices.List("second", "2026-09-11T05:06:07Z", ("large", Plan(2.9m, 14))),
            SomePrices.List("third", "2026-10-20", ("large", Plan(3.1m, 14.5m))),
        ],
        [
            new PriceAgreement { Id = "one", Organisation = "org-001", From = SomePrices.Day("2026-09-20"), Discount = 0.13m },
            new PriceAgreement
            {
                Id = "two", Organisation = "org-002", From = SomePrices.Day("2026-09-05"), Until = SomePrices.Day("2026-10-05"),
                Prices = [new ModelPrice("small", Plan(0.1m, 0.2m))],
            },
        ],
        TimeSpan.Zero);

    readonly ReceiptSigner _signer;

    public SalesHouse(SahabDatabase database, string folder, string today = "2027-01-02")
    {
        Database = database;
        Time = new Contracts.FixedTime(today);
        _signer = ReceiptSigner.Open(folder);
        PublicKey = _signer.PublicKey;
        Receipts = new ReceiptStore(database);
        Usage = new UsageStore(database, null, () => Book, new ReceiptWriter(database, _signer));
        Store = new InvoiceStore(database);
        var config = new SahabConfig
        {
            Providers = [],
            Models = [],
            Deployments = [],
            Billing = new BillingConfig
            {
                Taxes =
                [
                    new BillingTaxConfig { Id = "no", Name = "MVA", Country = "NO", Rate = 0.25m },
                    new BillingTaxConfig { Id = "tx", Name = "Sales tax", Country = "US", State = "TX", Rate = 0.0825m },
                ],
                Fees =
                [
                    new BillingFeeConfig
                    {
                        Id = "units", Organisation = "org-003", Text = "Reserved units", PerMonth = 31.07m, From = "2026-09-12",
                    },
                    new BillingFeeConfig
                    {
                        Id = "least", Organisation = "org-004", Text = "Least of a month", PerMonth = 10, From = "2026-09-01",
                        Until = "2026-10-01", Minimum = true,
                    },
                ],
            },
        };
        var audit = new AuditLog(Time);
        Capacity = new CapacityStore(database, audit);
        Desk = new InvoiceDesk(
            Store, Usage, audit, Capacity, new ConfigurationState(config, "", "", [], Time), Time);
        Payments = new PaymentDesk(Store, Usage, audit, new IdSource(Time, 1), Time);
    }

    public SahabDatabase Database { get; }

    public TimeProvider Time { get; }

    public string PublicKey { get; }

    public ReceiptStore Receipts { get; }

    public UsageStore Usage { get; }

    public InvoiceStore Store { get; }

    public CapacityStore Capacity { get; }

    public InvoiceDesk Desk { get; }

    public PaymentDesk Payments { get; }

    public void Dispose() => _signer.Dispose();

    public static string Organisation(int number) => string.Create(CultureInfo.InvariantCulture, $"org-{number:000}");

    /// <summary>A call in the last months of 2026.</summary>
    public static UsageEvent Call(Random random, int number, int organisations)
    {
        var usage = SampleUsage.Make(number);
        var prompt = random.Next(1, 4000);
        return usage with
        {
            Tenant = Organisation(random.Next(organisations)),
            Key = "key",
            Model = random.Next(3) == 0 ? "large" : random.Next(9) == 0 ? "unpriced" : "small",
            Deployment = "d",
            Provider = "p",
            Region = "r",
            Country = "US",
            ServiceTier = random.Next(5) == 0 ? "batch" : "default",
            Outcome = random.Next(12) == 0 ? AttemptOutcome.Cut : AttemptOutcome.Succeeded,
            StartedAt = new DateTimeOffset(2026, 9, 1, 0, 0, 0, TimeSpan.Zero).AddSeconds(random.Next(0, 91 * 86400)),
            Usage = new TokenUsage(prompt, random.Next(prompt), random.Next(900), 0),
            Prices = PriceTerms.FromUsdPerMillion(1, 1, 2),
        };
    }

    public Task PostAsync(IReadOnlyList<UsageEvent> events) =>
        Usage.PostAsync(SampleUsage.Id(9, 1), 1, events, CancellationToken.None);

    public async Task<List<string>> IssueAllAsync(DateOnly month)
    {
        var numbers = new List<string>();
        foreach (var organisation in await Desk.OrganisationsAsync(month, CancellationToken.None))
        {
            var outcome = await Desk.IssueAsync(organisation, month, "test", CancellationToken.None);
            outcome.Refusal.ShouldBeNull();
            if (outcome is { IsNew: true, Number: { } number })
            {
                numbers.Add(number);
            }
        }

        return numbers;
    }

    /// <summary>Reserves capacity of the model <c>large</c>, and returns its id.</summary>
    public async Task<string> ReserveAsync(string organisation, string from, string until)
    {
        var reservation = new Reservation($"res_{organisation}", organisation, "", "large", "unit", "term")
        {
            Units = 2,
            TokensPerMinute = 200,
            Price = Sahab.Ledger.Money.NanoUsd.FromUsd(61),
            From = SomePrices.Day(from),
            Until = SomePrices.Day(until),
            CreatedAt = SomePrices.Day(from),
        };
        await using var change = await Capacity.BeginAsync(CancellationToken.None);
        await CapacityStore.AddAsync(change, reservation);
        await change.CommitAsync();
        return reservation.Id;
    }

    /// <summary>All receipts of an organisation, read as whoever has the public key reads them.</summary>
    public async Task<ReceiptChain> ChainAsync(string organisation)
    {
        var chain = new ReceiptChain(ReceiptKey.ReadAll(PublicKey));
        (await Receipts.ReadAsync(organisation, 0, long.MaxValue, CancellationToken.None)).ForEach(chain.Add);
        return chain;
    }

    /// <summary>A document of an organisation.</summary>
    public async Task<JsonObject> DocumentAsync(string organisation, string number) => JsonNode.Parse(
        (await Store.ReadAsync(organisation, number, CancellationToken.None))!.Content)!.AsObject();

    public async Task<List<T>> ReadAsync<T>(string sql)
    {
        await using var connection = await Database.OpenAsync(CancellationToken.None);
        return await connection.ReadAllAsync<T>(new CommandDefinition(sql));
    }

    /// <summary>What lines of documents add up to, less what was paid, by organisation.</summary>
    public async Task<Dictionary<string, decimal>> OwedByDocumentsAsync() =>
        (await ReadAsync<(string Organisation, decimal Nano)>("""
            SELECT organisation, SUM(nano_usd) FROM (
                SELECT organisation, nano_usd FROM invoice_line
                UNION ALL SELECT i.organisation, -p.nano_usd FROM payment p JOIN invoice i ON i.number = p.number) AS x
            GROUP BY organisation
            """)).ToDictionary(row => row.Organisation, row => row.Nano);

    /// <summary>What the ledger says is owed, by organisation, in nano-USD.</summary>
    public async Task<Dictionary<string, decimal>> OwedByLedgerAsync() =>
        (await Usage.BalancesAsync(CancellationToken.None))
            .Where(balance => balance.Account.StartsWith("receivable:", StringComparison.Ordinal))
            .ToDictionary(balance => balance.Account["receivable:".Length..], balance => balance.Usd * 1_000_000_000);

    /// <summary>Documents and ledger say the same, to the nano-dollar.</summary>
    public async Task AssertOwedAsync() => (await OwedByDocumentsAsync()).OrderBy(pair => pair.Key, StringComparer.Ordinal)
        .ShouldBe((await OwedByLedgerAsync()).OrderBy(pair => pair.Key, StringComparer.Ordinal));

    static PricePlan Plan(decimal prompt, decimal output) => SomePrices.Plan(prompt, output) with
    {
        Bands = [new VolumeBand(20_000, 0.03m), new VolumeBand(60_000, 0.17m)],
    };
}
