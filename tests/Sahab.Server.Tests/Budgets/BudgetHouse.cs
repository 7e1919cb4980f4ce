using Sahab.Ledger.Budgets;
using Sahab.Server.Sell.Budgets;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Sell.Prices;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Budgets;

/// <summary>A house that sells: ten tokens of output cost a cent, a prompt nothing.</summary>
internal static class BudgetHouse
{
    public const int OutputTokens = 10;

    public const string Budgets = "api/organisations/demo/budgets";

    public const long CentNano = 10_000_000;

    public const string Prices = """

        price_book:
          lists:
            first:
              from: 2020-01-01
              prices:
                small: { prompt: 0, output: 1000 }
        """;

    public static Task<TestHouse> StartAsync(
        TimeProvider? time = null, string? yaml = null, Sahab.Emulator.Configuration.EmulatorConfig? clouds = null,
        string? postgres = null) =>
        TestHouse.StartAsync((yaml ?? Samples.TwoCloudsYaml) + Prices, clouds, time: time, postgres: postgres);

    /// <summary>What the ledger says that the demo tenant bought, in nano-USD, each event by the price of its time.</summary>
    public static async Task<long> SoldAsync(TestHouse house)
    {
        await house.CallsAsync();
        while (house.Get<UnrecordedUsage>().Count > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20));
        }

        await house.DrainLedgerAsync();
        var prices = house.Get<PriceShelf>().Current;
        return (await Books.ReadEventsAsync(house.Get<UsageStore>())).Where(usage => usage.Tenant == "demo").Sum(
            usage => BudgetUse.Of(
                usage.Outcome, usage.Usage,
                prices.TermsFor(usage.Tenant, usage.Model, usage.ServiceTier, usage.StartedAt)).NanoUsd);
    }

    /// <summary>How a budget stands, as the API tells it.</summary>
    public static async Task<Sahab.Routing.Admission.BudgetReading> ReadAsync(TestHouse house, string budget)
    {
        var found = house.Get<BudgetShelf>().Find("demo")!.Budgets[budget];
        return await house.Get<BudgetReadings>().ReadAsync(found, CancellationToken.None);
    }
}
