using System.Text.Json.Nodes;
using Sahab.Server.Sell.Webhooks;
using Sahab.Server.Tests.Database;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.House;
using Sahab.Server.Tests.Tenants;

namespace Sahab.Server.Tests.Webhooks;

/// <summary>What is asked of the store is PostgreSQL too.</summary>
[Collection(PostgresTests.Name)]
public sealed class WebhookPostgresTests(PostgresServer postgres)
{
    const string Path = "/api/organisations/demo/webhooks";

    [Fact]
    public async Task A_webhook_is_changed_disabled_enabled_rotated_and_sent_its_share()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var house = await TestHouse.StartAsync(
            Samples.TwoCloudsYaml + "\nwebhooks: { allow_http: true, private_networks: [127.0.0.1/32] }\n", time: new HandTime(),
            postgres: await postgres.CreateDatabaseAsync());
        using var admin = Visitor.Admin(house);
        var made = (await admin.PostAsync(Path, new() { ["url"] = new Uri(receiver.Address, "/hook").ToString() })).ShouldBeOk().Json;
        var one = $"{Path}/{made["id"]}";

        (await ChangeAsync(new() { ["enabled"] = false }))["disabled_why"]!.ToString().ShouldBe("by a member");
        (await ChangeAsync(new() { ["name"] = "x" }))["enabled"]!.GetValue<bool>().ShouldBeFalse();
        (await ChangeAsync(new() { ["enabled"] = true }))["disabled_at"].ShouldBeNull();
        (await admin.PostAsync($"{one}/secret")).ShouldBeOk().Json["secret"]!.ToString().ShouldNotBe(made["secret"]!.ToString());
        for (var test = 0; test < WebhookOutbox.MaxPendingBeforeTest; test++)
        {
            ((int)(await admin.PostAsync($"{one}/test")).Status).ShouldBe(202);
        }

        (await admin.PostAsync($"{one}/test")).ShouldBe(409, "conflict");
        (await house.Get<WebhookLoop>().SendDueAsync(CancellationToken.None)).ShouldBe(WebhookLoop.MaxPerWebhook);
        receiver.Received.Count.ShouldBe(WebhookLoop.MaxPerWebhook);
        receiver.Received.ShouldAllBe(each => each.Headers["webhook-signature"].ToString().Contains(' '));

        async Task<JsonNode> ChangeAsync(JsonObject change) => (await admin.PatchAsync(one, change)).ShouldBeOk().Json;
    }
}
