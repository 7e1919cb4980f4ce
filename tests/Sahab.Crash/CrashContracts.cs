using Sahab.Ledger.Contracts;

namespace Sahab.Crash;

/// <summary>Contracts for the events of <see cref="CrashEvents"/>, with and without an amendment that reaches back.</summary>
public static class CrashContracts
{
    static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    static readonly ClauseSource Page = new("MSA.pdf", 1);

    /// <summary>The day on which the process believes to live: some hours are settled by then.</summary>
    public static DateTimeOffset Today { get; } = Start.AddDays(12);

    /// <summary>The contracts, by the number of versions that the first of them has: 1 or 2.</summary>
    public static ContractBook Book(int versions) => new(
        [
            new Contract
            {
                Id = "azure",
                Provider = "azure",
                Versions = new[]
                {
                    Version(1, 0.1m, 0),
                    Version(2, 0.35m, 1),
                }.Take(versions).ToValueList(),
            },
            new Contract
            {
                Id = "google",
                Provider = "google",
                Versions =
                [
                    new ContractVersion
                    {
                        Number = 1,
                        ValidFrom = Start,
                        KnownFrom = Start,
                        Clauses =
                        [
                            new CapacityTranche
                            {
                                Id = "gpus", Source = Page, Site = "site", Country = "US", Gpus = 7, DueAt = Start,
                                AcceptedAt = Start,
                            },
                            new ReservedFee { Id = "fee", Source = Page, Tranches = ["gpus"], PerMonth = 1000m / 7 },
                        ],
                    },
                ],
            },
        ],
        []);

    static ContractVersion Version(int number, decimal discount, int days) => new()
    {
        Number = number,
        ValidFrom = Start,
        KnownFrom = Start.AddDays(days),
        Clauses =
        [
            new Rate { Id = "rate", Source = Page, Discount = discount, Tiers = [new VolumeTier(0.5m, 0.1m)] },
            new Commitment
            {
                Id = "spend",
                Source = Page,
                Windows =
                [
                    new CommitmentWindow(Start, Start.AddDays(3), 40),
                    new CommitmentWindow(Start.AddDays(3), Start.AddDays(300), 90),
                ],
                ShortfallRollover = 0.5m,
                SurplusRollover = 0.5m,
            },
        ],
    };
}

/// <summary>The system's time with a wall clock that stands at one day.</summary>
public sealed class StandingTime(DateTimeOffset now) : TimeProvider
{
    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => now;
}
