using Sahab.Ledger.Focus;
using Sahab.Ledger.Rating;
using Sahab.Ledger.Reconciliation;

namespace Sahab.Tests.Ledger;

public class ReconcilerTests
{
    const decimal Tolerance = 0.000001m;

    static readonly DateTimeOffset Start = new(2026, 11, 3, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Books_that_agree_have_no_differences() => Find(Day(1), Day(1)).ShouldBeEmpty();

    [Fact]
    public void What_rounding_adds_is_not_told()
    {
        var day = Day(2);
        Find(day, day.Select(hour => hour with { CostUsd = decimal.Round(hour.CostUsd, 6) })).ShouldBeEmpty();
    }

    [Fact]
    public void Every_planted_error_is_found_and_none_is_invented()
    {
        for (var seed = 1; seed <= 200; seed++)
        {
            var random = new Random(seed);
            var day = Day(seed);
            var bill = day.ToList();
            var planted = new List<(DateTimeOffset, string, DifferenceCause)>();
            // At most one in each hour, and none beside another: they would explain each other.
            for (var at = random.Next(3); at < 22; at += 2 + random.Next(3))
            {
                var victims = bill.Where(hour => hour.Hour == Start.AddHours(at)).ToList();
                var victim = victims[random.Next(victims.Count)];
                planted.Add((victim.Hour, victim.Region, Plant(bill, victim, random)));
            }

            var found = Find(day, bill).Select(each => (each.Key.Hour, each.Key.Region, each.Cause)).Distinct();

            found.OrderBy(each => each.Hour).ShouldBe(planted.OrderBy(each => each.Item1), $"seed {seed}");
        }
    }

    [Fact]
    public void An_error_is_told_with_what_it_costs()
    {
        var hour = Day(3)[0];
        var twice = hour with
        {
            Usage = hour.Usage with { PromptTokens = hour.Usage.PromptTokens + hour.Usage.CachedTokens },
        };

        var difference = Find([hour], [Priced(twice)]).ShouldHaveSingleItem();

        difference.Cause.ShouldBe(DifferenceCause.CachedBilledTwice);
        difference.OverbilledUsd.ShouldBe(hour.Usage.CachedTokens * 2.5m / 1_000_000);
    }

    [Fact]
    public void Calls_that_end_in_the_next_hour_are_no_error_but_told()
    {
        var (first, second) = (Day(4)[0], Day(4)[0] with { Hour = Start.AddHours(1) });
        var late = new TokenUsage(70, 0, 30, 0);
        HourlyUsage[] bill =
        [
            Priced(first with { Usage = Minus(first.Usage, late) }), Priced(second with { Usage = Plus(second.Usage, late) }),
        ];

        var found = Find([first, second], bill);

        found.Count.ShouldBe(4);
        found.ShouldAllBe(difference => difference.Cause == DifferenceCause.LaterHour);
        found.Sum(difference => difference.OverbilledUsd).ShouldBe(0);
    }

    [Fact]
    public void Rows_that_are_not_token_usage_are_counted_and_left_alone()
    {
        var table = FocusWriter.ToTable([Day(5)[0]]);
        var tax = table.Rows[0].ToList();
        tax[table.Columns.ToList().IndexOf("ChargeCategory")] = "Tax";
        tax[table.Columns.ToList().IndexOf("BilledCost")] = "12.5";
        table.Add(tax);

        var books = BillBooks.Read(table);

        (books.OtherRows, books.OtherUsd).ShouldBe((1, 12.5m));
        books.Amounts.Count.ShouldBe(table.Count - 1);
    }

    [Fact]
    public void A_row_that_lacks_what_it_is_compared_by_is_named()
    {
        var table = FocusWriter.ToTable([Day(6)[0]]);
        var row = table.Rows[0].ToList();
        row[table.Columns.ToList().IndexOf("RegionId")] = null;
        table.Add(row);

        Should.Throw<FormatException>(() => BillBooks.Read(table)).Message
            .ShouldStartWith($"Row {table.Count}: RegionId is not a region.");
    }

    static IReadOnlyList<BillDifference> Find(IEnumerable<HourlyUsage> ours, IEnumerable<HourlyUsage> theirs) =>
        Reconciler.Compare(
            BillBooks.Read(FocusWriter.ToTable(ours)), BillBooks.Read(FocusWriter.ToTable(theirs)), Tolerance);

    /// <summary>A day of three regions, whose figures are all different.</summary>
    static List<HourlyUsage> Day(int seed)
    {
        var random = new Random(seed);
        var day = new List<HourlyUsage>();
        for (var at = 0; at < 24; at++)
        {
            foreach (var region in (string[])["us-east-1", "eu-north-1", "ap-northeast-1"])
            {
                var cached = 1000 + random.Next(100_000);
                day.Add(Priced(new HourlyUsage
                {
                    Hour = Start.AddHours(at),
                    Provider = "aws",
                    Region = region,
                    Country = "US",
                    Deployment = "d-" + region,
                    Model = "m",
                    Tenant = "t",
                    ServiceTier = "default",
                    Usage = new TokenUsage(cached + 500_000 + random.Next(1_000_000), cached, 1000 + random.Next(90_000), 0),
                    Prices = PriceTerms.FromUsdPerMillion(2.5m, 0.25m, 10m),
                    CostUsd = 0,
                }));
            }
        }

        return day;
    }

    static HourlyUsage Priced(HourlyUsage hour) =>
        hour with { CostUsd = Rater.Rate(hour.Usage, hour.Prices).ToUsd() };

    /// <summary>Puts an error into the bill, and tells which.</summary>
    static DifferenceCause Plant(List<HourlyUsage> bill, HourlyUsage victim, Random random)
    {
        var (usage, place) = (victim.Usage, bill.IndexOf(victim));
        switch (random.Next(6))
        {
            case 0:
                bill.RemoveAt(place);
                return DifferenceCause.MissingHour;
            case 1:
                bill[place] = Priced(victim with { Usage = usage with { PromptTokens = usage.PromptTokens + usage.CachedTokens } });
                return DifferenceCause.CachedBilledTwice;
            case 2:
                bill[place] = Priced(victim with { Usage = usage with { CachedTokens = 0 } });
                return DifferenceCause.CachedBilledAsPrompt;
            case 3:
                bill[place] = Priced(victim with { Prices = PriceTerms.FromUsdPerMillion(2.75m, 0.3m, 11m) });
                return DifferenceCause.OtherRate;
            case 4:
                bill[place] = victim with { Region = victim.Region == "us-east-1" ? "us-west-2" : "us-east-1" };
                return DifferenceCause.OtherRegion;
            default:
                bill[place] = Priced(victim with { Usage = usage with { OutputTokens = usage.OutputTokens + 1 } });
                return DifferenceCause.OtherQuantity;
        }
    }

    static TokenUsage Minus(TokenUsage left, TokenUsage right) => new(
        left.PromptTokens - right.PromptTokens, left.CachedTokens, left.OutputTokens - right.OutputTokens, 0);

    static TokenUsage Plus(TokenUsage left, TokenUsage right) => new(
        left.PromptTokens + right.PromptTokens, left.CachedTokens, left.OutputTokens + right.OutputTokens, 0);
}
