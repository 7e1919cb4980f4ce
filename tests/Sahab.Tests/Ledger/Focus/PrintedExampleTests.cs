using System.Globalization;
using Sahab.Ledger.Focus;

namespace Sahab.Tests.Ledger.Focus;

/// <summary>
/// The specification's worked examples, each expressed as clauses and uses: what comes out of the ledger is what is
/// printed, row by row and column by column. What is not compared is named with its reason in
/// <see cref="PrintedExamples"/>, and in <c>docs/bills.md</c>.
/// </summary>
public class PrintedExampleTests
{
    static readonly string[] Names =
        [.. FocusFiles.In("examples").Concat(FocusFiles.In("agreements")).Order(StringComparer.Ordinal)];

    public static TheoryData<string> Files => new(Names);

    [Theory]
    [MemberData(nameof(Files))]
    public void An_example_comes_out_of_the_ledger_as_it_is_printed(string file)
    {
        var example = PrintedExamples.Of(file);
        var printed = FocusFiles.Read(file);
        var ours = example.Rows();
        var left = Enumerable.Range(0, ours.Count)
            .Where(row => example.Categories.Contains(ours.Text(row, "ChargeCategory"))).ToList();
        for (var row = 0; row < printed.Count; row++)
        {
            if (example.SkippedRows.ContainsKey(row))
            {
                continue;
            }

            var differences = left.Select(mine => (Mine: mine, Columns: Differences(example, printed, row, ours, mine)))
                .OrderBy(each => each.Columns.Count).ToList();
            differences.ShouldNotBeEmpty($"row {row + 1} of {file} has no counterpart");
            differences[0].Columns.ShouldBeEmpty($"row {row + 1} of {file}");
            left.Remove(differences[0].Mine);
            foreach (var (column, reason) in example.SkippedCells.Where(cell => cell.Key.Row == row)
                .Select(cell => (cell.Key.Column, cell.Value)))
            {
                reason.ShouldNotBeEmpty();
                Same(printed.Text(row, column), ours.Text(differences[0].Mine, column))
                    .ShouldBeFalse($"{column} of row {row + 1} of {file} comes out as printed: it is not to be skipped");
            }
        }

        left.Count.ShouldBe(example.OursBesides.Length, string.Join("; ", left.Select(mine => string.Join(", ", ours.Rows[mine]))));
    }

    [Fact]
    public void Every_row_of_every_example_but_three_is_compared()
    {
        var examples = Names.Select(file => (Example: PrintedExamples.Of(file), Rows: FocusFiles.Read(file).Count)).ToList();

        examples.Count.ShouldBe(26);
        examples.Sum(each => each.Rows).ShouldBe(81);
        examples.Sum(each => each.Example.SkippedRows.Count).ShouldBe(3);
    }

    [Theory]
    [InlineData("zero_percent_utilization_without_commitment_discount_flexibility")]
    [InlineData("one_hundred_percent_utilization_with_commitment_discount_flexibility_with_1_resource")]
    [InlineData("virtual_currency_pricing_model_b2")]
    // As it is printed: what is owed for nothing is Usage, of which nothing was consumed.
    [InlineData("saas_spend_agreements_b1", "ConsumedQuantity/of-usage: row 5")]
    public void What_comes_out_breaks_no_rule(string name, params string[] butFor)
    {
        var example = PrintedExamples.Of(name);
        var rows = (example with
        {
            Account = ("1", "account"),
            Words = line => example.Words(line) with
            {
                ResourceId = example.Words(line).ResourceId ?? "resource",
                ResourceType = "Thing",
                ServiceCategory = "Compute",
                ServiceSubcategory = "Virtual Machines",
                ServiceName = "machines",
                Unit = "Hours",
                SkuMeter = "Hours",
                SkuPriceId = $"{example.Words(line).SkuId}/{line.Kind}",
            },
            Commitment = line => (example.Commitment ?? example.Words)(line) with { CommitmentUnit = "Hours" },
        }).Rows();

        FocusChecker.Check(rows, FocusRules.CostAndUsage12).Where(outcome => outcome.Verdict == FocusVerdict.Failed)
            .Select(outcome => $"{outcome.Rule.Id}: {outcome.Reason}").ShouldBe(butFor);
    }

    static List<string> Differences(PrintedExample example, FocusTable printed, int row, FocusTable ours, int mine) =>
    [
        .. printed.Columns.Where(column => !example.SkippedCells.ContainsKey((row, column)))
            .Where(column => !Same(printed.Text(row, column), ours.Text(mine, column)))
            .Select(column => $"{column}: printed {printed.Text(row, column)}, ours {ours.Text(mine, column)}"),
    ];

    static bool Same(string? printed, string? ours) => printed == ours
        || (printed is not null && ours is not null
            && ((Money(printed) is { } amount && Money(ours) == amount) || (Day(printed) is { } day && Day(ours) == day)));

    /// <summary>Some are printed as a spreadsheet shows them.</summary>
    static decimal? Money(string text) => decimal.TryParse(
        text.Trim().TrimStart('$'), NumberStyles.Number, CultureInfo.InvariantCulture, out var number) ? number : null;

    static DateTimeOffset? Day(string text) => DateTimeOffset.TryParseExact(
        text, ["M/d/yy", "yyyy-MM-ddTHH:mm:ssZ"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var day)
        ? day : null;
}
