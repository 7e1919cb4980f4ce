using Sahab.Ledger.Focus;
using Sahab.Ledger.Rating;

namespace Sahab.Tests.Ledger.Focus;

public class FocusRulesTests
{
    static readonly Dictionary<string, FocusType> Types = new()
    {
        ["String"] = FocusType.Text,
        ["Decimal"] = FocusType.Number,
        ["Date/Time"] = FocusType.Time,
        ["JSON"] = FocusType.Pairs,
    };

    static readonly HourlyUsage Usage = new()
    {
        Hour = new DateTimeOffset(2026, 11, 3, 14, 0, 0, TimeSpan.Zero),
        Provider = "aws",
        Region = "us-east-1",
        Country = "US",
        Deployment = "claude-us",
        Model = "claude \"4\"",
        Tenant = "acme",
        ServiceTier = "default",
        Usage = new TokenUsage(1_000_003, 400_001, 70_007, 0) { CacheWriteTokens = 11, CacheWrite1hTokens = 4 },
        Prices = PriceTerms.FromUsdPerMillion(2.5m, 0.25m, 10m, 3.125m, 5m),
        CostUsd = 2.300126m,
    };

    [Fact]
    public void The_columns_are_those_of_the_specification()
    {
        var file = FocusFiles.Read("columns-1.2.csv");
        var theirs = Enumerable.Range(0, file.Count).Select(row => (
            Name: file.Text(row, "ColumnId")!, Level: file.Text(row, "Feature level")!, Nulls: file.Text(row, "Allows nulls")!,
            Type: Types[file.Text(row, "Data type")!],
            NonNegative: file.Text(row, "Number range") is { } range && range.Contains("non-negative", StringComparison.Ordinal)));

        FocusColumns.CostAndUsage12.Select(column => (
            column.Name, column.Level.ToString(), column.AllowsNull.ToString(), column.Type,
            column.IsNonNegative)).ShouldBe(theirs);
    }

    [Fact]
    public void Allowed_values_are_those_of_the_specification()
    {
        var file = FocusFiles.Read("columns-1.2.csv");
        for (var row = 0; row < file.Count; row++)
        {
            var values = file.Text(row, "Allowed values")?.Split(';', StringSplitOptions.TrimEntries)
                .Where(value => value != "Service Category") ?? [];
            FocusColumns.CostAndUsage12[row].Values.ShouldBe(values, ignoreOrder: true, file.Text(row, "ColumnId"));
        }
    }

    [Fact]
    public void What_the_ledger_writes_breaks_no_rule()
    {
        var outcomes = FocusChecker.Check(FocusWriter.ToTable([Usage]), FocusRules.CostAndUsage12);

        outcomes.Where(outcome => outcome.Verdict == FocusVerdict.Failed).ShouldBeEmpty();
        outcomes.Count(outcome => outcome.Verdict == FocusVerdict.Passed).ShouldBeGreaterThan(100);
        outcomes.Where(outcome => outcome.Verdict == FocusVerdict.Skipped).ShouldAllBe(outcome => outcome.Reason != null);
    }

    [Fact]
    public void Billed_costs_add_up_to_the_ledgers_to_the_last_digit()
    {
        var table = FocusWriter.ToTable([Usage]);

        table.Count.ShouldBe(5);
        Enumerable.Range(0, table.Count).Sum(row => table.Number(row, "BilledCost")).ShouldBe(Usage.CostUsd);
        Enumerable.Range(0, table.Count).Sum(row => table.Number(row, "ConsumedQuantity")).ShouldBe(1_000_003 + 70_007);
    }

    [Fact]
    public void An_hour_that_used_nothing_makes_no_row() =>
        FocusWriter.ToTable([Usage with { Usage = default, CostUsd = 0 }]).Count.ShouldBe(0);

