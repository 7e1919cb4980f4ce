using Sahab.Ledger.Capacity;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Money;
using Sahab.Ledger.Sales;
using Contracts = Sahab.Tests.Ledger.Terms;

namespace Sahab.Tests.Ledger.Capacity;

/// <summary>What may be sold of what is held.</summary>
public sealed class CapacityCourseTests
{
    static readonly DateTimeOffset Never = DateTimeOffset.MaxValue;
    static readonly DateTimeOffset Always = DateTimeOffset.MinValue;

    [Fact]
    public void So_much_may_be_sold_as_is_left_without_the_largest_domain()
    {
        var course = new CapacityCourse([Held("a", 500), Held("b", 300), Held("b", 100), Held("c", 50)], []);

        var step = course.Steps.ShouldHaveSingleItem();
        step.Held.ShouldBe(950);
        (step.Domain, step.InDomain, step.Sellable).ShouldBe(("a", 500, 450));
        new CapacityCourse([Held("a", 500)], []).Steps[0].Sellable.ShouldBe(0);
        new CapacityCourse([], []).Steps[0].Sellable.ShouldBe(0);
        new CapacityCourse([Held("a", 500), Held("b", 301)], [], open: 0.5m).Steps[0].Sellable.ShouldBe(150);
    }

    [Fact]
    public void A_contract_that_ends_within_the_term_binds_and_another_term_is_free_after_what_was_sold_has_ended()
    {
        var course = new CapacityCourse(
            [Held("a", 500), Held("b", 400, Always, Day(20)), Held("c", 100)],
            [Sold("x", 300, Day(1), Day(10)), Sold("y", 50, Day(5), Day(12))]);

        course.Tightest(Day(1), Day(5)).Free.ShouldBe(200);
        course.Tightest(Day(5), Day(6)).Free.ShouldBe(150);
        var binding = course.Tightest(Day(8), Day(25));
        (binding.From, binding.Domain, binding.Free).ShouldBe((Day(20), "a", 100));
        course.FirstRoomFor(200, TimeSpan.FromDays(2), Day(2)).ShouldBe(Day(2));
        course.FirstRoomFor(200, TimeSpan.FromDays(4), Day(2)).ShouldBe(Day(10));
        course.FirstRoomFor(460, TimeSpan.FromDays(4), Day(2)).ShouldBe(Day(12));
        course.FirstRoomFor(460, TimeSpan.FromDays(9), Day(2)).ShouldBeNull();
        course.FirstRoomFor(100, TimeSpan.FromDays(900), Day(2)).ShouldBe(Day(2));
        course.MostHolders(Day(1), Day(30)).ShouldBe(2);
    }

    [Fact]
    public void What_is_bought_whenever_there_is_room_is_covered_at_every_instant_whatever_domain_fails()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var held = Enumerable.Range(0, random.Next(1, 8)).Select(_ =>
            {
                var from = random.Next(-5, 20);
                return Held(
                    $"d{random.Next(4)}", random.Next(0, 100), random.Next(3) == 0 ? Always : Day(from),
                    random.Next(3) == 0 ? Never : Day(from + random.Next(1, 30)));
            }).ToList();
            var (sold, refused) = (new List<SoldCapacity>(), 0);
            for (var order = 0; order < 60; order++)
            {
                var (from, tokens) = (Day(random.Next(0, 40)), random.Next(1, 25));
                var until = from.AddDays(random.Next(1, 12));
                var course = new CapacityCourse(held, sold);
                var tightest = course.Tightest(from, until);
                tightest.Free.ShouldBe(Enumerable.Range(0, (until - from).Days)
                    .Min(day => FreeAt(held, sold, from.AddDays(day))));
                if (tightest.Free >= tokens)
                {
                    sold.Add(Sold($"s{order}", tokens, from, until));
                }
                else
                {
                    refused++;
                    var first = course.FirstRoomFor(tokens, until - from, from);
                    (first is null || course.Tightest(first.Value, first.Value + (until - from)).Free >= tokens).ShouldBeTrue();
                }
            }

