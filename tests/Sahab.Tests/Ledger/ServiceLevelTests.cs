using FsCheck;
using FsCheck.Fluent;
using Sahab.Ledger.Claims;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Focus;
using Sahab.Ledger.Rating;
using Sahab.Routing.Decisions;

namespace Sahab.Tests.Ledger;

/// <summary>What is owed for months in which a provider was not there.</summary>
public class ServiceLevelTests
{
    static readonly DateOnly October = new(2026, 10, 1);

    static readonly ServiceLevel Uptime = new()
    {
        Id = "uptime",
        Source = Terms.Page,
        Per = LevelScope.Region,
        Steps = [new LevelStep(0.999m, 0.1m), new LevelStep(0.99m, 0.25m), new LevelStep(0.95m, 1)],
        ClaimWithinDays = 30,
    };

    [Fact]
    public void The_worked_example_of_the_documentation_comes_out_as_written()
    {
        var level = Uptime with { MinAttempts = 1_000 };
        var owed = Owed(
            level,
            Record("us-east-1", "east-a", 600_000, 1_500, 41_000), Record("us-east-1", "east-b", 400_000, 5_500, 23_000),
            Record("us-west-2", "west", 2_000_000, 1_000, 90_000), Record("eu-west-1", "eu", 800, 400, 12));

        var credit = owed.ShouldHaveSingleItem();
        (credit.Scope, credit.Attempts, credit.Failed, credit.Availability).ShouldBe(("us-east-1", 1_000_000, 7_000, 0.993m));
        (credit.Share, credit.ChargesUsd, credit.CreditUsd).ShouldBe((0.1m, 64_000m, 6_400m));
        credit.ClaimBefore.ShouldBe(Terms.At("2026-12-01"));
        credit.Subject.ShouldBe("service-level/aws/uptime/2026-10/us-east-1");
        var docs = House.Repository.Read("docs/bills.md");
        foreach (var figure in (string[])["7,000", "99.3 %", "64,000.00", "6,400.00", "1 December"])
        {
            docs.ShouldContain(figure);
        }
    }

    [Theory]
    [InlineData(0.9995, 0)]
    [InlineData(0.999, 0)]
    [InlineData(0.998999, 0.1)]
    [InlineData(0.99, 0.1)]
    [InlineData(0.989999, 0.25)]
    [InlineData(0.95, 0.25)]
    [InlineData(0, 1)]
    public void A_threshold_is_kept_by_what_reaches_it(decimal availability, decimal credit) =>
        Uptime.CreditFor(availability).ShouldBe(credit);

    [Fact]
    public void One_of_two_is_no_outage()
    {
        Owed(Uptime, Record("r", "d", 2, 1, 5)).ShouldBeEmpty();
        Owed(Uptime, Record("r", "d", 999, 999, 5)).ShouldBeEmpty();
        Owed(Uptime, Record("r", "d", 1_000, 2, 5)).ShouldHaveSingleItem();
    }

    [Fact]
    public void Only_what_the_provider_could_have_served_tells_of_it()
    {
        Enum.GetValues<AttemptOutcome>().Where(ServiceLevels.IsFault).ShouldBe(
        [
            AttemptOutcome.ServerError, AttemptOutcome.Unreachable, AttemptOutcome.TimedOut, AttemptOutcome.Stalled,
            AttemptOutcome.Cut,
        ]);
        Enum.GetValues<AttemptOutcome>().Where(outcome => !ServiceLevels.Tells(outcome)).ShouldBe(
        [
            AttemptOutcome.Throttled, AttemptOutcome.Refused, AttemptOutcome.Unauthorized, AttemptOutcome.Abandoned,
        ]);
    }

    [Fact]
    public void What_counts_is_of_the_provider_of_the_contract_and_of_the_clause()
    {
        var bad = Record("r", "d", 10_000, 5_000, 100);
        var level = Uptime with { Per = LevelScope.Deployment, Uses = new Selector { Deployments = ["d"] } };

        Owed(level, bad, Record("r", "other", 10_000, 9_000, 50)).ShouldHaveSingleItem().Scope.ShouldBe("d");
        Owed(level, bad with { Use = bad.Use with { Provider = "azure" } }).ShouldBeEmpty();
        Owed(level, [new Scope { Id = "s", Source = Terms.Page, Uses = new Selector { Countries = ["NO"] } }], bad).ShouldBeEmpty();
        Owed(level with { Until = Terms.At("2026-10-31") }, bad).ShouldBeEmpty("it is not in force in the month's last hour");
    }

