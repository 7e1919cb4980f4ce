using FsCheck;
using FsCheck.Fluent;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Postings;
using Sahab.Ledger.Settlements;
using Sahab.Routing.Decisions;

namespace Sahab.Tests.Ledger;

/// <summary>
/// The ledger against another arithmetic: where windows and tier periods are months, what a month comes to can be
/// written down from its volume alone, without looking at an hour.
/// </summary>
public class DirectSumProperties
{
    const int Months = 3;

    static readonly DateTimeOffset Start = Terms.At("2026-01-01");

    [Fact]
    public void A_month_comes_to_what_its_volume_alone_says() => Prop.ForAll(
        Arb.From(Gen.Choose(0, int.MaxValue).Select(seed => (ulong)seed)),
        seed =>
        {
            var random = new RandomSource(seed);
            var rate = RandomRate(ref random);
            var (first, second) = (RandomCommitment(ref random), RandomCommitment(ref random));
            var volumes = new decimal[Months];
            var ledger = new ContractLedger(Book(rate, first, second).KnownAt(Terms.Hindsight));
            var books = new Books(ledger);
            for (var count = 0; count < 40; count++)
            {
                var month = random.NextInt32(Months);
                var at = Start.AddMonths(month).AddHours(random.NextInt32(28 * 24));
                var quantity = random.NextInt32(3_000) / 100m;
                volumes[month] += quantity * rate.UnitPrice!.Value * (1 - rate.Discount);
                books.Take(ledger.Add(Terms.Use("cloud", at.ToString("u"), "gpu", quantity)));
            }

            books.Take(ledger.Settle(Start.AddMonths(Months)));
            return IsAsWritten(books, rate, (first, second), volumes);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(100));

    static bool IsAsWritten(Books books, Rate rate, (Commitment First, Commitment Second) of, decimal[] volumes)
    {
        var (owed, discount, drawn) = (0m, 0m, 0m);
        var (one, two) = (new Course(of.First), new Course(of.Second));
        for (var month = 0; month < Months; month++)
        {
            // By hand: two tiers, each on its own part.
            var (low, high) = (rate.Tiers[0], rate.Tiers[1]);
            var off = (decimal.Clamp(volumes[month] - low.From, 0, high.From - low.From) * low.Discount)
                + (decimal.Max(0, volumes[month] - high.From) * high.Discount);
            var spend = volumes[month] - off;
            var toFirst = decimal.Min(spend, one.Open(month));
            var toSecond = decimal.Min(spend - toFirst, two.Open(month));
            owed += one.Close(month, spend - toSecond) + two.Close(month, toSecond);
            discount += off;
            drawn += spend;
        }

        books.Usd("commitment:drawn:").ShouldBe(drawn, 0.000_001m, "each dollar counts once");
        books.Usd("cost:discount:").ShouldBe(-discount, 0.000_001m);
        books.Usd("cost:shortfall:").ShouldBe(owed, 0.000_001m);
        books.Usd(Account.Payable("cloud")).ShouldBe(-volumes.Sum() + discount - owed, 0.000_001m);
        return true;
    }

    static ContractBook Book(Rate rate, Commitment first, Commitment second) => Terms.Book(
        Terms.Contract("cloud", "2026-01-01", rate, first) with { Id = "first", Order = 1 },
        Terms.Contract("cloud", "2026-01-01", second) with { Id = "second", Order = 2 });

    static Rate RandomRate(ref RandomSource random)
    {
        var low = random.NextInt32(400);
        return new Rate
        {
            Id = "rate",
            Source = Terms.Page,
            UnitPrice = 1 + (random.NextInt32(300) / 100m),
            Discount = random.NextInt32(40) / 100m,
            Tiers =
            [
                new VolumeTier(low, random.NextInt32(30) / 100m),
                new VolumeTier(low + 1 + random.NextInt32(300), random.NextInt32(60) / 100m),
            ],
        };
    }

    static Commitment RandomCommitment(ref RandomSource random)
    {
        var windows = new CommitmentWindow[Months];
        for (var month = 0; month < Months; month++)
        {
            windows[month] = new CommitmentWindow(
                Start.AddMonths(month), Start.AddMonths(month + 1), random.NextInt32(500));
        }

        return new Commitment
        {
            Id = "commitment",
            Source = Terms.Page,
            Windows = windows.ToValueList(),
            OwedShare = random.NextInt32(100) / 100m,
            SurplusRollover = random.NextInt32(100) / 100m,
            ShortfallRollover = random.NextInt32(100) / 100m,
        };
    }

    /// <summary>A commitment from month to month.</summary>
    sealed class Course(Commitment commitment)
    {
        decimal _carried;
        decimal _deferred;

        decimal Target(int month) => commitment.Windows[month].Amount + _deferred;

        public decimal Open(int month) => decimal.Max(0, Target(month) - _carried);

        public decimal Close(int month, decimal drawn)
        {
            var (amount, isLast) = (commitment.Windows[month].Amount, month == Months - 1);
            var rest = Target(month) - _carried - drawn;
            _carried = decimal.Min(decimal.Max(0, -rest), commitment.SurplusRollover * amount);
            _deferred = isLast ? 0 : decimal.Min(decimal.Max(0, rest), commitment.ShortfallRollover * amount);
            return (decimal.Max(0, rest) - _deferred) * commitment.OwedShare;
        }
    }
}
