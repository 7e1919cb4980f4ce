using Sahab.Server.Sell.Tenants.Keys;
using Sahab.Server.Serve.Snapshots;
using Sahab.Server.Tests.Database;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Keys;

/// <summary>Two nodes on one PostgreSQL.</summary>
[Collection(PostgresTests.Name)]
public class KeyNodesTests(PostgresServer postgres)
{
    [Fact]
    public async Task What_one_node_makes_changes_and_revokes_the_other_goes_by_when_it_has_asked()
    {
        var store = await postgres.CreateDatabaseAsync();
        await using var one = await TestHouse.StartAsync(postgres: store);
        using var client = new KeyClient(one);
        var early = await client.CreateAsync(new { name = "before the other node" });
        await using var other = await TestHouse.StartAsync(postgres: store);
        (await KeyClient.CallAsync(other, KeyClient.SecretOf(early))).Status.ShouldBe(200);

        var late = await client.CreateAsync(new { name = "after it" });
        await other.Get<KeyFeed>().CatchUpAsync(CancellationToken.None);
        (await KeyClient.CallAsync(other, KeyClient.SecretOf(late))).Status.ShouldBe(200);

        await client.PatchAsync(late, new { countries = new[] { "NO" } });
        await client.PostAsync(early, "revoke");
        await other.Get<KeyFeed>().CatchUpAsync(CancellationToken.None);
        (await KeyClient.CallAsync(other, KeyClient.SecretOf(early))).Status.ShouldBe(401);
        (await KeyClient.CallAsync(other, KeyClient.SecretOf(late))).Headers.GetValues("x-sahab-region").Single().ShouldBe("no");
        other.Get<StoreKeyTable>().Count.ShouldBe(2);
    }

    [Fact]
    public async Task The_other_node_asks_by_itself_every_two_seconds()
    {
        KeyLoop.Interval.ShouldBe(TimeSpan.FromSeconds(2));
        var store = await postgres.CreateDatabaseAsync();
        await using var one = await TestHouse.StartAsync(postgres: store);
        await using var other = await TestHouse.StartAsync(postgres: store);
        using var client = new KeyClient(one);
        var key = await client.CreateAsync();
        while ((await KeyClient.CallAsync(other, KeyClient.SecretOf(key))).Status != 200)
        {
            await Task.Delay(TimeSpan.FromSeconds(1));
        }

        await client.PostAsync(key, "revoke");
        while ((await KeyClient.CallAsync(other, KeyClient.SecretOf(key))).Status != 401)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }
    }

    [Fact]
    public async Task Changes_made_at_the_same_time_are_all_seen_by_a_node_that_asks_meanwhile()
    {
        var store = await postgres.CreateDatabaseAsync();
        await using var one = await TestHouse.StartAsync(postgres: store);
        await using var other = await TestHouse.StartAsync(postgres: store);
        using var client = new KeyClient(one);
        var asking = new CancellationTokenSource();
        var reader = Task.Run(async () =>
        {
            while (!asking.IsCancellationRequested)
            {
                await other.Get<KeyFeed>().CatchUpAsync(CancellationToken.None);
            }
        });

        var keys = await Task.WhenAll(Enumerable.Range(0, 40).Select(number => client.CreateAsync(new { name = $"key {number}" })));
        await asking.CancelAsync();
        await reader;
        await other.Get<KeyFeed>().CatchUpAsync(CancellationToken.None);

        other.Get<StoreKeyTable>().Count.ShouldBe(keys.Length);
        other.Get<KeyFeed>().Latest.ShouldBe(keys.Length);
    }
}
