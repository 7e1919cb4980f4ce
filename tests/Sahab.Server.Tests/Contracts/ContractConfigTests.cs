using Sahab.Ledger.Contracts;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Tests.Configuration;

namespace Sahab.Server.Tests.Contracts;

/// <summary>Contracts as the file says them.</summary>
public class ContractConfigTests
{
    const string Agreement = """

        contracts:
          aws:
            provider: azure
            versions:
              "1":
                valid_from: 2026-01-01
                known_from: 2026-01-01
                document: agreement.pdf
                commitments:
                  spend:
                    page: 4
                    windows:
                      y1: { from: 2026-01-01, until: 2027-01-01, amount: 1000000 }
                service_levels:
                  uptime:
                    page: 9
                    steps: { first: { below: 0.999, credit: 0.1 }, second: { below: 0.99, credit: 0.25 } }
                    claim_within_days: 30
        """;

    [Fact]
    public void The_sample_holds_the_six_arrangements()
    {
        var book = ContractBinding.BookOf(Sample());

        Sum(book, "aws", "spend").ShouldBe(38_000_000_000m);
        Windows(book, "aws", "spend").Count.ShouldBe(7);
        Windows(book, "oracle", "power").ShouldAllBe(window => window.Amount == 30_000_000_000m);
        var level = Terms(book, "aws").Clauses.OfType<ServiceLevel>().ShouldHaveSingleItem();
        (level.Per, level.MinAttempts, level.ClaimWithinDays).ShouldBe((LevelScope.Region, 1_000, 30));
        level.CreditFor(0.98m).ShouldBe(0.25m);
        Terms(book, "oracle").Tranches.Sum(tranche => tranche.Megawatts).ShouldBe(4500);
        var coreweave = Terms(book, "coreweave");
        var fees = coreweave.Fees.Sum(fee => fee.Tranches.Sum(id => fee.MonthlyFor(coreweave.Find<CapacityTranche>(id)!)));
        (fees * 60 / 1_000_000_000m).ShouldBe(12m, 0.1m);
        Terms(book, "google").Scopes.ShouldHaveSingleItem().Uses.Countries.ShouldBe(["US", "GB", "JP", "NL", "NO"]);
        Terms(book, "own").Sites.Select(site => site.State).ShouldBe(["TX", "MI", "GA", "NM"]);
    }

    [Theory]
    [InlineData("2024-06-01", 1, "exclusivity")]
    [InlineData("2025-06-01", 2, "first_refusal")]
    [InlineData("2026-06-01", 3, "none")]
    public void The_sole_provider_becomes_one_that_is_asked_first_and_then_one_of_many(string day, int version, string right)
    {
        var terms = Terms(ContractBinding.BookOf(Sample()), "azure", day);

        terms.Version.Number.ShouldBe(version);
        terms.Clauses.OfType<Exclusivity>().Any().ShouldBe(right == "exclusivity");
        terms.Clauses.OfType<FirstRefusal>().Any().ShouldBe(right == "first_refusal");
    }

    [Fact]
    public void What_was_not_known_then_is_not_said_of_then()
    {
        var book = ContractBinding.BookOf(Sample());
        var then = new DateTimeOffset(2025, 6, 1, 0, 0, 0, TimeSpan.Zero);

        book.AsOf(then.AddYears(1), then).Single(terms => terms.Contract.Id == "azure").Version.Number.ShouldBe(2);
        book.AsOf(then.AddYears(1), then.AddYears(1)).Single(terms => terms.Contract.Id == "azure").Version.Number.ShouldBe(3);
    }

