using Sahab.Emulator.Faults;
using Sahab.Ledger.Rating;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.House;
using Sahab.Server.Tests.Keys;
using Xunit.Abstractions;

namespace Sahab.Server.Tests.Budgets;

/// <summary>A hard budget of five dollars, driven by a thousand calls at once of a cent each, while the clouds misbehave.</summary>
public class BudgetLoadTests(ITestOutputHelper output)
{
    const int Callers = 1000;
    const long Limit = 500 * BudgetHouse.CentNano;

    [Fact]
    public async Task Five_dollars_end_within_one_call_and_never_above()
    {
        var clouds = Samples.TwoClouds() with { Speed = 20, Latency = Sahab.Emulator.Configuration.Latency.Realistic };
        await using var house = await BudgetHouse.StartAsync(
            yaml: Samples.TwoCloudsYaml.Replace("between_chunks: 60s", "between_chunks: 3s", StringComparison.Ordinal),
            clouds: clouds);
        using var client = new KeyClient(house);
        using var load = new LoadClient(house.Address, connections: Callers);
        await house.Clouds.AddFaultAsync(new FaultSpec { Cloud = "azure", Kind = FaultKind.Error, Status = 500, Rate = 0.1 });
        await house.Clouds.AddFaultAsync(new FaultSpec { Cloud = "azure", Kind = FaultKind.Cut, Rate = 0.1 });
        await house.Clouds.AddFaultAsync(new FaultSpec { Cloud = "own", Kind = FaultKind.Stall, AfterTokens = 1, Rate = 0.03 });
        await house.Clouds.AddFaultAsync(new FaultSpec { Cloud = "own", Kind = FaultKind.Cut, Rate = 0.1 });
        var budget = await client.SendAsync(HttpMethod.Post, BudgetHouse.Budgets, new
        {
            name = "five dollars",
            measure = "money",
            period = "total",
            limit_usd = "5",
        });
        var ends = await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => DriveAsync(load, caller)));

        var sold = await BudgetHouse.SoldAsync(house);
        var events = await Books.ReadEventsAsync(house.Get<UsageStore>());
        var reading = await BudgetHouse.ReadAsync(house, budget["id"]!.ToString());
        output.WriteLine(
            $"{sold} nano-USD sold; attempts by outcome: "
            + string.Join(", ", events.GroupBy(usage => usage.Outcome).Select(group => $"{group.Key} {group.Count()}")));
        ends.ShouldAllBe(end => end.Status == 402);
        ends.Sum(end => end.Left).ShouldBeGreaterThan(0);
        // Each call states its limit of output and its prompt costs nothing: the documented bound is zero.
        sold.ShouldBeLessThanOrEqualTo(Limit);
        sold.ShouldBeGreaterThan(Limit - BudgetHouse.CentNano);
        reading.Spent.ShouldBe(sold);
        (reading.Reserved, reading.InFlight).ShouldBe((0, 0));
        events.ShouldContain(usage => usage.Outcome == AttemptOutcome.ServerError || usage.Outcome == AttemptOutcome.Cut);
    }

    /// <summary>Calls until it is told that the budget is used up.</summary>
    static async Task<(int Status, int Left)> DriveAsync(LoadClient load, int caller)
    {
        var left = 0;
        for (var turn = 0; ; turn++)
        {
            var stream = (caller + turn) % 2 == 0;
            // Some leave in the middle of an answer, and some before there is any.
            int? leavesAfter = turn > 2 ? null : caller % 25 == 0 && stream ? 300 : caller % 25 == 1 ? 0 : null;
            var end = await load.CallAsync(new CallPlan(20, BudgetHouse.OutputTokens, stream, leavesAfter));
            left += end.Left ? 1 : 0;
            if (end.Status == 402)
            {
                return (end.Status, left);
            }

            if (end.Status is 429 or 503)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100 + (caller % 400)));
            }
        }
    }
}
