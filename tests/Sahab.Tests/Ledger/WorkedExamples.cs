using System.Globalization;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Rating;
using Sahab.Tests.House;

namespace Sahab.Tests.Ledger;

/// <summary>The contracts of docs/contracts.md. Dates and unit rates are illustrative.</summary>
internal static class WorkedExamples
{
    const decimal Million = 1_000_000;
    const decimal Billion = 1_000_000_000;

    /// <summary>Tokens on capacity that is paid for otherwise.</summary>
    static readonly Rate Included = new()
    {
        Id = "included",
        Source = Terms.Page,
        Uses = Terms.Of(Use.Inference),
        Tokens = default(PriceTerms),
    };

    static readonly string Document = Repository.Read("docs/contracts.md");

    /// <summary>The figure is the one of the document, to the cent.</summary>
    public static void ShouldBeAsWritten(this decimal actual, string written)
    {
        Document.ShouldContain(written);
        decimal.Round(actual, 2, MidpointRounding.ToEven)
            .ShouldBe(decimal.Parse(written, NumberStyles.Number, CultureInfo.InvariantCulture));
    }

    public static ContractBook Aws() => Terms.Book(Terms.Contract(
        "aws",
        "2026-01-01",
        new Commitment
        {
            Id = "ramp",
            Source = Terms.Page,
            Windows = CommitmentWindow.Yearly(
                Terms.At("2026-01-01"),
                2 * Billion, 4 * Billion, 5 * Billion, 6 * Billion, 7 * Billion, 7 * Billion, 7 * Billion),
            Excluded = [Terms.Of("support")],
            Caps = [new DrawdownCap(Terms.Of("marketplace"), 0.25m)],
        },
        new Rate
        {
            Id = "gpu-hours",
            Source = Terms.Page,
            Uses = Terms.Of("gpu-hours"),
            UnitPrice = 4m,
            Discount = 0.12m,
            Tiers = [new VolumeTier(100 * Million, 0.05m), new VolumeTier(200 * Million, 0.08m)],
        }));

    public static ContractBook Oracle() => Terms.Book(Terms.Contract(
        "oracle",
        "2026-10-01",
        new Commitment
        {
            Id = "power",
            Source = Terms.Page,
            Windows = CommitmentWindow.Yearly(
                Terms.At("2027-01-01"), 15 * Billion, 30 * Billion, 30 * Billion, 30 * Billion, 30 * Billion),
            ShortfallRollover = 0.05m,
        },
        new ReservedFee
        {
            Id = "site-fee",
            Source = Terms.Page,
            Tranches = ["abilene", "shackelford", "dona-ana", "lordstown", "saginaw"],
            PerMonth = 500 * Million,
        },
        Site("abilene", "2027-01-01", "2027-01-01"),
        Site("shackelford", "2027-04-01", "2027-04-01"),
        Site("dona-ana", "2027-07-01", "2027-07-20"),
        Site("lordstown", "2027-10-01", "2027-10-01"),
        Site("saginaw", "2028-01-01", "2028-01-01")));

    public static ContractBook CoreWeave() => Terms.Book(Terms.Contract(
        "coreweave",
        "2026-01-01",
        new Commitment
        {
            Id = "term",
            Source = Terms.Page,
            Windows = CommitmentWindow.Yearly(
                Terms.At("2026-01-01"),
                2_300 * Million, 2_425 * Million, 2_425 * Million, 2_425 * Million, 2_425 * Million),
            SurplusRollover = 1,
        },
        new Prepayment
        {
            Id = "deposit",
            Source = Terms.Page,
            Amount = 1_800 * Million,
            PaidAt = Terms.At("2026-01-01"),
            Uses = Terms.Of(Use.Capacity),
        },
        Included,
        Gpus("gb200", "GB200", 40_000, "2026-01-01"),
        Gpus("h100", "H100", 20_000, "2026-03-11"),
        new ReservedFee
        {
            Id = "gb200-fee",
            Source = Terms.Page,
            Tranches = ["gb200"],
            Per = FeeUnit.Gpu,
            PerMonth = 4_200,
        },
        new ReservedFee
        {
            Id = "h100-fee",
            Source = Terms.Page,
            Tranches = ["h100"],
            Per = FeeUnit.Gpu,
            PerMonth = 1_600,
        }));

