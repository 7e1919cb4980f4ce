using Sahab.Ledger.Contracts;
using Sahab.Ledger.Focus;
using Sahab.Ledger.Settlements;

namespace Sahab.Tests.Ledger.Focus;

/// <summary>What we have committed to, as FOCUS's ContractCommitment of 1.3 and 1.4.</summary>
public class ContractCommitmentTests
{
    static readonly DateTimeOffset Now = Terms.At("2026-09-15");

    static readonly CommitmentWindow Year = new(Terms.At("2026-01-01"), Terms.At("2027-01-01"), 1_000_000);

    static readonly Commitment Spend = new() { Id = "spend", Source = Terms.Page, Windows = [Year] };

    static readonly CommittedUse Baseline = new()
    {
        Id = "baseline",
        Source = Terms.Page,
        Until = Terms.At("2027-01-01"),
        Baseline = 10,
        UnitPrice = 0.55m,
        Uses = Terms.Of("gpu"),
    };

    public static TheoryData<string> Versions => ["1.3", "1.4"];

    [Fact]
    public void Version_1_3_has_thirteen_columns_and_1_4_seventeen_more()
    {
        FocusColumns.ContractCommitment13.Count.ShouldBe(13);
        FocusColumns.ContractCommitment14.Count.ShouldBe(30);
        FocusColumns.ContractCommitment14.Select(column => column.Name).ShouldBe(
            FocusFiles.Read("commitments/contract_commitment_scenario_1.csv").Columns
                .Select(name => name.Replace("%", "Percentage", StringComparison.Ordinal)), ignoreOrder: true);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void What_the_six_arrangements_commit_to_breaks_no_rule(string version)
    {
        var set = FocusDataSet.Find("contract-commitment", version)!;
        var book = new ContractBook(
            new[]
            {
                WorkedExamples.Aws(), WorkedExamples.Oracle(), WorkedExamples.CoreWeave(), WorkedExamples.Google(),
                WorkedExamples.Azure(), WorkedExamples.Own(),
            }.SelectMany(each => each.Contracts),
            []);
        var table = ContractCommitmentWriter.ToTable(ContractCommitmentWriter.TermsOf(book, Now, []), set);

        var outcomes = FocusChecker.Check(table, set.Rules);

        table.Count.ShouldBeGreaterThan(20);
        FocusDataSet.Recognise(table).ShouldBe(set);
        outcomes.Where(outcome => outcome.Verdict == FocusVerdict.Failed)
            .Select(outcome => $"{outcome.Rule.Id} {outcome.Reason}").ShouldBeEmpty();
        outcomes.Count(outcome => outcome.Verdict == FocusVerdict.Passed).ShouldBeGreaterThan(version == "1.3" ? 35 : 80);
        outcomes.Where(outcome => outcome.Verdict == FocusVerdict.Skipped).ShouldAllBe(outcome => outcome.Reason != null);
    }

    [Fact]
    public void A_year_of_take_or_pay_is_money_that_is_fulfilled_over_the_year()
    {
        var row = Row(Spend);

        row["ContractCommitmentId"].ShouldBe("cloud/spend/2026-01-01T00Z");
        (row["ContractCommitmentCategory"], row["ContractCommitmentCost"], row["BillingCurrency"], row["ContractCommitmentQuantity"])
            .ShouldBe(("Spend", "1000000", "USD", null));
        (row["ContractCommitmentModel"], row["ContractCommitmentFulfillmentInterval"], row["ContractCommitmentDurationType"])
            .ShouldBe(("Discontinuous", "Full Period", "1 Year"));
        (row["ContractCommitmentLifecycleStatus"], row["ContractCommitmentApplicability"])
            .ShouldBe(("Active", """{"IsGlobalScope": true}"""));
        row["ContractPeriodEnd"].ShouldBe("9999-12-31T00:00:00Z", "FOCUS knows no open period");
    }

    [Theory]
    [InlineData(0, "No Upfront", "Monthly")]
    [InlineData(0.5, "Partial Upfront", "Monthly")]
    [InlineData(1, "All Upfront", "One-Time")]
    public void A_baseline_is_a_discount_by_the_hour_and_a_prepayment_of_it_its_upfront_part(
        decimal share, string model, string interval)
    {
        var paid = new Prepayment
        {
            Id = "ahead",
            Source = Terms.Page,
            Amount = 1,
            PaidAt = Terms.At("2026-01-01"),
            Until = Terms.At("2027-01-01"),
            Uses = new Selector { Services = [Use.CommittedUse], Deployments = ["baseline"] },
            Share = share == 0 ? 1 : share,
        };

        var row = Row(share == 0 ? [Baseline] : [Baseline, paid]);

        (row["ContractCommitmentModel"], row["ContractCommitmentFulfillmentInterval"]).ShouldBe(("Continuous", "Hourly"));
        (row["ContractCommitmentBenefitCategory"], row["ContractCommitmentDiscountPercentage"]).ShouldBe(("Discount", "0.45"));
        (row["ContractCommitmentQuantity"], row["ContractCommitmentUnit"]).ShouldBe(("5.5", "USD"));
        row["ContractCommitmentCost"].ShouldBe("48180", "5.50 dollars in 8760 hours");
        (row["ContractCommitmentPaymentModel"], row["ContractCommitmentPaymentInterval"]).ShouldBe((model, interval));
    }

    [Fact]
    public void What_it_applies_to_is_said_by_the_columns_of_usage()
    {
        var of = Spend with
        {
            Eligible = new Selector { Services = ["gpu", "inference"], Regions = ["us-east-1"] },
            Excluded = [Terms.Of("support"), new Selector { Regions = ["us-gov"] }],
        };

        Row(of)["ContractCommitmentApplicability"].ShouldBe(
            """
            {"InclusionOperator": "And", "Inclusions": [{"Dimension": "ServiceName", "Operator": "In", "Values": ["gpu", "inference"]}, {"Dimension": "RegionId", "Operator": "In", "Values": ["us-east-1"]}], "ExclusionOperator": "Or", "Exclusions": [{"Dimension": "ServiceName", "Operator": "In", "Values": ["support"]}, {"Dimension": "RegionId", "Operator": "In", "Values": ["us-gov"]}]}
            """.Trim());
        Row(of with { Caps = [new DrawdownCap(Terms.Of("market"), 0.25m)] })["ContractCommitmentApplicability"]
            .ShouldBe("""{"IsComplexScope": true}""", "a cap on the sum is no fraction of each charge");
    }

    [Theory]
    [InlineData("2025-06-01", "Pending")]
    [InlineData("2026-06-01", "Active")]
    [InlineData("2027-06-01", "Expired")]
    public void A_commitment_comes_and_goes(string at, string status) =>
        Row([Spend], at: at)["ContractCommitmentLifecycleStatus"].ShouldBe(status);

    [Fact]
    public void What_is_drawn_in_full_is_exhausted()
    {
        var standing = new CommitmentStanding { Contract = "cloud", Commitment = "spend", Window = Year, Drawn = 1_000_000 };

        Row([Spend], standings: standing)["ContractCommitmentLifecycleStatus"].ShouldBe("Exhausted");
    }

    [Fact]
    public void An_amendment_supersedes_a_window_that_it_does_not_repeat_and_cancels_what_it_drops()
    {
        var other = Year with { From = Terms.At("2026-07-01") };
        var contract = Terms.Contract("cloud", "2025-01-01", Spend, Baseline) with
        {
            Versions =
            [
                Terms.Version(1, "2025-01-01", Spend, Baseline),
                Terms.Version(2, "2026-07-01", Spend with { Windows = [other] }) with { Drops = ["baseline"] },
            ],
        };
        var table = TableOf(contract, "2026-09-15");

        Enumerable.Range(0, 3).Select(row => (
                table.Text(row, "ContractCommitmentId"), table.Text(row, "ContractCommitmentLifecycleStatus"),
                table.Text(row, "ContractCommitmentLastUpdated")))
            .ShouldBe(
            [
                ("cloud/spend/2026-01-01T00Z", "Superseded", "2026-07-01T00:00:00Z"),
                ("cloud/baseline", "Canceled", "2026-07-01T00:00:00Z"),
                ("cloud/spend/2026-07-01T00Z", "Active", "2026-07-01T00:00:00Z"),
            ]);
    }

    [Fact]
    public void What_becomes_known_later_is_not_there_yet() =>
        TableOf(Terms.Contract("cloud", "2026-01-01", Spend), "2025-12-31").Count.ShouldBe(0);

    [Theory]
    [InlineData("ContractCommitmentQuantity", "5", "ContractCommitmentUnit/with-ContractCommitmentQuantity")]
    [InlineData("ContractCommitmentCost", "", "ContractCommitmentCost/or-quantity")]
    [InlineData("BillingCurrency", "", "BillingCurrency/of-spend")]
    [InlineData("ContractCommitmentPeriodEnd", "2026-01-01T00:00:00Z", "ContractCommitmentPeriodEnd/after-start")]
    [InlineData("ContractCommitmentModel", "Continuous", "ContractCommitmentFulfillmentInterval/of-continuous")]
    [InlineData("ContractCommitmentPaymentModel", "All Upfront", "ContractCommitmentPaymentInterval/of-all-upfront")]
    [InlineData("ContractCommitmentPaymentModel", "All Upfront", "ContractCommitmentPaymentUpfrontPercentage/of-all-upfront")]
    [InlineData("ContractCommitmentPaymentModel", "Partial Upfront", "ContractCommitmentPaymentUpfrontPercentage/of-partial-upfront")]
    [InlineData("ContractCommitmentPaymentUpfrontPercentage", "0.1", "ContractCommitmentPaymentUpfrontPercentage/of-no-upfront")]
    [InlineData("ContractCommitmentPaymentUpfrontPercentage", "1.1", "ContractCommitmentPaymentUpfrontPercentage/share")]
    [InlineData("ContractCommitmentBenefitCategory", "Discount", "ContractCommitmentDiscountPercentage/of-discount")]
    [InlineData("ContractCommitmentDurationType", "One Year", "ContractCommitmentDurationType/format")]
    [InlineData("ContractCommitmentLastUpdated", "2024-01-01T00:00:00Z", "ContractCommitmentLastUpdated/after-created")]
    [InlineData("ContractCommitmentApplicability", "[]", "ContractCommitmentApplicability/type")]
    [InlineData("ContractCommitmentApplicability", "{}", "ContractCommitmentApplicability/inclusions")]
    [InlineData("ContractCommitmentApplicability", """{"IsGlobalScope": true, "IsComplexScope": true}""", "ContractCommitmentApplicability/one-scope")]
    [InlineData("ContractCommitmentApplicability", """{"IsGlobalScope": true, "ExclusionOperator": "Xor"}""", "ContractCommitmentApplicability/combination")]
    [InlineData("ContractCommitmentApplicability", """{"IsGlobalScope": true, "Exclusions": [{"Dimension": "RegionId", "Operator": "Like", "Values": ["a"]}]}""", "ContractCommitmentApplicability/operators")]
    [InlineData("ContractCommitmentApplicability", """{"IsGlobalScope": true, "Exclusions": [{"Dimension": "RegionId", "Operator": "In", "Values": ["*", "a"]}]}""", "ContractCommitmentApplicability/values")]
    [InlineData("ContractCommitmentApplicability", """{"IsGlobalScope": true, "Exclusions": [{"Dimension": "RegionId", "Operator": "Exists", "Values": ["a"]}]}""", "ContractCommitmentApplicability/values")]
    [InlineData("ContractCommitmentApplicability", """{"IsGlobalScope": true, "Applicability": {"Cost": 1.5}}""", "ContractCommitmentApplicability/fractions")]
    public void A_value_that_may_not_be_is_found(string column, string value, string rule)
    {
        var table = TableOf(Terms.Contract("cloud", "2025-01-01", Spend), "2026-09-15");
        var values = table.Rows[0].ToList();
        values[table.Columns.ToList().IndexOf(column)] = value;
        var broken = new FocusTable(table.Columns);
        broken.Add(values);

        FocusChecker.Check(broken, FocusRules.ContractCommitment14)
            .Where(outcome => outcome.Verdict == FocusVerdict.Failed).Select(outcome => outcome.Rule.Id).ShouldContain(rule);
    }

    [Fact]
    public void An_id_that_is_there_twice_is_found()
    {
        var table = TableOf(Terms.Contract("cloud", "2025-01-01", Spend), "2026-09-15");
        table.Add(table.Rows[0]);

        FocusChecker.Check(table, FocusRules.ContractCommitment13)
            .Single(outcome => outcome.Rule.Id == "ContractCommitmentId/once").Verdict.ShouldBe(FocusVerdict.Failed);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void Rules_have_names_of_their_own(string version) =>
        FocusDataSet.Find("contract-commitment", version)!.Rules.Select(rule => rule.Id).ShouldBeUnique();

    [Fact]
    public void The_specifications_own_examples_break_the_rules_in_these_ways_and_no_other()
    {
        var files = FocusFiles.In("commitments").ToList();
        files.Count.ShouldBe(3);
        var failed = files.SelectMany(file => FocusChecker.Check(FocusFiles.Read(file), FocusRules.ContractCommitment14))
            .Where(outcome => outcome.Verdict == FocusVerdict.Failed).Select(outcome => outcome.Rule.Id).Distinct();

        failed.ShouldBe(
            [
                // Two columns have other names than the columns' own pages give them.
                "ContractCommitmentDiscountPercentage/present", "columns/custom-prefix",
                // Days without a time, which the format of times does not allow.
                "ContractCommitmentPeriodEnd/type", "ContractCommitmentPeriodStart/type", "ContractPeriodEnd/type",
                "ContractPeriodStart/type",
                // "Total Term", which the column's page calls "Full Period".
                "ContractCommitmentFulfillmentInterval/values",
                // A volume of traffic that is paid all upfront, and each year.
                "ContractCommitmentPaymentInterval/of-all-upfront",
            ],
            ignoreOrder: true);
    }

    static Dictionary<string, string?> Row(params Clause[] clauses) => Row(clauses, "2026-09-15");

    static Dictionary<string, string?> Row(Clause[] clauses, string at = "2026-09-15", params CommitmentStanding[] standings)
    {
        var contract = Terms.Contract("cloud", "2025-01-01", clauses) with
        {
            Versions = [Terms.Version(1, "2026-01-01", clauses) with { KnownFrom = Terms.At("2025-01-01") }],
        };
        var table = TableOf(contract, at, standings);
        return table.Columns.ToDictionary(name => name, name => table.Text(0, name));
    }

    static FocusTable TableOf(Contract contract, string at, params CommitmentStanding[] standings) =>
        ContractCommitmentWriter.ToTable(
            ContractCommitmentWriter.TermsOf(Terms.Book(contract), Terms.At(at), standings),
            FocusDataSet.ContractCommitment14);
}
