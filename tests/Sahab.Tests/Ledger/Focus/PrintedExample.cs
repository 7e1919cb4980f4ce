using Sahab.Ledger.Contracts;
using Sahab.Ledger.Focus;
using Sahab.Ledger.Settlements;

namespace Sahab.Tests.Ledger.Focus;

/// <summary>A worked example as clauses, uses and words.</summary>
internal sealed record PrintedExample
{
    public required string From { get; init; }

    public required string Until { get; init; }

    public required ValueList<Clause> Clauses { get; init; }

    public IReadOnlyList<ServiceUse> Uses { get; init; } = [];

    public string Currency { get; init; } = "USD";

    public decimal UsdPerUnit { get; init; } = 1;

    /// <summary>Words for a line; what they leave out is null.</summary>
    public required Func<StatementLine, CatalogItem> Words { get; init; }

    public Func<StatementLine, CatalogItem>? Commitment { get; init; }

    public (string Id, string Name) Account { get; init; } = ("", "");

    public string Provider { get; init; } = "cloud";

    public decimal? ListUsdPerUnit { get; init; }

    public bool ByMonth { get; init; }

    public bool ByDay { get; init; }

    /// <summary>Some examples show only what was bought, others only what was used.</summary>
    public string[] Categories { get; init; } = ["Usage", "Purchase"];

    public Dictionary<int, string> SkippedRows { get; init; } = [];

    public Dictionary<(int Row, string Column), string> SkippedCells { get; init; } = [];

    /// <summary>Rows of ours that are not printed, with the reason of each.</summary>
    public string[] OursBesides { get; init; } = [];

    public FocusTable Rows()
    {
        var contract = Terms.Contract("cloud", From, [.. Clauses]) with { Currency = Currency };
        var rates = Currency == "USD" ? [] : new[] { new CurrencyRate(Currency, new DateOnly(2000, 1, 1), UsdPerUnit) };
        var contracts = new ContractBook([contract], rates).KnownAt(Terms.Hindsight);
        IEnumerable<StatementLine> lines = Statement.Of(
            contracts, "cloud", Uses.Select(use => Charge.Of(use, contracts)), Terms.At(Until));
        lines = ByMonth ? Statement.Sum(lines, at => new DateTimeOffset(at.Year, at.Month, 1, 0, 0, 0, TimeSpan.Zero), at => at.AddMonths(1))
            : ByDay ? Statement.Sum(lines, at => new DateTimeOffset(at.Date, TimeSpan.Zero), at => at.AddDays(1))
            : lines;
        return StatementWriter.ToTable(lines, new StatementWords
        {
            Provider = Provider,
            Account = Account,
            ItemOf = Words,
            CommitmentOf = Commitment ?? Words,
            ListUsdPerUnit = ListUsdPerUnit,
        });
    }
}