    public static ContractBook Google() => Terms.Book(Terms.Contract(
        "google",
        "2026-09-01",
        new Scope
        {
            Id = "countries",
            Source = Terms.Page,
            Uses = new Selector { Countries = ["US", "GB", "JP", "NL", "NO"] },
        },
        new Rate
        {
            Id = "tokens",
            Source = Terms.Page,
            Uses = Terms.Of(Use.Inference),
            Tokens = PriceTerms.FromUsdPerMillion(0.50m, 0.05m, 2m),
            Discount = 0.10m,
        },
        new CommittedUse
        {
            Id = "gpu-baseline",
            Source = Terms.Page,
            Uses = Terms.Of("gpu-hours"),
            Baseline = 10_000,
            UnitPrice = 0.55m,
        }));

    public static ContractBook Azure()
    {
        var commitment = new Commitment
        {
            Id = "commitment",
            Source = new ClauseSource("azure-agreement.pdf", 14),
            Windows = CommitmentWindow.Yearly(Terms.At("2024-01-01"), 8 * Billion, 10 * Billion, 13 * Billion),
        };
        return Terms.Book(new Contract
        {
            Id = "azure",
            Provider = "azure",
            Versions =
            [
                Terms.Version(
                    1,
                    "2023-01-23",
                    commitment,
                    new Exclusivity { Id = "sole", Source = new ClauseSource("azure-agreement.pdf", 9) }),
                Terms.Version(
                    2,
                    "2025-01-21",
                    new FirstRefusal
                    {
                        Id = "first-refusal",
                        Source = new ClauseSource("azure-amendment-1.pdf", 2),
                        NoticeDays = 10,
                        SignWithinDays = 90,
                    })
                with { Drops = ["sole"] },
                Terms.Version(
                    3,
                    "2025-10-28",
                    commitment with
                    {
                        Source = new ClauseSource("azure-amendment-2.pdf", 5),
                        Windows = CommitmentWindow.Yearly(
                            Terms.At("2025-01-01"),
                            10 * Billion, 20 * Billion, 30 * Billion, 40 * Billion, 40 * Billion, 40 * Billion,
                            40 * Billion, 40 * Billion),
                    })
                with { Drops = ["first-refusal"] },
            ],
        });
    }

    public static ContractBook Own() => Terms.Book(Terms.Contract(
        "own",
        "2026-04-01",
        Included,
        OwnSite("abilene", "TX", 300, 0.80m, 32m, 9_000_000),
        OwnSite("columbus", "OH", 100, 0.75m, 45m, 3_200_000),
        OwnSite("port-washington", "WI", 150, 0.80m, 41m, 4_500_000),
        OwnSite("las-cruces", "NM", 200, 0.70m, 28m, 6_000_000)));

    static CapacityTranche Site(string site, string due, string accepted) => new()
    {
        Id = site,
        Source = Terms.Page,
        Site = site,
        Country = "US",
        Megawatts = 900,
        DueAt = Terms.At(due),
        AcceptedAt = Terms.At(accepted),
        Late = new LateDelivery(2_000_000, GraceDays: 5, MaxDays: 60),
        ExitAfterDays = 120,
    };

    static CapacityTranche Gpus(string id, string kind, int gpus, string accepted) => new()
    {
        Id = id,
        Source = Terms.Page,
        Site = "us-east-04",
        Country = "US",
        GpuKind = kind,
        Gpus = gpus,
        DueAt = Terms.At("2026-01-01"),
        AcceptedAt = Terms.At(accepted),
    };

    static OwnSite OwnSite(
        string id, string state, int megawatts, decimal load, decimal energy, decimal monthly) => new()
        {
            Id = id,
            Source = Terms.Page,
            Region = id,
            Country = "US",
            State = state,
            Megawatts = megawatts,
            LoadFactor = load,
            EnergyPerMegawattHour = energy,
            FixedPerMonth = monthly,
        };
}
