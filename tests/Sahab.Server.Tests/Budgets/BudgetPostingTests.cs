using System.Globalization;
using Microsoft.Extensions.Hosting;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Budgets;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Tests.Database;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.House;
using Sahab.Server.Tests.Keys;

namespace Sahab.Server.Tests.Budgets;

/// <summary>What is spent of a budget is what the ledger says, on both engines.</summary>
[Collection(PostgresTests.Name)]
public class BudgetPostingTests(PostgresServer postgres)
{
    static readonly CallPlan Cent = new(10, BudgetHouse.OutputTokens, Stream: false);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_correction_of_an_event_corrects_what_is_spent(bool onPostgres)
    {
        await using var house = await StartAsync(onPostgres);
        using var client = new KeyClient(house);
        using var load = new LoadClient(house.Address);
        var budget = await SetAsync(client, "year");
        (await load.CallAsync(Cent)).Status.ShouldBe(200);
        (await load.CallAsync(Cent)).Status.ShouldBe(200);
        await BudgetHouse.SoldAsync(house);
        var usage = (await Books.ReadEventsAsync(house.Get<UsageStore>()))[0];

        await house.Get<UsageStore>().CorrectAsync(
            usage.EventId, usage.Usage with { OutputTokens = 3 }, usage.Flags, 1, DateTimeOffset.UtcNow, CancellationToken.None);

        (await BudgetHouse.ReadAsync(house, budget)).Spent.ShouldBe(BudgetHouse.CentNano * 13 / 10);
        var second = await SetAsync(client, "year");
        (await BudgetHouse.ReadAsync(house, second)).Spent.ShouldBe(BudgetHouse.CentNano * 13 / 10);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Budgets_that_are_set_while_calls_run_count_each_call_once(bool onPostgres)
    {
        await using var house = await StartAsync(onPostgres);
        using var client = new KeyClient(house);
        using var load = new LoadClient(house.Address);
        var budgets = new List<string>();
        var calls = Enumerable.Range(0, 4).Select(async _ =>
        {
            for (var turn = 0; turn < 25; turn++)
            {
                (await load.CallAsync(Cent)).Status.ShouldBe(200);
            }
        }).ToList();
        while (!calls.TrueForAll(each => each.IsCompleted) && budgets.Count < 20)
        {
            budgets.Add(await SetAsync(client, "year"));
        }

        await Task.WhenAll(calls);
        var sold = await BudgetHouse.SoldAsync(house);
        foreach (var budget in budgets)
        {
            (await BudgetHouse.ReadAsync(house, budget)).Spent.ShouldBe(sold);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_budget_of_an_older_version_is_counted_when_a_node_starts(bool onPostgres)
    {
        await using var house = await StartAsync(onPostgres);
        using var client = new KeyClient(house);
        using var load = new LoadClient(house.Address);
        var budget = await SetAsync(client, "year");
        (await load.CallAsync(Cent)).Status.ShouldBe(200);
        await BudgetHouse.SoldAsync(house);
        await using (var connection = await house.Get<BudgetStore>().OpenAsync(CancellationToken.None))
        {
            await using var command = connection.CreateCommand();
            command.CommandText = "UPDATE budget SET since_us = NULL; DELETE FROM budget_window";
            await command.ExecuteNonQueryAsync();
        }

        await house.Get<BudgetDesk>().CountAllAsync(CancellationToken.None);
        await house.Get<BudgetFeed>().CatchUpAsync(CancellationToken.None);

        (await BudgetHouse.ReadAsync(house, budget)).Spent.ShouldBe(BudgetHouse.CentNano);
        (await load.CallAsync(Cent)).Status.ShouldBe(200);
        (await BudgetHouse.ReadAsync(house, budget)).Spent.ShouldBe(2 * BudgetHouse.CentNano);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_ended_long_ago_is_deleted_unless_somebody_holds_some_of_it(bool onPostgres)
    {
        await using var house = await StartAsync(onPostgres);
        using var client = new KeyClient(house);
        var budget = await SetAsync(client, "year");
        var longAgo = UnixMicroseconds.From(TimeProvider.System.GetUtcNow() - BudgetLoop.Kept) - 1;
        await using var connection = await house.Get<BudgetStore>().OpenAsync(CancellationToken.None);
        await using var command = connection.CreateCommand();
        command.CommandText = string.Create(CultureInfo.InvariantCulture, $"""
            INSERT INTO budget_window (budget_id, window_us, ends_us, spent, wanted)
            VALUES ('gone', 1, {longAgo}, 5, 0), ('gone', 2, {longAgo + 3_600_000_000}, 5, 0), ('held', 1, {longAgo}, 5, 0);
            INSERT INTO budget_hold (budget_id, window_us, node_id, held)
            SELECT 'held', 1, event_id, 1 FROM usage_event LIMIT 1
            """);
        using var load = new LoadClient(house.Address);
        (await load.CallAsync(Cent)).Status.ShouldBe(200);
        await house.DrainLedgerAsync();
        await command.ExecuteNonQueryAsync();

        await house.Get<IEnumerable<IHostedService>>().OfType<BudgetLoop>().Single().PurgeAsync(CancellationToken.None);

        command.CommandText = "SELECT budget_id, window_us FROM budget_window WHERE ends_us > 1 ORDER BY budget_id, window_us";
        var left = new List<(string, long)>();
        await using (var reader = await command.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                left.Add((reader.GetString(0), reader.GetInt64(1)));
            }
        }

        left.Where(each => each.Item1 != budget).ShouldBe([("gone", 2), ("held", 1)]);
        left.ShouldContain(each => each.Item1 == budget);
    }

    [Fact]
    public async Task A_change_that_is_made_does_not_fail_because_nobody_can_tell_how_the_budget_stands()
    {
        await using var house = await StartAsync(onPostgres: false);
        using var client = new KeyClient(house);
        await using (var connection = await house.Get<BudgetStore>().OpenAsync(CancellationToken.None))
        {
            await using var command = connection.CreateCommand();
            command.CommandText = "ALTER TABLE budget_hold RENAME TO away";
            await command.ExecuteNonQueryAsync();
        }

        var budget = await client.SendAsync(
            HttpMethod.Post, BudgetHouse.Budgets, new { name = "set", measure = "money", period = "year", limit_usd = "100" });

        budget["id"].ShouldNotBeNull();
        budget["limit_usd"]!.ToString().ShouldBe("100");
        budget["spent_usd"].ShouldBeNull();
    }

    async Task<TestHouse> StartAsync(bool onPostgres) =>
        await BudgetHouse.StartAsync(postgres: onPostgres ? await postgres.CreateDatabaseAsync() : null);

    static async Task<string> SetAsync(KeyClient client, string period) => (await client.SendAsync(
        HttpMethod.Post, BudgetHouse.Budgets, new { name = "counted", measure = "money", period, limit_usd = "100" }))
        ["id"]!.ToString();
}
