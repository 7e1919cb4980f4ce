using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Sahab.Server.Sell.Webhooks;
using Sahab.Server.Tests.House;
using Sahab.Server.Tests.Tenants;
using Sahab.Server.Tests.Webhooks;

namespace Sahab.Server.Tests.Security;

/// <summary>Nobody makes this server ask what only it can reach by naming it as a webhook.</summary>
public sealed class WebhookTargetTests(SharedHouse shared) : IClassFixture<SharedHouse>, IAsyncLifetime
{
    WebhookReceiver _inside = null!;
    Visitor _admin = null!;

    public async Task InitializeAsync()
    {
        _inside = await WebhookReceiver.StartAsync();
        _admin = Visitor.Admin(shared.House);
    }

    public async Task DisposeAsync()
    {
        _admin.Dispose();
        await _inside.DisposeAsync();
    }

    [Theory]
    [InlineData("http://127.0.0.1/")]
    [InlineData("http://127.1/")]
    [InlineData("http://127.255.255.254/")]
    [InlineData("http://0.0.0.0/")]
    [InlineData("http://0/")]
    [InlineData("http://[::1]/")]
    [InlineData("http://[::]/")]
    [InlineData("http://[::ffff:127.0.0.1]/")]
    [InlineData("http://[::ffff:7f00:1]/")]
    [InlineData("http://[::127.0.0.1]/")]
    [InlineData("http://[64:ff9b::7f00:1]/")]
    [InlineData("http://[2002:7f00:1::]/")]
    [InlineData("http://[fe80::1]/")]
    [InlineData("http://[fd00:ec2::254]/")]
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    [InlineData("http://169.254.169.254:80/")]
    [InlineData("http://100.100.100.200/")]
    [InlineData("http://10.0.0.1/")]
    [InlineData("http://172.16.0.1/")]
    [InlineData("http://172.31.255.255/")]
    [InlineData("http://192.168.1.1/")]
    [InlineData("http://2130706433/")]
    [InlineData("http://0x7f000001/")]
    [InlineData("http://0x7f.0.0.1/")]
    [InlineData("http://0177.0.0.1/")]
    [InlineData("http://017700000001/")]
    [InlineData("http://224.0.0.1/")]
    [InlineData("http://255.255.255.255/")]
    [InlineData("http://user@169.254.169.254/")]
    [InlineData("http://example.com@169.254.169.254/")]
    [InlineData("http://user:password@example.com/")]
    [InlineData("https://example.com/#fragment")]
    [InlineData("file:///etc/passwd")]
    [InlineData("gopher://example.com/")]
    [InlineData("ftp://example.com/")]
    [InlineData("dict://example.com/")]
    [InlineData("ldap://example.com/")]
    [InlineData("javascript:alert(1)")]
    [InlineData("data:text/plain,x")]
    [InlineData("unix:///var/run/docker.sock")]
    [InlineData("//example.com/")]
    [InlineData("example.com")]
    public async Task An_address_that_is_seen_to_be_none_of_the_public_internet_is_not_taken(string url) =>
        (await _admin.PostAsync("/api/organisations/demo/webhooks", new() { ["url"] = url })).ShouldBe(400, "invalid_parameter");

    [Theory]
    [InlineData("http://localhost:{0}/hook")]
    [InlineData("http://LOCALHOST.:{0}/hook")]
    [InlineData("http://①②⑦.⓪.⓪.①:{0}/hook")]
    [InlineData("http://127。0。0。1:{0}/hook")]
    public async Task A_name_that_leads_inside_is_not_asked(string form)
    {
        var added = await _admin.PostAsync("/api/organisations/demo/webhooks", new()
        {
            ["url"] = string.Format(System.Globalization.CultureInfo.InvariantCulture, form, _inside.Address.Port),
        });
        if (added.Status == HttpStatusCode.OK)
        {
            ((int)(await _admin.PostAsync($"/api/organisations/demo/webhooks/{added.Json["id"]}/test")).Status).ShouldBe(202);
            await shared.House.Get<WebhookLoop>().SendDueAsync(CancellationToken.None);
            await _admin.DeleteAsync($"/api/organisations/demo/webhooks/{added.Json["id"]}");
        }

        _inside.Received.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_a_name_says_between_being_judged_and_being_asked_makes_no_difference()
    {
        // First it is of the public internet, then it is ours: each connection is made to what was judged for it.
        var asked = new ConcurrentQueue<string>();
        using var sender = new WebhookSender(shared.House.Configuration, TimeProvider.System, (name, _) =>
        {
            asked.Enqueue(name);
            // An address of the public internet that nobody answers at, beside one of ours; and later ours alone.
            return Task.FromResult(asked.Count == 1
                ? [IPAddress.Parse("127.0.0.1"), IPAddress.Parse("10.0.0.1")]
                : new[] { IPAddress.Loopback });
        }, TimeSpan.FromSeconds(5));
        for (var attempt = 0; attempt < 3; attempt++)
        {
            var outcome = await sender.SendAsync(Delivery($"http://rebound.example:{_inside.Address.Port}/hook"), CancellationToken.None);
            outcome.IsDelivered.ShouldBeFalse();
            outcome.Error.ShouldBe("no connection could be made");
        }

        asked.Count.ShouldBe(3, "it is looked up once for each connection, and by nobody else");
        _inside.Received.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_receiver_that_sends_on_is_not_followed_and_what_it_says_is_told_to_nobody()
    {
        await using var outside = await WebhookReceiver.StartAsync();
        await using var house = await TestHouse.StartAsync(
            Samples.TwoCloudsYaml + "\nwebhooks: { allow_http: true, private_networks: [127.0.0.1/32] }\n");
        using var admin = Visitor.Admin(house);
        foreach (var status in new[] { 301, 302, 303, 307, 308 })
        {
            (outside.Status, outside.Location) = (status, new Uri(_inside.Address, "/latest/meta-data").ToString());
            var made = (await admin.PostAsync(
                "/api/organisations/demo/webhooks", new() { ["url"] = new Uri(outside.Address, "/hook").ToString() })).ShouldBeOk().Json;
            await admin.PostAsync($"/api/organisations/demo/webhooks/{made["id"]}/test");
            await house.Get<WebhookLoop>().SendDueAsync(CancellationToken.None);
            var told = (await admin.GetAsync($"/api/organisations/demo/webhooks/{made["id"]}/deliveries")).ShouldBeOk();
            told.Json["data"]!.AsArray().ShouldHaveSingleItem()!["last_error"]!.ToString().ShouldBe($"the receiver answered {status}");
            told.Text.ShouldNotContain("meta-data");
        }

        _inside.Received.ShouldBeEmpty();
    }

    static ClaimedDelivery Delivery(string url) => new(
        "1", "whk_1", "evt_1", 0, new Uri(url), new WebhookSecrets("whsec_" + Convert.ToBase64String(new byte[32]), "", default),
        new JsonObject().ToJsonString());
}