    [Theory]
    [InlineData("BilledCost", "1,5", "BilledCost/type")]
    [InlineData("BilledCost", "", "BilledCost/not-null")]
    [InlineData("BillingCurrency", "Dollar", "BillingCurrency/format")]
    [InlineData("PricingUnit", "1000000 tokens", "PricingUnit/format")]
    [InlineData("ListUnitPrice", "-1", "ListUnitPrice/at-least-0")]
    [InlineData("ChargeCategory", "Used", "ChargeCategory/values")]
    [InlineData("ChargePeriodStart", "2026-11-03 14:00", "ChargePeriodStart/type")]
    [InlineData("ChargePeriodEnd", "2026-11-03T14:00:00Z", "ChargePeriodEnd/after-start")]
    [InlineData("ContractedUnitPrice", "99", "ContractedCost/price-times-quantity")]
    [InlineData("ContractedUnitPrice", "79228162514264337593543950335", "ContractedCost/price-times-quantity")]
    [InlineData("ListCost", "7", "ListCost/price-times-quantity")]
    [InlineData("PricingQuantity", "", "PricingQuantity/of-use-and-purchase")]
    [InlineData("ConsumedUnit", "", "ConsumedUnit/with-ConsumedQuantity")]
    [InlineData("ConsumedQuantity", "", "ConsumedQuantity/of-usage")]
    [InlineData("InvoiceIssuerName", "someone else", "BilledCost/issued-by-another")]
    [InlineData("ServiceSubcategory", "Block Storage", "ServiceSubcategory/of-its-category")]
    [InlineData("SkuPriceDetails", "[1]", "SkuPriceDetails/type")]
    [InlineData("Tags", """{"a": {"b": 1}}""", "Tags/type")]
    [InlineData("SkuPriceId", "", "SkuPriceId/of-use-and-purchase")]
    [InlineData("RegionName", "", "RegionName/with-RegionId")]
    public void A_value_that_may_not_be_is_found(string column, string value, string rule)
    {
        var table = FocusWriter.ToTable([Usage]);
        var values = table.Rows[0].ToList();
        values[table.Columns.ToList().IndexOf(column)] = value;
        var broken = new FocusTable(table.Columns);
        broken.Add(values);

        var failed = FocusChecker.Check(broken, FocusRules.CostAndUsage12)
            .Where(outcome => outcome.Verdict == FocusVerdict.Failed).Select(outcome => outcome.Rule.Id);

        failed.ShouldContain(rule);
    }

    [Fact]
    public void A_missing_column_is_found_and_one_that_is_made_up_too()
    {
        var table = new FocusTable([.. FocusWriter.Columns.Where(name => name != "ListCost"), "Colour"]);

        FocusChecker.Check(table, FocusRules.CostAndUsage12)
            .Where(outcome => outcome.Verdict == FocusVerdict.Failed).Select(outcome => outcome.Rule.Id)
            .ShouldBe(["ListCost/present", "columns/custom-prefix"]);
    }

    [Fact]
    public void Rules_have_names_of_their_own() =>
        FocusRules.CostAndUsage12.Select(rule => rule.Id).ShouldBeUnique();

    [Fact]
    public void The_specifications_own_examples_break_no_rule_but_where_two_have_an_hour_that_no_day_has()
    {
        var examples = FocusFiles.Examples.ToDictionary(
            name => name, name => FocusChecker.Check(FocusFiles.Read(name), FocusRules.CostAndUsage12));

        examples.Count.ShouldBe(11);
        examples.Values.Sum(outcomes => outcomes.Count(each => each.Verdict == FocusVerdict.Passed)).ShouldBeGreaterThan(200);
        examples.SelectMany(example => example.Value
                .Where(each => each.Verdict == FocusVerdict.Failed && !IsPresence(each.Rule))
                .Select(each => $"{example.Key}: {each.Rule.Id}, {each.Reason}"))
            .ShouldBe(
            [
                "examples/commitment_discount_purchase_scenario_2.csv: ChargePeriodEnd/type, row 3",
                "examples/commitment_discount_purchase_scenario_3.csv: ChargePeriodEnd/type, row 4",
            ],
            ignoreOrder: true);
    }

    /// <summary>The examples show only the columns that they are about.</summary>
    static bool IsPresence(FocusRule rule) => rule.Id.EndsWith("/present", StringComparison.Ordinal);
}
