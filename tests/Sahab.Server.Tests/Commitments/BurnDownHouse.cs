using Sahab.Ledger.Rating;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Source.Commitments;
using Sahab.Server.Tests.Contracts;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Commitments;

/// <summary>
/// A server on 1 November 2026 with the worked example of <c>docs/burn-down.md</c>: 5 million until July, of which each
/// weekday draws 12,000 and each day of the weekend 5,000; at full use it would be 20,000.
/// </summary>
internal static class BurnDownHouse
{
    public static readonly DateOnly Today = new(2026, 11, 1);

    const string Contracts = """

        contracts:
          cloud:
            provider: azure
            versions:
              "1":
                valid_from: 2026-07-01
                known_from: 2026-07-01
                ends: 2028-07-01
                document: agreement.pdf
                commitments:
                  spend:
                    page: 4
                    windows:
                      y1: { from: 2026-07-01, until: 2027-07-01, amount: 5000000 }
                      y2: { from: 2027-07-01, until: 2028-07-01, amount: 6000000 }
                rates:
                  all: { page: 7, tokens: { prompt: 100, output: 100 } }
          quiet:
            provider: own
            versions:
              "1": { valid_from: 2026-07-01, known_from: 2026-07-01, document: quiet.pdf }
          large:
            provider: own
            order: 2
            versions:
              "1":
                valid_from: 2026-01-01
                known_from: 2026-01-01
                document: large.pdf
                commitments:
                  spend: { page: 2, windows: { all: { from: 2026-01-01, until: 2033-01-01, amount: 250000000000 } } }
        """;

    public static async Task<TestHouse> StartAsync()
    {
        // Three deployments of azure, each 46,296 × 1,440 tokens a day at 0.0001 dollars: 19,999.87.
        var yaml = Samples.TwoCloudsYaml.Replace(
            "limits: { concurrency: 500 }", "limits: { tokens_per_minute: 46296 }", StringComparison.Ordinal);
        var house = await TestHouse.StartAsync(yaml + Contracts, time: new FixedTime("2026-11-01T00:10:00"));
        await house.Get<UsageStore>().PostAsync(Guid.NewGuid(), 1, [.. Events()], CancellationToken.None);
        await house.Get<SettlementLoop>().SettleAsync(CancellationToken.None);
        return house;
    }

    static IEnumerable<UsageEvent> Events()
    {
        for (var day = new DateOnly(2026, 7, 1); day < Today; day = day.AddDays(1))
        {
            var isWeekend = day.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday;
            var at = new DateTimeOffset(day, new TimeOnly(9, 30), TimeSpan.Zero);
            yield return SampleUsage.Make(day.DayNumber) with
            {
                EventId = SampleUsage.Id(3, day.DayNumber),
                CallId = Guid.CreateVersion7(at),
                Provider = "azure",
                Region = "us",
                Deployment = "azure-us",
                Model = "small",
                Country = "US",
                StartedAt = at,
                Flags = UsageFlags.None,
                Usage = new TokenUsage(isWeekend ? 50_000_000 : 120_000_000, 0, 0, 0),
            };
        }
    }
}
