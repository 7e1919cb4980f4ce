using System.Net;
using Sahab.Server.Sell.Capacity;
using Sahab.Server.Tests.Database;
using Sahab.Server.Tests.Faults;

namespace Sahab.Server.Tests.Capacity;

/// <summary>Two nodes on one PostgreSQL.</summary>
[Collection(PostgresTests.Name)]
public class CapacityNodesTests(PostgresServer postgres)
{
    [Fact]
    public async Task Of_many_who_want_the_last_units_at_both_nodes_as_many_get_them_as_there_are_and_each_stage_is_told_once()
    {
        var store = await postgres.CreateDatabaseAsync();
        await using var one = await CapacityHouse.StartAsync(store);
        await using var other = await CapacityHouse.StartAsync(store, time: Later());

        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(
            number => (number % 2 == 0 ? one : other).ReserveAsync(1, number % 3 == 0 ? "quarter" : "day", renews: true)));
        answers.Count(answer => answer.Status == HttpStatusCode.OK).ShouldBe(12);

        one.Time.SetClock(TimeSpan.FromDays(0.95));
        other.Time.SetClock(TimeSpan.FromDays(0.95));
        for (var round = 0; round < 4; round++)
        {
            await Task.WhenAll(one.CatchUpAsync(), other.CatchUpAsync());
        }

        var log = await one.LogAsync();
        log.Distinct().Count().ShouldBe(log.Count);
        log.Count(entry => entry.Action == "capacity.started").ShouldBe(12);
        var days = answers.Count(answer => answer.Status == HttpStatusCode.OK && answer.Body["term"]!.ToString() == "day");
        log.Count(entry => entry.Action == "capacity.ending").ShouldBe(days);
        log.Count(entry => entry.Action == "capacity.reserved").ShouldBe(12 + days);
        (await other.ReserveAsync(1, from: "2026-01-02")).Status.ShouldBe(HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task What_one_node_sold_is_in_force_at_the_other_when_it_has_asked()
    {
        var store = await postgres.CreateDatabaseAsync();
        await using var one = await CapacityHouse.StartAsync(store);
        await using var other = await CapacityHouse.StartAsync(store, time: Later());
        await one.ReservedAsync(12);
        one.House.Get<CapacityShelf>().Current.ShouldHaveSingleItem().TokensPerMinute.ShouldBe(1200);

        await other.CatchUpAsync();
        other.House.Get<CapacityShelf>().Current.ShouldBe(one.House.Get<CapacityShelf>().Current);
        await other.PassAsync(TimeSpan.FromDays(1.5));
        other.House.Get<CapacityShelf>().Current.ShouldBeEmpty();
    }

    /// <summary>The other node's clock goes before.</summary>
    static HandTime Later()
    {
        var time = new HandTime();
        time.SetClock(TimeSpan.FromMilliseconds(7));
        return time;
    }
}