            refused.ShouldBeGreaterThan(0);
            for (var day = -10; day < 80; day++)
            {
                FreeAt(held, sold, Day(day)).ShouldBeGreaterThanOrEqualTo(
                    sold.Any(each => each.From <= Day(day) && Day(day) < each.Until) ? 0 : long.MinValue);
            }
        }
    }

    [Fact]
    public void An_outage_takes_what_is_held_away_for_its_time()
    {
        var held = HeldCapacity.Without(
            HeldCapacity.Without([Held("a", 5, Day(1), Day(10))], Day(3), Day(4)), Day(8), Day(12)).ToList();

        held.Select(piece => (piece.From, piece.Until)).ShouldBe([(Day(1), Day(3)), (Day(4), Day(8))]);
        HeldCapacity.Without(held, Always, Never).ShouldBeEmpty();
        HeldCapacity.Without(held, Day(20), Day(21)).Count().ShouldBe(2);
    }

    [Fact]
    public void What_a_contract_covers_is_held_until_it_ends_and_from_the_acceptance_of_its_tranche_on()
    {
        var use = new Use("p", "site", "US", Use.Inference, "m", "d");
        Times(Contracts.Book(), use).ShouldBe([(Always, Never)]);

        var ends = Contracts.Contract("p", "2026-01-01");
        Times(
            Contracts.Book(ends with { Versions = [ends.Versions[0] with { Ends = Contracts.At("2027-01-01") }] }), use)
            .ShouldBe([(Contracts.At("2026-01-01"), Contracts.At("2027-01-01"))]);

        var tranche = new CapacityTranche
        {
            Id = "t",
            Source = Contracts.Page,
            Site = "site",
            Country = "US",
            DueAt = Contracts.At("2026-02-01"),
        };
        Times(Contracts.Book(Contracts.Contract("p", "2026-01-01", tranche)), use).ShouldBeEmpty();
        var accepted = tranche with { AcceptedAt = Contracts.At("2026-03-01"), Until = Contracts.At("2026-09-01") };
        Times(Contracts.Book(Contracts.Contract("p", "2026-01-01", accepted)), use)
            .ShouldBe([(Contracts.At("2026-03-01"), Contracts.At("2026-09-01"))]);
        Times(Contracts.Book(Contracts.Contract("p", "2026-01-01", accepted)), use with { Region = "another" })
            .ShouldBe([(Contracts.At("2026-01-01"), Never)]);
        Times(Contracts.Book(Contracts.Contract("another", "2026-01-01", accepted)), use).ShouldBe([(Always, Never)]);
    }

    [Fact]
    public void What_months_bear_of_a_term_adds_up_to_its_price_exactly()
    {
        for (var seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            var from = Contracts.At("2026-01-01").AddTicks(random.NextInt64(0, TimeSpan.FromDays(700).Ticks));
            var until = from.AddTicks(random.NextInt64(1, TimeSpan.FromDays(500).Ticks));
            var price = new NanoUsd(random.NextInt64(0, 9_000_000_000_000_000_000));
            var months = ReservationCharge.Spread(price, from, until).ToList();

            months.Aggregate(NanoUsd.Zero, (sum, each) => sum + each.Amount).ShouldBe(price);
            months.ShouldAllBe(each => each.Amount.Value >= 0);
            months.Select(each => each.Month).ShouldBe(months.Select(each => each.Month).Distinct().Order());
        }

        ReservationCharge.Spread(new NanoUsd(300), Contracts.At("2026-01-31"), Contracts.At("2026-02-03"))
            .ShouldBe([(new DateOnly(2026, 1, 1), new NanoUsd(100)), (new DateOnly(2026, 2, 1), new NanoUsd(200))]);
    }

    static long FreeAt(List<HeldCapacity> held, List<SoldCapacity> sold, DateTimeOffset at)
    {
        var domains = held.Where(piece => piece.From <= at && at < piece.Until).GroupBy(piece => piece.Domain)
            .Select(group => group.Sum(piece => piece.TokensPerMinute)).ToList();
        return domains.Sum() - domains.DefaultIfEmpty().Max()
            - sold.Where(part => part.From <= at && at < part.Until).Sum(part => part.TokensPerMinute);
    }

    static IEnumerable<(DateTimeOffset From, DateTimeOffset Until)> Times(ContractBook book, Use use) =>
        HeldByContract.TimesOf(book.KnownAt(Contracts.Hindsight), use);

    static HeldCapacity Held(string domain, long tokens, DateTimeOffset? from = null, DateTimeOffset? until = null) =>
        new(domain, domain, tokens, from ?? Always, until ?? Never);

    static SoldCapacity Sold(string id, long tokens, DateTimeOffset from, DateTimeOffset until) =>
        new(id, id, tokens, from, until);

    static DateTimeOffset Day(int day) => Contracts.At("2026-01-01").AddDays(day);
}
