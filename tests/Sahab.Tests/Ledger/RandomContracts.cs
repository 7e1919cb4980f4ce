using Sahab.Ledger.Contracts;
using Sahab.Ledger.Rating;
using Sahab.Routing.Decisions;

namespace Sahab.Tests.Ledger;

/// <summary>Contracts with every kind of clause that moves money, and amendments to them, from a seed.</summary>
internal sealed class RandomContracts(ulong seed)
{
    /// <summary>A week that cross the end of a month.</summary>
    public const int Hours = 168;

    public static readonly DateTimeOffset Start = Terms.At("2026-01-28");

    static readonly string[] Deployments = ["d0", "d1", "d2"];
    static readonly string[] Services = ["gpu", "market", "support"];

    RandomSource _random = new(seed); // A mutable struct: not readonly.

    public static DateTimeOffset End => Start.AddHours(Hours);

    /// <summary>Two providers; the first may have two contracts, of which the second knows no end.</summary>
    public ContractBook Book()
    {
        var contracts = new List<Contract> { Contract("alpha", "alpha-1", "USD", 0) };
        if (Chance(2))
        {
            contracts.Add(Contract("alpha", "alpha-2", Chance(2) ? "EUR" : "USD", 1));
        }

        contracts.Add(Contract("beta", "beta-1", "EUR", 0));
        return new ContractBook(
            contracts,
            [
                new CurrencyRate("EUR", new DateOnly(2020, 1, 1), 1.0825m),
                new CurrencyRate("EUR", new DateOnly(2026, 1, 30), 1.0931m),
                new CurrencyRate("EUR", new DateOnly(2026, 2, 3), 1.07m),
            ]);
    }

    Contract Contract(string provider, string id, string currency, int order)
    {
        var versions = new List<ContractVersion>();
        var stated = new List<string>();
        var known = Start.AddDays(-30);
        var count = 1 + Next(4);
        for (var number = 1; number <= count; number++)
        {
            var clauses = Enumerable.Range(0, number == 1 ? 6 : 2).Select(_ => Clause())
                .Concat(number == 1 ? [Tranche(0), Tranche(1)] : Array.Empty<Clause>())
                .DistinctBy(clause => clause.Id).ToValueList();
            var from = number == 1 ? Start.AddHours(Next(40) - 30) : Instant();
            versions.Add(new ContractVersion
            {
                Number = number,
                ValidFrom = from,
                KnownFrom = known,
                Ends = Chance(8) ? from.AddHours(1 + Next(Hours)) : null,
                Clauses = clauses,
                Drops = number > 1 && Chance(2) ? [stated[Next(stated.Count)]] : [],
            });
            stated.AddRange(clauses.Select(clause => clause.Id));
            known = known.AddDays(number == 1 ? 30 + Next(10) : Next(10));
        }

        return new Contract
        {
            Id = id,
            Provider = provider,
            Currency = currency,
            Order = order,
            Versions = versions.ToValueList(),
        };
    }

    Clause Clause() => Next(10) switch
    {
        0 or 1 => Rate(),
        2 or 3 => Commitment(),
        4 => new CommittedUse
        {
            Id = "committed" + Next(2),
            Source = Terms.Page,
            Uses = Selector(),
            Measure = (Measure)Next(2),
            Baseline = 1 + Next(30),
            UnitPrice = Next(100) / 100m,
        },
        5 => new Prepayment
        {
            Id = "paid" + Next(2),
            Source = Terms.Page,
            Amount = 1 + Next(300),
            PaidAt = Instant(),
            Until = Chance(2) ? Start.AddHours(60 + Next(Hours)) : null,
            Uses = Chance(2) ? Sahab.Ledger.Contracts.Selector.All : Selector(),
        },
        6 => new Credit { Id = "credit" + Next(2), Source = Terms.Page, Amount = 1 + Next(90), GrantedAt = Instant() },
        7 => Tranche(Next(2)),
        8 => new ReservedFee
        {
            Id = "fee",
            Source = Terms.Page,
            Tranches = ["tranche0", "tranche1"],
            Per = (FeeUnit)Next(3),
            PerMonth = Next(9000) / 7m,
        },
        _ => new OwnSite
        {
            Id = "own",
            Source = Terms.Page,
            Region = "site",
            Country = "US",
            Megawatts = Next(3),
            LoadFactor = Next(100) / 100m,
            EnergyPerMegawattHour = Next(90) / 7m,
            FixedPerMonth = Next(5000) / 3m,
        },
    };

    CapacityTranche Tranche(int number) => new()
    {
        Id = "tranche" + number,
        Source = Terms.Page,
        Site = "site",
        Country = "US",
        Gpus = Next(5),
        Megawatts = 3,
        DueAt = Instant(),
        AcceptedAt = Chance(2) ? null : Instant(),
        Late = Chance(2) ? new LateDelivery(1 + Next(50), Next(2), 1 + Next(4)) : null,
    };

    Rate Rate() => new()
    {
        Id = "rate" + Next(3),
        Source = Terms.Page,
        Uses = Selector(),
        From = Chance(6) ? Start.AddHours(Next(Hours / 2)) : null,
        Until = Chance(6) ? Start.AddHours(Hours - Next(Hours / 3)) : null,
        Tokens = Chance(2) ? PriceTerms.FromUsdPerMillion(Next(900) / 7m, Next(90) / 7m, Next(3000) / 7m) : null,
        UnitPrice = Chance(2) ? Next(900) / 7m : null,
        Discount = Next(40) / 100m,
        TierPeriod = (CalendarPeriod)Next(3),
        Tiers = Chance(2)
            ? [new VolumeTier(Next(20), Next(20) / 100m), new VolumeTier(30 + Next(200), Next(50) / 100m)]
            : [],
    };

    Commitment Commitment()
    {
        var windows = new List<CommitmentWindow>();
        var from = Start.AddHours(Next(20) - 30);
        for (var count = 1 + Next(4); count > 0; count--)
        {
            var until = from.AddHours(20 + Next(120));
            windows.Add(new CommitmentWindow(from, until, Next(400)));
            from = Chance(4) ? until.AddHours(Next(20)) : until;
        }

        var measure = Chance(4) ? Measure.Quantity : Measure.Spend;
        return new Commitment
        {
            Id = "commitment" + Next(2),
            Source = Terms.Page,
            Measure = measure,
            UnitPrice = measure == Measure.Quantity ? Next(50) / 1000m : 0,
            Basis = (DrawdownBasis)Next(2),
            Windows = windows.ToValueList(),
            Eligible = Chance(2) ? Sahab.Ledger.Contracts.Selector.All : Selector(),
            Excluded = Chance(2) ? [Terms.Of("support")] : [],
            Caps = Chance(2) ? [new DrawdownCap(Terms.Of("market"), Next(100) / 100m)] : [],
            OwedShare = Chance(2) ? 1 : Next(100) / 100m,
            SurplusRollover = Next(100) / 100m,
            ShortfallRollover = Chance(2) ? 0 : Next(100) / 100m,
        };
    }

    Selector Selector() => Next(4) switch
    {
        0 => Sahab.Ledger.Contracts.Selector.All,
        1 => new Selector { Deployments = [Deployments[Next(3)], Deployments[Next(3)]] },
        2 => new Selector { Services = [Services[Next(3)], Services[Next(3)]] },
        _ => new Selector { Countries = ["US"], Services = ["inference", Services[Next(3)]] },
    };

    DateTimeOffset Instant() => Start.AddHours(Next(Hours));

    bool Chance(int oneIn) => Next(oneIn) == 0;

    int Next(int bound) => _random.NextInt32(bound);
}
