using Sahab.Ledger.Contracts;
using Sahab.Ledger.Focus;
using Sahab.Ledger.Settlements;

namespace Sahab.Tests.Ledger.Focus;

/// <summary>The examples of agreements with sellers of software, and of currencies of their own.</summary>
internal static partial class PrintedExamples
{
    const string WholePrice = "Priced as a part of the whole agreement's 1200; ours is a part of the month's 60.";

    const string TwoMinimums = "A year's minimum toward which the fees of monthly minimums count: no clause says that.";

    const string FeesPaidAhead = "A prepayment pays for uses, not for shortfalls: ours is billed.";

    static readonly DateTimeOffset April = Terms.At("2025-04-01");

    static PrintedExample Agreement(string name) => name switch
    {
        "saas_spend_agreements_a1" => Spend("C-001", "C-001-0", "U-123-1", Year(1200)),
        "saas_spend_agreements_a2" => Spend("C-002", "C-002-1", "U-123-1", Monthly()) with
        {
            SkippedRows = new() { [12] = TwoMinimums },
            SkippedCells = Prices([1, 4, 5, 6, 7, 8, 9, 10, 11]),
        },
        "saas_spend_agreements_b1" => Spend("C-003", "C-003-0", "U-123-2", Ahead(1200)),
        "saas_spend_agreements_b2" => Spend("C-004", "C-004-0", "U-123-2", Ahead(1200), Monthly()) with
        {
            SkippedRows = new() { [13] = TwoMinimums },
            SkippedCells = Prices([2, 5, 6, 7, 8, 9, 10, 11, 12], ("BilledCost", FeesPaidAhead)),
            OursBesides = ["Of the prepayment 972 are left and lost: the shortfalls were not paid from it."],
        },
        "simple_saas_agreements_a1" => Bought(
            "2025-04-01", "ACS-001", "ACS-001-0120", "ACMECORP Service", 1, 10_000, "Upfront payment for a 12-months term of the service"),
        "simple_saas_agreements_a2" => Bought(
            "2025-04-01", "ACL-123", "ACL-123-0120", "ACMECORP Licenses", 500, 100, Licences),
        "simple_saas_agreements_a3" => Bought(
            "2025-06-17", "ACL-123", "ACL-123-0120", "ACMECORP Licenses", 10, 100, Licences),
        "simple_saas_agreements_b" => Bought(
            "2026-03-31T23:00", "ACL-123", "ACL-123-1120", "ACMECORP Licenses", 500, 100, Licences),
        "simple_saas_agreements_c" => Seats(),
        "virtual_currency_pricing_model_a1" => Purchase(2, 2),
        "virtual_currency_pricing_model_a2" => Consumption(2, 2, 3),
        "virtual_currency_pricing_model_b1" => Purchase(1, 2),
        "virtual_currency_pricing_model_b2" => Consumption(1, 2, 3),
        "virtual_currency_pricing_model_b3" => Consumption(1, 2, 2),
        "virtual_currency_pricing_model_c" => Purchase(2, 2) with
        {
            Until = "2025-11-01",
            Clauses = [Ahead(25_000, "2025-10-01")],
            Words = _ => Tokens("hjklz") with { Description = "Token Purchase for Period 1" },
            SkippedRows = new()
            {
                [0] = "A purchase in arrears, for a time that was over: what was used beyond a prepayment is billed as use.",
            },
        },
        _ => throw new InvalidOperationException($"{name} is not expressed yet."),
    };

    const string Licences = "Upfront payment covering license purchase for a 12-month period";

    static PrintedExample Spend(string sku, string price, string usePrice, params Clause[] clauses) => new()
    {
        From = "2025-04-01",
        Until = "2026-04-01",
        Clauses = [new Rate { Id = "rate", Source = Terms.Page, UnitPrice = 15, Discount = 0.2m }, .. clauses],
        Uses =
        [
            Terms.Use("cloud", "2025-04-10", "database", 4) with { Region = "" },
            Terms.Use("cloud", "2025-05-10", "database", 10) with { Region = "" },
            Terms.Use("cloud", "2025-06-10", "database", 5) with { Region = "" },
        ],
        ByMonth = true,
        Account = ("000-00-000", "MyBillingAcct"),
        Provider = "Acme Co",
        Words = line => line.Kind switch
        {
            StatementKind.Use => Database() with
            {
                SkuId = "U-123",
                SkuPriceId = usePrice,
                Unit = "Server Hours",
                Description = "Monthly usage charge",
            },
            StatementKind.Prepayment => new CatalogItem
            {
                SkuId = sku,
                SkuPriceId = price,
                Description = "Upfront payment covering usage for a 12-month period",
            },
            _ => Database() with
            {
                SkuId = sku,
                SkuPriceId = price,
                Description = line.Until - line.From > TimeSpan.FromDays(31) ? "End of contract unused fee" : "Monthly unused fee",
            },
        },
    };

    static CatalogItem Database() => new()
    {
        ServiceCategory = "Database",
        ServiceName = "AwesomeDB",
        ServiceSubcategory = "No-SQL DB",
    };

    static Commitment Year(decimal amount) => new()
    {
        Id = "minimum",
        Source = Terms.Page,
        Windows = CommitmentWindow.Yearly(April, amount),
    };

