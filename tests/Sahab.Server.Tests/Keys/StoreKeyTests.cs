using System.Net;
using System.Text.Json.Nodes;
using Dapper;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Sell.Tenants.Keys;
using Sahab.Server.Serve.Gateway;
using Sahab.Server.Serve.Snapshots;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Keys;

/// <summary>Keys that are made through the control API, in a whole house.</summary>
public class StoreKeyTests
{
    [Fact]
    public async Task A_key_is_told_once_works_at_once_and_is_named_by_its_id_in_usage()
    {
        await using var house = await TestHouse.StartAsync();
        using var client = new KeyClient(house);

        var key = await client.CreateAsync(new { name = "first" });
        var (status, _, _) = await KeyClient.CallAsync(house, KeyClient.SecretOf(key));
        await house.CallsAsync();
        await house.DrainLedgerAsync();
        var shown = await client.SendAsync(HttpMethod.Get, $"{KeyClient.Keys}/{key["id"]}");
        var events = await Books.ReadEventsAsync(house.Get<UsageStore>());

        key["id"]!.ToString().ShouldMatch("^key_[0-9a-z]{26}$");
        KeyClient.SecretOf(key).ShouldMatch("^sk-sahab-[A-Za-z0-9_-]{43}$");
        status.ShouldBe(200);
        shown["secret"].ShouldBeNull();
        shown["hint"]!.ToString().ShouldBe(KeyClient.SecretOf(key)[^4..]);
        shown["created_by"]!.ToString().ShouldBe("key:operators/admin");
        events.ShouldHaveSingleItem().Key.ShouldBe(key["id"]!.ToString());
        events[0].Tenant.ShouldBe("demo");
    }

    [Fact]
    public async Task The_secret_is_nowhere_in_the_store()
    {
        await using var house = await TestHouse.StartAsync();
        using var client = new KeyClient(house);
        var key = await client.CreateAsync();
        await client.PostAsync(key, "rotate");

        await using var connection = await house.Get<SahabDatabase>().OpenAsync(CancellationToken.None);
        var texts = await connection.QueryAsync<string>(
            "SELECT details FROM audit_entry UNION ALL SELECT digest FROM api_key_secret UNION ALL SELECT name FROM api_key");

        texts.Count().ShouldBeGreaterThanOrEqualTo(5);
        string.Concat(texts).ShouldNotContain(KeyClient.SecretOf(key)[9..30]);
    }

    [Fact]
    public async Task A_revoked_key_is_refused_from_the_moment_that_the_revocation_was_answered()
    {
        await using var house = await TestHouse.StartAsync();
        using var client = new KeyClient(house);
        var key = await client.CreateAsync();
        (await KeyClient.CallAsync(house, KeyClient.SecretOf(key))).Status.ShouldBe(200);

        var revoked = await client.PostAsync(key, "revoke");
        var (status, body, _) = await KeyClient.CallAsync(house, KeyClient.SecretOf(key));
        var (_, wrong, _) = await KeyClient.CallAsync(house, KeyClient.SecretOf(key)[..^1] + "!");

        revoked["status"]!.ToString().ShouldBe("revoked");
        status.ShouldBe(401);
        body!["error"]!["code"]!.ToString().ShouldBe("invalid_api_key");
        body["error"]!["message"]!.ToString().ShouldContain("revoked. Make");
        wrong!["error"]!["message"]!.ToString().ShouldContain("not known here");
        (await client.SendAsync(
            HttpMethod.Patch, $"{KeyClient.Keys}/{key["id"]}", new { name = "again" }, HttpStatusCode.Conflict))["detail"]!
            .ToString().ShouldContain("cannot be undone");
    }

    [Fact]
    public async Task A_key_ends_by_the_clock()
    {
        var time = new HandTime();
        await using var house = await TestHouse.StartAsync(time: time);
        using var client = new KeyClient(house);
        var key = await client.CreateAsync(new { name = "short", expires_at = time.GetUtcNow().AddHours(1) });
        (await KeyClient.CallAsync(house, KeyClient.SecretOf(key))).Status.ShouldBe(200);

        time.Pass(TimeSpan.FromMinutes(59));
        (await KeyClient.CallAsync(house, KeyClient.SecretOf(key))).Status.ShouldBe(200);
        time.Pass(TimeSpan.FromMinutes(1));
        var (status, body, _) = await KeyClient.CallAsync(house, KeyClient.SecretOf(key));

        status.ShouldBe(401);
        body!["error"]!["message"]!.ToString().ShouldContain("has expired");
        (await client.PatchAsync(key, new { expires_at = (string?)null }))["status"]!.ToString().ShouldBe("active");
        (await KeyClient.CallAsync(house, KeyClient.SecretOf(key))).Status.ShouldBe(200);
    }

