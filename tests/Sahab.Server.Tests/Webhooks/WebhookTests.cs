using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Sahab.Server.Govern.Audit;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Webhooks;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.Govern;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Webhooks;

/// <summary>Through the real server, with a receiver of its own. Only the wall clock moves, so that the loop stands still.</summary>
public sealed class WebhookTests : IAsyncLifetime
{
    const string Path = "/api/organisations/demo/webhooks";
    const string Yaml = Samples.TwoCloudsYaml + """

        webhooks:
          allow_http: true
          private_networks: [127.0.0.1/32]
        """;

    readonly HandTime _time = new();
    TestHouse _house = null!;
    WebhookReceiver _receiver = null!;
    HttpClient _client = null!;

    public async Task InitializeAsync()
    {
        _receiver = await WebhookReceiver.StartAsync();
        _house = await TestHouse.StartAsync(Yaml, time: _time);
        _client = _house.Client(TestHouse.AdminKey);
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _house.DisposeAsync();
        await _receiver.DisposeAsync();
    }

    [Fact]
    public async Task An_event_is_delivered_once_signed_so_that_the_receiver_can_tell()
    {
        var made = await AddAsync();
        await HappenAsync("invoice.issued");
        await SendAsync();
        await SendAsync();

        var (path, headers, body) = _receiver.Received.ShouldHaveSingleItem();
        path.ShouldBe("/hook");
        var json = JsonNode.Parse(body)!;
        json["type"]!.ToString().ShouldBe("invoice.issued");
        json["organisation"]!.ToString().ShouldBe("demo");
        json["data"]!["number"]!.ToString().ShouldBe("INV-1 <b>");
        headers["webhook-id"].ToString().ShouldBe(json["id"]!.ToString());
        headers["webhook-timestamp"].ToString()
            .ShouldBe(_time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        headers["webhook-signature"].ToString().ShouldBe(Signed(made["secret"]!.ToString(), headers, body));
        (await DeliveriesAsync(made)).ShouldHaveSingleItem()!["state"]!.ToString().ShouldBe("delivered");
    }

    [Fact]
    public async Task Only_the_types_that_are_wanted_are_sent_and_only_to_their_own_organisation()
    {
        await AddAsync(new { url = Hook, types = new[] { "budget.exhausted" } });
        await HappenAsync("invoice.issued");
        await HappenAsync("budget.exhausted");
        await HappenAsync("budget.exhausted", organisation: "another");
        await SendAsync();

        JsonNode.Parse(_receiver.Received.ShouldHaveSingleItem().Body)!["type"]!.ToString().ShouldBe("budget.exhausted");
    }

    [Fact]
    public async Task What_did_not_happen_after_all_is_not_sent()
    {
        await AddAsync();
        await HappenAsync("invoice.issued", commits: false);
        await SendAsync();

        _receiver.Received.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_the_log_of_changes_tells_of_is_sent_once_and_nothing_from_before_the_webhook()
    {
        await LogAsync("invoice.issued", "demo", "INV-2026-000001");
        await TakeAsync();
        await AddAsync();
        await LogAsync("invoice.issued", "demo", "INV-2026-000002");
        await LogAsync("invoice.issued", "another", "INV-2026-000003");
        await LogAsync("subprocessor.announced", "", "sub_1");
        await LogAsync("user.signed_in", "demo", "usr_1");
        await TakeAsync();
        await TakeAsync();
        await SendAsync();

        _receiver.Received.Select(each => JsonNode.Parse(each.Body)!)
            .Select(json => (json["type"]!.ToString(), json["data"]!["subject"]!.ToString()))
            .ShouldBe([("invoice.issued", "INV-2026-000002"), ("subprocessor.announced", "sub_1")], ignoreOrder: true);
    }

    [Theory]
    [InlineData("invoice.payment_recorded")]
    [InlineData("invoice.paid")]
    [InlineData("invoice.refunded")]
    [InlineData("capacity.cancelled")]
    [InlineData("capacity.at_risk")]
    [InlineData("capacity.covered")]
    public async Task What_is_paid_and_what_becomes_of_capacity_is_sent(string action)
    {
        await AddAsync();
        await LogAsync(action, "demo", "one");
        await TakeAsync();
        await SendAsync();

        JsonNode.Parse(_receiver.Received.ShouldHaveSingleItem().Body)!["type"]!.ToString().ShouldBe(action);
        WebhookTypes.Known.ShouldContain(action);
    }

    [Fact]
    public async Task What_fails_is_tried_again_further_and_further_apart_then_given_up_and_replayed_when_asked_for()
    {
        var made = await AddAsync();
        _receiver.Status = 500;
        await HappenAsync("invoice.issued");
        await SendAsync();
        foreach (var pause in WebhookLoop.Pauses)
        {
            _time.SetClock(pause - TimeSpan.FromMilliseconds(1));
            var before = _receiver.Received.Count;
            await SendAsync();
            _receiver.Received.Count.ShouldBe(before);
            _time.SetClock(TimeSpan.FromMilliseconds(1));
            await SendAsync();
            _receiver.Received.Count.ShouldBe(before + 1);
        }

        var delivery = (await DeliveriesAsync(made)).ShouldHaveSingleItem()!;
        delivery["state"]!.ToString().ShouldBe("failed");
        delivery["last_status"]!.GetValue<int>().ShouldBe(500);
        delivery["last_error"]!.ToString().ShouldBe("the receiver answered 500");
        _receiver.Received.Select(each => each.Headers["webhook-id"].ToString()).Distinct().Count().ShouldBe(1);

        _receiver.Status = 200;
        (await _client.PostAsync($"{Path}/{made["id"]}/deliveries/{delivery["id"]}/replay", null))
            .StatusCode.ShouldBe(HttpStatusCode.Accepted);
        await SendAsync();
        (await DeliveriesAsync(made)).ShouldHaveSingleItem()!["state"]!.ToString().ShouldBe("delivered");
    }

    [Fact]
    public async Task A_webhook_that_fails_for_days_is_disabled_and_works_again_when_it_is_enabled()
    {
        var made = await AddAsync();
        _receiver.Status = 410;
        await HappenAsync("invoice.issued");
        await SendAsync();
        _time.SetClock(WebhookLoop.DisabledAfter);
        await SendAsync();
        var shown = await GetAsync($"{Path}/{made["id"]}");
        shown["enabled"]!.GetValue<bool>().ShouldBeFalse();
        shown["disabled_why"]!.ToString().ShouldContain("5 days");

        _receiver.Status = 204;
        var count = _receiver.Received.Count;
        await HappenAsync("invoice.issued");
        await SendAsync();
        _receiver.Received.Count.ShouldBe(count);
        using var enabled = await _client.PatchAsJsonAsync($"{Path}/{made["id"]}", new { enabled = true });
        enabled.StatusCode.ShouldBe(HttpStatusCode.OK);
        await HappenAsync("invoice.issued");
        await SendAsync();
        _receiver.Received.Count.ShouldBe(count + 1);
    }

    [Fact]
    public async Task A_new_secret_signs_beside_the_old_one_for_a_day()
    {
        var made = await AddAsync();
        using var answer = await _client.PostAsync($"{Path}/{made["id"]}/secret", null);
        var secret = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["secret"]!.ToString();
        secret.ShouldNotBe(made["secret"]!.ToString());
        await HappenAsync("invoice.issued");
        await SendAsync();
        _time.SetClock(TimeSpan.FromHours(24));
        await HappenAsync("invoice.issued");
        await SendAsync();

        var all = _receiver.Received.ToArray();
        all[0].Headers["webhook-signature"].ToString().ShouldBe(
            $"{Signed(secret, all[0].Headers, all[0].Body)} {Signed(made["secret"]!.ToString(), all[0].Headers, all[0].Body)}");
        all[1].Headers["webhook-signature"].ToString().ShouldBe(Signed(secret, all[1].Headers, all[1].Body));
        (await GetAsync($"{Path}/{made["id"]}")).AsObject().ContainsKey("secret").ShouldBeFalse();
    }

    [Fact]
    public async Task Nothing_is_followed()
    {
        var made = await AddAsync();
        (_receiver.Status, _receiver.Location) = (307, new Uri(_receiver.Address, "/elsewhere").ToString());
        await HappenAsync("invoice.issued");
        await SendAsync();

        _receiver.Received.ShouldHaveSingleItem().Path.ShouldBe("/hook");
        (await DeliveriesAsync(made)).ShouldHaveSingleItem()!["last_status"]!.GetValue<int>().ShouldBe(307);
    }

    [Theory]
    [InlineData("ftp://example.com/")]
    [InlineData("https://user:password@example.com/")]
    [InlineData("https://169.254.169.254/latest/meta-data")]
    [InlineData("https://[::ffff:10.0.0.1]/")]
    [InlineData("https://[fd00::1]/")]
    [InlineData("https://2130706434/")]
    [InlineData("/hook")]
    [InlineData("")]
    public async Task An_address_that_may_not_be_sent_to_is_refused(string url)
    {
        using var answer = await _client.PostAsJsonAsync(Path, new { url });
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["parameter"]!.ToString().ShouldBe("url");
    }

    [Fact]
    public async Task A_name_that_leads_to_a_private_address_is_not_sent_to()
    {
        // The name is of this machine, whose address of IPv6 is not among the networks allowed, nor is 127.0.0.2.
        await using var house = await TestHouse.StartAsync(
            Samples.TwoCloudsYaml + "\nwebhooks: { allow_http: true }\n", time: _time);
        using var client = house.Client(TestHouse.AdminKey);
        using var added = await client.PostAsJsonAsync(Path, new { url = $"http://localhost:{_receiver.Address.Port}/hook" });
        var made = JsonNode.Parse(await added.Content.ReadAsStringAsync())!;
        using var tested = await client.PostAsync($"{Path}/{made["id"]}/test", null);
        tested.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        await house.Get<WebhookLoop>().SendDueAsync(CancellationToken.None);

        _receiver.Received.ShouldBeEmpty();
        var sent = JsonNode.Parse(await client.GetStringAsync($"{Path}/{made["id"]}/deliveries"))!["data"]!.AsArray();
        sent.ShouldHaveSingleItem()!["last_error"]!.ToString().ShouldBe("no connection could be made");
    }

    [Fact]
    public async Task An_organisation_has_so_many_webhooks_at_most_and_lists_removes_and_tests_them()
    {
        for (var index = 0; index < WebhookStore.MaxPerOrganisation; index++)
        {
            await AddAsync();
        }

        using var tooMany = await _client.PostAsJsonAsync(Path, new { url = Hook });
        tooMany.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        var all = (await GetAsync(Path))["data"]!.AsArray();
        all.Count.ShouldBe(WebhookStore.MaxPerOrganisation);
        using var removed = await _client.DeleteAsync($"{Path}/{all[0]!["id"]}");
        removed.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        using var gone = await _client.GetAsync($"{Path}/{all[0]!["id"]}");
        gone.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        using var tested = await _client.PostAsync($"{Path}/{all[1]!["id"]}/test", null);
        await SendAsync();
        JsonNode.Parse(_receiver.Received.ShouldHaveSingleItem().Body)!["type"]!.ToString().ShouldBe("webhook.test");
    }

    [Fact]
    public async Task A_receiver_that_takes_a_connection_and_never_says_a_word_has_had_its_attempt()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var made = await AddAsync(new { url = $"https://127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}/hook" });
        await HappenAsync("invoice.issued");
        using var sender = Sender(_house.Configuration);

        (await Loop(sender).SendDueAsync(CancellationToken.None)).ShouldBe(1);

        var delivery = (await DeliveriesAsync(made)).ShouldHaveSingleItem()!;
        delivery["last_error"]!.ToString().ShouldBe("no connection could be made");
        delivery["state"]!.ToString().ShouldBe("pending");
        delivery["attempts"]!.GetValue<int>().ShouldBe(1);
    }

    [Fact]
    public async Task Who_was_added_while_http_was_allowed_is_sent_nothing_by_http_once_it_is_not()
    {
        var made = await AddAsync();
        await HappenAsync("invoice.issued");
        var strict = new ConfigurationState(
            GovernHouse.Read(Samples.TwoCloudsYaml + "\nwebhooks: { private_networks: [127.0.0.1/32] }\n"), TimeProvider.System);
        using var sender = Sender(strict);

        (await Loop(sender).SendDueAsync(CancellationToken.None)).ShouldBe(1);

        _receiver.Received.ShouldBeEmpty();
        (await DeliveriesAsync(made)).ShouldHaveSingleItem()!["last_error"]!.ToString().ShouldContain("http");
    }

    [Fact]
    public async Task However_much_is_due_to_one_webhook_the_others_get_theirs_at_once()
    {
        var busy = await AddAsync(new { url = new Uri(_receiver.Address, "/busy").ToString() });
        await AddAsync();
        await HappenAsync("invoice.issued");
        await ExecuteAsync(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
            INSERT INTO webhook_delivery (delivery_id, webhook_id, event_id, state, attempts, next_us, claimed_until_us, last_error)
            SELECT 'dlv_' || i, @Webhook, (SELECT MAX(event_id) FROM webhook_event), 0, 0, 0, 0, '' FROM n
            """,
            new { Webhook = busy["id"]!.ToString() });

        (await SendAsync()).ShouldBe(WebhookLoop.MaxPerWebhook + 1);

        _receiver.Received.Count(each => each.Path == "/hook").ShouldBe(1);
        _receiver.Received.Count(each => each.Path == "/busy").ShouldBe(WebhookLoop.MaxPerWebhook);
    }

    [Fact]
    public async Task No_more_tests_are_taken_than_a_receiver_can_take()
    {
        var made = await AddAsync();
        for (var test = 0; test < WebhookOutbox.MaxPendingBeforeTest; test++)
        {
            (await TestAsync(made)).ShouldBe(HttpStatusCode.Accepted);
        }

        (await TestAsync(made)).ShouldBe(HttpStatusCode.Conflict);
        (await TestAsync(await AddAsync())).ShouldBe(HttpStatusCode.Accepted);
        await SendAsync();
        (await TestAsync(made)).ShouldBe(HttpStatusCode.Accepted);
    }

    [Fact]
    public async Task All_that_is_past_its_time_is_deleted_however_much_it_is()
    {
        await ExecuteAsync(
            $"""
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {(2 * DeliveryStore.PurgedAtOnce) + 1})
            INSERT INTO webhook_event (event_id, organisation, type, created_us, payload)
            SELECT 'evt_' || i, 'demo', 'invoice.issued', i, '' FROM n
            """,
            new { });
        await AddAsync();
        await HappenAsync("invoice.issued");

        await _house.Get<WebhookLoop>().PurgeAsync(CancellationToken.None);

        await using var connection = await _house.Get<SahabDatabase>().OpenAsync(CancellationToken.None);
        (await connection.ReadOneAsync<long>(new CommandDefinition("SELECT COUNT(*) FROM webhook_event"))).ShouldBe(1);
    }

    [Fact]
    public async Task A_change_undoes_nothing_that_happened_since_the_webhook_was_read()
    {
        var store = _house.Get<WebhookStore>();
        var by = new Caller("test");
        var id = (await AddAsync())["id"]!.ToString();
        var before = (await store.ReadAsync("demo", id, CancellationToken.None))!;
        using var rotated = await _client.PostAsync($"{Path}/{id}/secret", null);
        var secret = JsonNode.Parse(await rotated.Content.ReadAsStringAsync())!["secret"]!.ToString();
        await ExecuteAsync("UPDATE webhook SET disabled_us = 7, disabled_why = 'it failed' WHERE webhook_id = @Id", new { Id = id });

        (await store.SaveAsync(before with { Name = "renamed" }, null, by, CancellationToken.None)).ShouldBeTrue();

        var after = (await store.ReadAsync("demo", id, CancellationToken.None))!;
        (after.Name, after.Secrets.Current, after.Secrets.Old).ShouldBe(("renamed", secret, before.Secrets.Current));
        (after.DisabledAt is not null, after.DisabledWhy).ShouldBe((true, "it failed"));

        // Nor does a rotation.
        (await store.SaveAsync(after with { Name = "again" }, true, by, CancellationToken.None)).ShouldBeTrue();
        var newest = new WebhookSecrets("whsec_AAAA", "", _time.GetUtcNow().AddDays(1));
        (await store.RotateAsync(before with { Secrets = newest }, by, CancellationToken.None)).ShouldBeTrue();
        var last = (await store.ReadAsync("demo", id, CancellationToken.None))!;
        (last.Name, last.DisabledAt, last.Secrets.Current, last.Secrets.Old).ShouldBe(("again", null, "whsec_AAAA", secret));
        using var off = await _client.PatchAsJsonAsync($"{Path}/{id}", new { enabled = false });
        JsonNode.Parse(await off.Content.ReadAsStringAsync())!["disabled_why"]!.ToString().ShouldBe("by a member");
    }

    WebhookSender Sender(ConfigurationState configuration) =>
        new(configuration, _time, Dns.GetHostAddressesAsync, TimeSpan.FromMilliseconds(200));

    WebhookLoop Loop(WebhookSender sender) => new(
        _house.Get<WebhookFeed>(), _house.Get<DeliveryStore>(), sender, _house.Get<WebhookInstruments>(), _time,
        NullLogger<WebhookLoop>.Instance);

    async Task<HttpStatusCode> TestAsync(JsonNode webhook)
    {
        using var answer = await _client.PostAsync($"{Path}/{webhook["id"]}/test", null);
        return answer.StatusCode;
    }

    async Task ExecuteAsync(string sql, object parameters)
    {
        await using var connection = await _house.Get<SahabDatabase>().OpenAsync(CancellationToken.None);
        await connection.ExecuteAsync(new CommandDefinition(sql, parameters));
    }

    string Hook => new Uri(_receiver.Address, "/hook").ToString();

    async Task<JsonNode> AddAsync(object? body = null)
    {
        using var answer = await _client.PostAsJsonAsync(Path, body ?? new { url = Hook });
        var text = await answer.Content.ReadAsStringAsync();
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, text);
        return JsonNode.Parse(text)!;
    }

    async Task HappenAsync(string type, string organisation = "demo", bool commits = true)
    {
        await using var connection = await _house.Get<SahabDatabase>().OpenAsync(CancellationToken.None);
        await using var transaction = await connection.BeginTransactionAsync();
        await _house.Get<WebhookOutbox>().AppendAsync(
            connection, transaction,
            new WebhookEvent(organisation, type, new JsonObject { ["number"] = "INV-1 <b>" }), CancellationToken.None);
        if (commits)
        {
            await transaction.CommitAsync();
        }
    }

    async Task LogAsync(string action, string organisation, string subject)
    {
        await using var connection = await _house.Get<SahabDatabase>().OpenAsync(CancellationToken.None);
        await using var transaction = await connection.BeginTransactionAsync();
        await _house.Get<AuditLog>().AppendAsync(
            connection, transaction, new AuditEntry("test", action, subject) { Organisation = organisation },
            CancellationToken.None);
        await transaction.CommitAsync();
    }

    async Task TakeAsync()
    {
        while (await _house.Get<WebhookFeed>().TakeAsync(CancellationToken.None))
        {
            // There may be more.
        }
    }

    Task<int> SendAsync() => _house.Get<WebhookLoop>().SendDueAsync(CancellationToken.None);

    async Task<JsonArray> DeliveriesAsync(JsonNode webhook) =>
        (await GetAsync($"{Path}/{webhook["id"]}/deliveries"))["data"]!.AsArray();

    async Task<JsonNode> GetAsync(string path) => JsonNode.Parse(await _client.GetStringAsync(path))!;

    static string Signed(string secret, Microsoft.AspNetCore.Http.IHeaderDictionary headers, string body) =>
        "v1," + Convert.ToBase64String(HMACSHA256.HashData(
            Convert.FromBase64String(secret["whsec_".Length..]),
            Encoding.UTF8.GetBytes($"{headers["webhook-id"]}.{headers["webhook-timestamp"]}.{body}")));
}