    [Fact]
    public void Charges_are_those_of_the_contracts_rate()
    {
        var hour = new HourlyUsage
        {
            Hour = Terms.At("2026-10-05T10:00"),
            Provider = "aws",
            Region = "r",
            Country = "US",
            Deployment = "d",
            Model = "m",
            Tenant = "t",
            ServiceTier = "default",
            Usage = new TokenUsage(1_000_000, 0, 0, 0),
            Prices = PriceTerms.FromUsdPerMillion(10, 10, 10),
            CostUsd = 10,
        };
        var rate = new Rate { Id = "rate", Source = Terms.Page, Discount = 0.08m };

        Charge().ShouldBe(10);
        Charge(rate).ShouldBe(9.2m);
        Charge(rate with { Tokens = PriceTerms.FromUsdPerMillion(5, 5, 5) }).ShouldBe(4.6m);

        decimal Charge(params Clause[] clauses) => ServiceLevels.ChargeOf(
            hour, Terms.Book(Terms.Contract("aws", "2026-01-01", clauses)).KnownAt(Terms.Hindsight));
    }

    [Fact]
    public void Credits_are_parts_of_the_charges_whatever_was_attempted() => Prop.ForAll(
        Arb.From(Gen.Choose(0, int.MaxValue).Select(seed => (ulong)seed)),
        seed =>
        {
            var random = new RandomSource(seed);
            var records = new List<ServiceRecord>();
            for (var count = random.NextInt32(20); count >= 0; count--)
            {
                var attempts = random.NextInt32(5_000);
                records.Add(Record(
                    "r" + random.NextInt32(3), "d" + random.NextInt32(4), attempts, random.NextInt32(attempts + 1),
                    random.NextInt32(1_000_000) / 8m));
            }

            foreach (var per in Enum.GetValues<LevelScope>())
            {
                var owed = Owed(Uptime with { Per = per, MinAttempts = 1 + random.NextInt32(3_000) }, [.. records]);
                owed.Select(credit => credit.Subject).ShouldBeUnique();
                owed.Sum(credit => credit.ChargesUsd).ShouldBeLessThanOrEqualTo(records.Sum(record => record.ChargesUsd));
                foreach (var credit in owed)
                {
                    // By hand: the scope's own records, and the lowest threshold that they do not reach.
                    var own = records.Where(record => credit.Scope.Length == 0 || record.Use.Region == credit.Scope
                        || record.Use.Deployment == credit.Scope).ToList();
                    var good = own.Sum(record => record.Attempts - record.Failed);
                    var all = own.Sum(record => record.Attempts);
                    var share = good * 100 < all * 95 ? 1m : good * 100 < all * 99 ? 0.25m : good * 1000 < all * 999 ? 0.1m : 0;
                    credit.CreditUsd.ShouldBe(decimal.Round(own.Sum(record => record.ChargesUsd) * share, 9));
                }

                // Whatever is added to a failure, no less is owed for it.
                var worse = records.ConvertAll(record => record with { Failed = record.Attempts });
                Owed(Uptime with { Per = per, MinAttempts = 1 }, [.. worse]).Sum(credit => credit.CreditUsd)
                    .ShouldBeGreaterThanOrEqualTo(owed.Sum(credit => credit.CreditUsd));
            }

            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));

    [Theory]
    [InlineData("", "has no step")]
    [InlineData("1.2:0.1", "thresholds and credits are above 0")]
    [InlineData("0.99:0", "thresholds and credits are above 0")]
    [InlineData("0.99:0.1 0.999:0.25", "steps go down in availability and up in credit")]
    [InlineData("0.999:0.25 0.99:0.1", "steps go down in availability and up in credit")]
    public void A_level_that_contradicts_itself_is_found(string steps, string problem)
    {
        var level = Uptime with
        {
            Steps = steps.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(step => step.Split(':'))
                .Select(pair => new LevelStep(decimal.Parse(pair[0], null), decimal.Parse(pair[1], null))).ToValueList(),
        };

        ContractProblems.Of([Terms.Contract("aws", "2026-01-01", level)], []).ShouldContain(text =>
            text.StartsWith("contract aws, version 1, clause uptime: " + problem, StringComparison.Ordinal));
    }

    static IReadOnlyList<OwedCredit> Owed(ServiceLevel level, params ServiceRecord[] records) => Owed(level, [], records);

    static IReadOnlyList<OwedCredit> Owed(ServiceLevel level, Clause[] others, params ServiceRecord[] records) =>
        ServiceLevels.Owed(
            Terms.Book(Terms.Contract("aws", "2026-01-01", [level, .. others])).KnownAt(Terms.Hindsight), October, records);

    static ServiceRecord Record(string region, string deployment, long attempts, long failed, decimal usd) =>
        new(new Use("aws", region, "US", Use.Inference, "m", deployment), attempts, failed, usd);
}