    [Fact]
    public async Task After_a_rotation_both_secrets_are_good_until_the_overlap_ends()
    {
        var time = new HandTime();
        await using var house = await TestHouse.StartAsync(time: time);
        using var client = new KeyClient(house);
        var key = await client.CreateAsync();

        var rotated = await client.PostAsync(key, "rotate", new { overlap_hours = 2 });
        rotated["id"]!.ToString().ShouldBe(key["id"]!.ToString());
        rotated["old_secrets"]!.AsArray().ShouldHaveSingleItem()!["hint"]!.ToString()
            .ShouldBe(KeyClient.SecretOf(key)[^4..]);
        (await KeyClient.CallAsync(house, KeyClient.SecretOf(key))).Status.ShouldBe(200);
        (await KeyClient.CallAsync(house, KeyClient.SecretOf(rotated))).Status.ShouldBe(200);
        time.Pass(TimeSpan.FromHours(2));
        var (status, body, _) = await KeyClient.CallAsync(house, KeyClient.SecretOf(key));

        status.ShouldBe(401);
        body!["error"]!["message"]!.ToString().ShouldContain("replaced");
        (await KeyClient.CallAsync(house, KeyClient.SecretOf(rotated))).Status.ShouldBe(200);
        var last = await client.PostAsync(key, "rotate", new { overlap_hours = 0 });
        (await KeyClient.CallAsync(house, KeyClient.SecretOf(rotated))).Status.ShouldBe(401);
        (await KeyClient.CallAsync(house, KeyClient.SecretOf(last))).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Scopes_bind_models_tiers_and_countries()
    {
        await using var house = await TestHouse.StartAsync();
        using var client = new KeyClient(house);
        var key = await client.CreateAsync(new
        {
            name = "narrow",
            models = new[] { "small" },
            service_tiers = new[] { "flex" },
            countries = new[] { "NO" },
        });

        var (status, _, headers) = await KeyClient.CallAsync(house, KeyClient.SecretOf(key), tier: "priority");
        status.ShouldBe(200);
        headers.GetValues("x-sahab-region").Single().ShouldBe("no");
        (await KeyClient.CallAsync(house, KeyClient.SecretOf(key), "tiny")).Status.ShouldBe(404);
        var call = (await house.CallsAsync()).Single(call => call.Status == 200);
        call.Attempts.ShouldHaveSingleItem().ServiceTier.ShouldBe("flex");
        using var http = house.Client(KeyClient.SecretOf(key));
        (await http.GetStringAsync("v1/models")).ShouldNotContain("vectors");
        (await http.GetAsync("api/deployments")).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task A_limiter_survives_the_changes_of_its_key()
    {
        var time = new HandTime();
        await using var house = await TestHouse.StartAsync(time: time);
        using var client = new KeyClient(house);
        var key = await client.CreateAsync(new { name = "slow", limits = new { requests_per_minute = 2 } });
        (await KeyClient.CallAsync(house, KeyClient.SecretOf(key))).Status.ShouldBe(200);

        await client.PatchAsync(key, new { name = "still slow" });
        var rotated = await client.PostAsync(key, "rotate");

        (await KeyClient.CallAsync(house, KeyClient.SecretOf(rotated))).Status.ShouldBe(200);
        (await KeyClient.CallAsync(house, KeyClient.SecretOf(key))).Status.ShouldBe(429);
        await client.PatchAsync(key, new { limits = new { requests_per_minute = 3 } });
        (await KeyClient.CallAsync(house, KeyClient.SecretOf(key))).Status.ShouldBe(200);
    }

    [Fact]
    public async Task When_a_key_was_last_used_is_written_down_beside_its_calls()
    {
        var time = new HandTime();
        await using var house = await TestHouse.StartAsync(time: time);
        using var client = new KeyClient(house);
        var key = await client.CreateAsync();
        var path = $"{KeyClient.Keys}/{key["id"]}";
        await KeyClient.CallAsync(house, KeyClient.SecretOf(key));
        (await client.SendAsync(HttpMethod.Get, path))["last_used_at"].ShouldBeNull();

        await house.Get<KeyFeed>().NoteUsesAsync(CancellationToken.None);
        var used = time.GetUtcNow();
        time.Pass(TimeSpan.FromSeconds(30));
        await KeyClient.CallAsync(house, KeyClient.SecretOf(key));
        await house.Get<KeyFeed>().NoteUsesAsync(CancellationToken.None);

        (await client.SendAsync(HttpMethod.Get, path))["last_used_at"]!.ToString().ShouldBe(KeyJson.Time(used));
    }

    [Fact]
    public async Task The_keys_of_a_suspended_organisation_and_of_an_archived_project_let_nobody_in()
    {
        await using var house = await TestHouse.StartAsync();
        using var client = new KeyClient(house);
        var key = await client.CreateAsync();
        var project = await client.SendAsync(
            HttpMethod.Post, "api/organisations/demo/projects", new { name = "another" }, HttpStatusCode.OK);
        var other = await client.SendAsync(
            HttpMethod.Post, $"api/organisations/demo/projects/{project["id"]}/keys", new { name = "in it" });
        (await KeyClient.CallAsync(house, KeyClient.SecretOf(other))).Status.ShouldBe(200);

        await client.SendAsync(HttpMethod.Post, $"api/organisations/demo/projects/{project["id"]}/archive");
        var (archived, why, _) = await KeyClient.CallAsync(house, KeyClient.SecretOf(other));
        (await KeyClient.CallAsync(house, KeyClient.SecretOf(key))).Status.ShouldBe(200);
        await client.SendAsync(HttpMethod.Post, "api/organisations/demo/suspend", new { reason = "test" });
        var (suspended, because, _) = await KeyClient.CallAsync(house, KeyClient.SecretOf(key));
        var (ofFile, _, _) = await KeyClient.CallAsync(house, TestHouse.DemoKey);

        (archived, suspended, ofFile).ShouldBe((401, 401, 401));
        why!["error"]!["message"]!.ToString().ShouldContain("archived");
        because!["error"]!["message"]!.ToString().ShouldContain("suspended");
    }

    [Fact]
    public async Task Keys_are_listed_by_pages_and_not_to_other_projects()
    {
        await using var house = await TestHouse.StartAsync();
        using var client = new KeyClient(house);
        var made = new List<string>();
        for (var number = 0; number < 5; number++)
        {
            made.Add((await client.CreateAsync(new { name = $"key {number}" }))["id"]!.ToString());
        }

        var listed = new List<string>();
        for (var after = ""; ;)
        {
            var page = await client.SendAsync(HttpMethod.Get, $"api/organisations/demo/keys?limit=2{after}");
            listed.AddRange(page["data"]!.AsArray().Select(key => key!["id"]!.ToString()));
            if (page["next"] is not { } next)
            {
                break;
            }

            after = $"&after={next}";
        }

        listed.ShouldBe(made.Order(StringComparer.Ordinal));
        await client.SendAsync(
            HttpMethod.Get, $"api/organisations/operators/projects/default/keys/{made[0]}", null, HttpStatusCode.NotFound);
        await client.SendAsync(
            HttpMethod.Post, $"api/organisations/demo/projects/other/keys/{made[0]}/revoke", null, HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("""{}""", "name")]
    [InlineData("""{"name":"  "}""", "name")]
    [InlineData("""{"name":"a","nmae":"b"}""", "nmae")]
    [InlineData("""{"name":"a","expires_at":"2001-01-01T00:00:00Z"}""", "expires_at")]
    [InlineData("""{"name":"a","models":["large"]}""", "models")]
    [InlineData("""{"name":"a","models":[]}""", "models")]
    [InlineData("""{"name":"a","service_tiers":["turbo"]}""", "service_tiers")]
    [InlineData("""{"name":"a","countries":["Norway"]}""", "countries")]
    [InlineData("""{"name":"a","limits":{"requests_per_minute":0}}""", "limits.requests_per_minute")]
    [InlineData("""{"name":"a","limits":{"rpm":1}}""", "limits")]
    [InlineData("""{"name":"a","name":"b"}""", "body")]
    [InlineData("""[]""", "body")]
    public async Task What_is_wrong_with_a_key_is_said_with_its_place(string body, string parameter)
    {
        await using var house = await TestHouse.StartAsync();
        using var client = new KeyClient(house);
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await client.Http.PostAsync(KeyClient.Keys, content);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        JsonNode.Parse(await response.Content.ReadAsStringAsync())!["parameter"]!.ToString().ShouldBe(parameter);
    }

    [Fact]
    public async Task Who_tries_unknown_keys_has_to_wait_and_good_keys_from_there_do_not()
    {
        await using var house = await TestHouse.StartAsync(time: new HandTime());
        using var client = new KeyClient(house);
        var key = await client.CreateAsync();
        for (var guess = 0; guess < KeyGuesses.AtOnce; guess++)
        {
            (await KeyClient.CallAsync(house, $"sk-sahab-guess-{guess}")).Status.ShouldBe(401);
        }

        var (status, body, headers) = await KeyClient.CallAsync(house, "sk-sahab-another");
        using var guesser = house.Client("sk-sahab-one-more");

        status.ShouldBe(429);
        body!["error"]!["code"]!.ToString().ShouldBe("too_many_unknown_keys");
        headers.RetryAfter!.Delta!.Value.ShouldBeInRange(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60));
        ((int)(await guesser.GetAsync("v1/models")).StatusCode).ShouldBe(429);
        ((int)(await guesser.GetAsync("api/deployments")).StatusCode).ShouldBe(429);
        (await KeyClient.CallAsync(house, KeyClient.SecretOf(key))).Status.ShouldBe(200);
        (await KeyClient.CallAsync(house, TestHouse.DemoKey)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Finding_a_key_of_the_store_allocates_nothing()
    {
        await using var house = await TestHouse.StartAsync();
        using var client = new KeyClient(house);
        var secret = KeyClient.SecretOf(await client.CreateAsync());
        var (keys, header) = (house.Get<SnapshotPublisher>().Current.Keys, "Bearer " + secret);
        var connection = new Dictionary<object, object?>();
        keys.Find(header, connection, out _).ShouldNotBeNull();

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var turn = 0; turn < 1000; turn++)
        {
            keys.Find(header, connection, out _);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }
}