    /// <summary>The last month's is part of the year's settlement.</summary>
    static Commitment Monthly() => new()
    {
        Id = "minimum",
        Source = Terms.Page,
        Windows = Enumerable.Range(0, 11)
            .Select(month => new CommitmentWindow(April.AddMonths(month), April.AddMonths(month + 1), 60)).ToValueList(),
    };

    static Prepayment Ahead(decimal amount, string at = "2025-04-01") => new()
    {
        Id = "ahead",
        Source = Terms.Page,
        Amount = amount,
        PaidAt = Terms.At(at),
        Until = Terms.At("2026-04-01"),
    };

    static PrintedExample Bought(
        string at, string sku, string price, string service, decimal quantity, decimal unitPrice, string description) => new()
        {
            From = "2025-04-01",
            Until = "2026-04-01",
            Clauses = [],
            Uses = [Terms.Use("cloud", at, service, quantity, unitPrice) with { Region = "" }],
            Account = ("12345", "AwesomeCorpDemo"),
            Provider = "ACMECORP",
            Words = _ => Software(service, sku, price) with
            {
                Description = description,
                BoughtFor = (April, April.AddYears(1)),
            },
        };

    static PrintedExample Seats() => new()
    {
        From = "2025-04-01",
        Until = "2025-07-01",
        Clauses = [new Rate { Id = "rate", Source = Terms.Page, UnitPrice = 20 }],
        Uses =
        [
            .. ((ReadOnlySpan<(string, decimal)>)[("2025-04-03", 505), ("2025-05-03", 650), ("2025-06-03", 635)]).ToArray()
                .Select(each => Terms.Use("cloud", each.Item1, "licences", each.Item2) with { Region = "" }),
        ],
        ByMonth = true,
        Account = ("12345", "Serenity Corp"),
        Provider = "ACMECORP",
        Words = _ => Software("ACMECORP Licenses", "ACL-123", "ACL-123-2010") with { Description = "Monthly usage charge" },
    };

    static CatalogItem Software(string service, string sku, string price) => new()
    {
        ServiceCategory = "Business Applications",
        ServiceName = service,
        SkuId = sku,
        SkuPriceId = price,
    };

    /// <summary>The provider's own currency is bought: 100,000 of it.</summary>
    static PrintedExample Purchase(decimal usd, decimal listUsd) => new()
    {
        From = "2025-04-01",
        Until = "2025-04-02",
        Clauses = [Ahead(100_000)],
        Currency = "Token",
        UsdPerUnit = usd,
        ListUsdPerUnit = listUsd,
        Categories = ["Purchase"],
        Account = ("12345", "AwesomeCorpDemo"),
        Provider = "ACMECORP",
        Words = _ => Tokens("abcde"),
    };

    static CatalogItem Tokens(string id) => new()
    {
        ResourceId = id,
        ResourceName = "Standard-Contract Period 1 Tokens",
        ResourceType = "Token Allocation",
        ServiceName = "ACMECORP SERVICE",
        SkuId = "45678",
        SkuPriceId = "45678-1",
        Description = "Token Purchase For Period 1",
    };

    /// <summary>It is used, and what it was bought for pays.</summary>
    static PrintedExample Consumption(decimal usd, decimal listUsd, decimal workflowPrice) => Purchase(usd, listUsd) with
    {
        Categories = ["Usage"],
        ByDay = true,
        Uses =
        [
            Terms.Use("cloud", "2025-04-01T09:00", "Q Widget", 245, 1) with { Region = "" },
            Terms.Use("cloud", "2025-04-01T09:00", "Z Widget", 5, 2) with { Region = "" },
            Terms.Use("cloud", "2025-04-01T10:00", "Workflow", 120, workflowPrice) with { Region = "" },
        ],
        Words = line => line.Use?.Service switch
        {
            "Q Widget" => Widget("Q Widget", "762343"),
            "Z Widget" => Widget("Z Widget", "12345"),
            "Workflow" => Widget("Workflow", "78314") with
            {
                ResourceId = "718239-abd0-12353",
                ResourceName = "Beta Workflow",
                ResourceType = "Workflow",
                Unit = "Workflow operation",
                // The public price; the agreed one may be lower.
                ListUnitPrice = 3,
            },
            _ => Tokens("abcde"),
        },
    };

    static CatalogItem Widget(string name, string sku) => new()
    {
        ResourceId = "adbd-12af3-1234",
        ResourceName = "Alpha Widget",
        ResourceType = "Widget Instance",
        ServiceName = "ACMECORP SERVICE",
        SkuId = sku,
        SkuPriceId = sku + "-1",
        Unit = "Execution",
        Description = $"Token Consumption - {name} SKU",
    };

    static Dictionary<(int Row, string Column), string> Prices(int[] rows, params (string Column, string Reason)[] others) =>
        rows.SelectMany(row => ((string, string)[])
        [
            ("PricingQuantity", WholePrice), ("ContractedUnitPrice", WholePrice), ("ListUnitPrice", WholePrice), .. others,
        ], (row, cell) => (Row: row, Cell: cell)).ToDictionary(each => (each.Row, each.Cell.Item1), each => each.Cell.Item2);
}