    [Theory]
    [InlineData("provider: azure\n    versions", "provider: aws\n    versions", "contracts.aws.provider: there is no provider aws. Write one of azure, own.")]
    [InlineData("\"1\":", "\"2\":", "contracts.aws.versions.2: versions are numbered 1, 2, 3 in their order. This one should be 1.")]
    [InlineData("until: 2027-01-01", "until: 2025-01-01", "contracts.aws.versions.1.commitments.spend: a window ends before it begins.")]
    [InlineData("valid_from: 2026-01-01", "valid_from: 2026-01-01T00:30Z", "contracts.aws.versions.1: valid from 2026-01-01 00:30:00Z is not a whole hour of UTC. Contracts know whole hours only.")]
    [InlineData("valid_from: 2026-01-01", "valid_from: soon", "contracts.aws.versions.1.valid_from: \"soon\" is not valid here. Write a day, such as 2026-01-31, or a time in UTC, such as 2026-01-31T05:00Z.")]
    [InlineData("amount: 1000000", "amount: -1", "contracts.aws.versions.1.commitments.spend.windows.y1.amount: -1 is out of range. Write a number, from 0 to 1000000000000000.")]
    [InlineData("document: agreement.pdf", "currency: USD", "contracts.aws.versions.1.currency: no such key.")]
    [InlineData("page: 4", "page: 4\n            owed_share: 1.5", "owed_share: 1.5 is out of range")]
    [InlineData("below: 0.99,", "below: 0.9995,", "contracts.aws.versions.1.service_levels.uptime: steps go down in availability and up in credit. Order them so.")]
    [InlineData("credit: 0.1 ", "credit: 0 ", "contracts.aws.versions.1.service_levels.uptime: thresholds and credits are above 0 and at most 1.")]
    [InlineData("claim_within_days: 30", "claim_within_days: 0", "service_levels.uptime.claim_within_days: 0 is out of range. Write a whole number, from 1 to 3650.")]
    [InlineData("page: 9", "page: 9\n            per: city", "service_levels.uptime.per: \"city\"")]
    [InlineData("document: agreement.pdf", "document: agreement.pdf\n        opening: { books_from: 2026-03-01T00:30Z }", "versions.1.opening.books_from: 2026-03-01 00:30:00Z is not a whole hour of UTC. Begin the books on the hour, best with the first of a month.")]
    [InlineData("document: agreement.pdf", "document: agreement.pdf\n        opening: { books_from: 2026-03-01 }", "versions.1.opening: its window from 2026-01-01 is open as the books begin, and nothing is said of it. Write what was drawn, 0 if nothing was.")]
    [InlineData("document: agreement.pdf", "document: agreement.pdf\n        opening: { books_from: 2026-03-01, commitments: { spend: { window: 2026-01-01, drawn: 1000001 } } }", "versions.1.opening.commitments.spend: 1000001 drawn exceeds what is committed, 1000000. Write what was drawn beyond it as surplus.")]
    [InlineData("document: agreement.pdf", "document: agreement.pdf\n        opening: { books_from: 2026-03-01, commitments: { spend: { window: 2026-02-01, drawn: 1 } } }", "versions.1.opening.commitments.spend: no window begins on 2026-02-01 00:00:00Z. Windows begin on 2026-01-01.")]
    [InlineData("document: agreement.pdf", "document: agreement.pdf\n        opening: { books_from: 2026-03-01, commitments: { spend: { window: 2026-01-01, drawn: 1, caps: { market: { drawn: 1 } } } } }", "opening.commitments.spend.caps.market: the commitment has no such cap. Write one of: none.")]
    public void A_mistake_is_told_with_its_place(string old, string replacement, string error)
    {
        Agreement.ShouldContain(old);
        var reading = ConfigText.Read(ConfigText.Small + Agreement.Replace(old, replacement, StringComparison.Ordinal));

        reading.Errors.Select(each => each.ToString()).ShouldContain(each => each.Contains(error), string.Join('\n', reading.Errors));
    }

    [Theory]
    [InlineData("2026-03-01", true)]
    [InlineData("2026-06-30", true)]
    [InlineData("2026-07-01", false)]
    public void A_deployment_that_a_sole_provider_bars_is_refused_until_its_right_ends(string today, bool isBarred)
    {
        var text = ConfigText.Small + Agreement.Replace(
            "        commitments:",
            "        exclusivities:\n          sole: { page: 6, until: 2026-07-01 }\n        commitments:",
            StringComparison.Ordinal);
        var time = new FixedTime(today);

        var errors = new ConfigReader(ConfigText.Environment, time: time).ReadText(text, "sahab.yaml").Errors;

        if (!isBarred)
        {
            errors.ShouldBeEmpty();
            return;
        }

        var error = errors.ShouldHaveSingleItem().ToString();
        error.ShouldContain("deployments.own-abilene: azure is the only provider for this until 2026-07-01T00:00Z");
        error.ShouldContain("contract aws, clause sole: agreement.pdf, page 6");
    }

    [Fact]
    public void Canonical_text_knows_what_changes_nothing_from_what_does()
    {
        var original = VersionOf(Agreement);

        CanonicalText.Of(VersionOf(Agreement.Replace("amount: 1000000", "amount: 1000000.00", StringComparison.Ordinal)))
            .ShouldBe(CanonicalText.Of(original));
        CanonicalText.Of(VersionOf(Agreement.Replace("page: 4", "page: 4\n            owed_share: 1", StringComparison.Ordinal)))
            .ShouldBe(CanonicalText.Of(original));
        CanonicalText.Of(VersionOf(Agreement.Replace("amount: 1000000", "amount: 1000001", StringComparison.Ordinal)))
            .ShouldNotBe(CanonicalText.Of(original));
    }

    static ContractVersionConfig VersionOf(string contracts) =>
        ConfigText.Read(ConfigText.Small + contracts).Config.ShouldNotBeNull().Contracts[0].Versions[0];

    static SahabConfig Sample() => new ConfigReader(ConfigText.Environment)
        .Read(Path.Combine(ConfigText.Root, "samples/six-clouds/sahab.yaml")).Config.ShouldNotBeNull();

    static ContractTerms Terms(ContractBook book, string contract, string day = "2026-11-22")
    {
        var at = DateTimeOffset.Parse(day + "T00:00:00Z", null);
        return book.AsOf(at, DateTimeOffset.MaxValue.ToUniversalTime()).Single(terms => terms.Contract.Id == contract);
    }

    static ValueList<CommitmentWindow> Windows(ContractBook book, string contract, string commitment) =>
        Terms(book, contract).Find<Commitment>(commitment)!.Windows;

    static decimal Sum(ContractBook book, string contract, string commitment) =>
        Windows(book, contract, commitment).Sum(window => window.Amount);
}
