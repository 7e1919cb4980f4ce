using System.Net;
using System.Text.Json.Nodes;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Tenants;

/// <summary>Changes with an Idempotency-Key through the API of a real server.</summary>
public sealed class IdempotencyTests : IAsyncLifetime
{
    readonly HandTime _time = new();
    TestHouse _house = null!;
    Visitor _kim = null!;

    public async Task InitializeAsync()
    {
        _house = await TestHouse.StartAsync(time: _time);
        _kim = await Visitor.SignUpAsync(_house, "kim@example.com");
    }

    public async Task DisposeAsync()
    {
        _kim.Dispose();
        await _house.DisposeAsync();
    }

    [Fact]
    public async Task A_change_that_is_sent_again_with_its_key_is_made_once_and_answered_the_same()
    {
        var first = await FoundAsync("Cumulus", "k1");
        var again = await FoundAsync("Cumulus", "k1");

        again.ShouldBeOk().Text.ShouldBe(first.ShouldBeOk().Text);
        again.Response.Headers.GetValues("Idempotency-Replayed").ShouldBe(["true"]);
        again.Response.Content.Headers.ContentType.ShouldBe(first.Response.Content.Headers.ContentType);
        first.Response.Headers.Contains("Idempotency-Replayed").ShouldBeFalse();
        (await CountAsync()).ShouldBe(1);
        (await FoundAsync("Cumulus", "k2")).ShouldBeOk();
        (await CountAsync()).ShouldBe(2);
    }

    [Fact]
    public async Task A_key_is_of_one_request_of_one_caller_with_one_credential()
    {
        (await FoundAsync("Cumulus", "k1")).ShouldBeOk();

        (await FoundAsync("Cirrus", "k1")).ShouldBe(422, "idempotency_key_reused");
        (await _kim.PostAsync("/api/organisations?x=1", new() { ["name"] = "Cumulus" }, "k1"))
            .ShouldBe(422, "idempotency_key_reused");
        using var lee = await Visitor.SignUpAsync(_house, "lee@example.com");
        (await lee.PostAsync("/api/organisations", new() { ["name"] = "Cirrus" }, "k1")).ShouldBeOk();
        await _kim.SignInAsync("kim@example.com");
        (await FoundAsync("Cumulus", "k1")).ShouldBe(422, "idempotency_key_reused");
    }

    [Fact]
    public async Task What_changed_nothing_is_tried_again()
    {
        (await FoundAsync("", "k1")).ShouldBe(400, "invalid_parameter");
        (await FoundAsync("Cumulus", "k1")).ShouldBeOk();
        (await FoundAsync("Cumulus", "white space")).ShouldBe(400, "invalid_parameter");
        (await FoundAsync("Cumulus", new string('k', 256))).ShouldBe(400, "invalid_parameter");
        (await _kim.PostAsync("/api/organisations/org_none/projects", new() { ["name"] = "x" }, "k9")).ShouldBe(404, "not_found");
    }

    [Fact]
    public async Task Of_many_at_once_one_is_made_and_all_that_wait_get_its_answer()
    {
        // With time that passes, so that those who wait look again.
        await using var house = await TestHouse.StartAsync();
        using var lee = await Visitor.SignUpAsync(house, "lee@example.com");

        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ =>
            lee.PostAsync("/api/organisations", new() { ["name"] = "Cumulus" }, "k1")));

        // On a machine that stands still somebody may have waited for too long, and is told so.
        answers.Where(answer => answer.Status != HttpStatusCode.Conflict).Select(answer => answer.ShouldBeOk().Text)
            .Distinct().ShouldHaveSingleItem();
        (await lee.GetAsync("/api/organisations")).Json["data"]!.AsArray().Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_secret_that_is_shown_once_is_shown_again_to_who_sends_the_same_and_is_not_in_the_database()
    {
        (await FoundAsync("Cumulus", "k1")).ShouldBeOk();
        var body = new JsonObject
        {
            ["name"] = "ci",
            ["organisation"] = (await _kim.GetAsync("/api/organisations")).Json["data"]![0]!["id"]!.ToString(),
            ["role"] = "developer",
        };
        var made = (await _kim.PostAsync("/api/account/tokens", body, "k2")).ShouldBeOk();
        (await _kim.PostAsync("/api/account/tokens", body, "k2")).Text.ShouldBe(made.Text);
        var secret = made.Json["token"]!.ToString();

        await _house.StopServerAsync();
        var folder = Directory.GetParent(_house.Configuration.Status.Applied.Source)!.FullName;
        var files = Directory.EnumerateFiles(Path.Combine(folder, "data"), "*", SearchOption.AllDirectories)
            .Select(File.ReadAllText).ToList();
        files.ShouldContain(text => text.Contains(made.Json["id"]!.ToString()));
        files.ShouldAllBe(text => !text.Contains(secret));
    }

    [Fact]
    public async Task Who_sends_very_many_has_to_wait_and_goes_on_without_keys()
    {
        using var admin = Visitor.Admin(_house);
        var store = _house.Get<IdempotentRequestStore>();
        while (store.TakeRoom("key:operators/admin", _house.Get<MonotonicClock>().NowMs) == TimeSpan.Zero)
        {
        }

        var body = new JsonObject { ["name"] = "Cumulus" };
        (await admin.PostAsync("/api/organisations", body, "k1")).ShouldBe(429, "too_many_requests");
        (await admin.PostAsync("/api/organisations", body)).ShouldBeOk();
        (await FoundAsync("Cirrus", "k1")).ShouldBeOk();
        _time.Pass(IdempotentRequestStore.Interval);
        (await admin.PostAsync("/api/organisations", body, "k1")).ShouldBeOk();
    }

    [Fact]
    public async Task A_deletion_that_is_sent_again_with_its_key_is_answered_without_content_again()
    {
        using var admin = Visitor.Admin(_house);
        (await admin.PostAsync("/api/subprocessors", new()
        {
            ["id"] = "one",
            ["name"] = "One",
            ["purpose"] = "mails",
            ["countries"] = new JsonArray("NO"),
        })).ShouldBeOk();
        var organisation = (await FoundAsync("Cumulus", "k1")).ShouldBeOk().Json["id"];
        var objection = $"/api/organisations/{organisation}/objections/one";
        (await _kim.SendAsync(HttpMethod.Put, objection, new() { ["says"] = "objection" })).ShouldBeOk();

        var first = await _kim.DeleteAsync(objection, "k2");
        var again = await _kim.DeleteAsync(objection, "k2");

        first.Status.ShouldBe(HttpStatusCode.NoContent);
        again.Status.ShouldBe(HttpStatusCode.NoContent);
        again.Response.Headers.GetValues("Idempotency-Replayed").ShouldBe(["true"]);
        (await _kim.DeleteAsync(objection, "k3")).ShouldBe(404, "not_found");
    }

    [Fact]
    public async Task Nothing_is_kept_of_what_a_playground_answers()
    {
        var organisation = (await FoundAsync("Cumulus", "k1")).ShouldBeOk().Json["id"];
        var project = (await _kim.GetAsync($"/api/organisations/{organisation}/projects")).Json["data"]![0]!["id"];
        var key = (await _kim.PostAsync($"/api/organisations/{organisation}/projects/{project}/keys", new() { ["name"] = "k" }, "k2"))
            .ShouldBeOk().Json["id"];
        var question = new JsonObject
        {
            ["model"] = "small",
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "hello there" }),
        };

        var path = $"/api/organisations/{organisation}/keys/{key}/chat/completions";
        (await _kim.PostAsync(path, question, "k3")).ShouldBeOk();
        (await _kim.PostAsync(path, question, "k3")).Response.Headers.Contains("Idempotency-Replayed").ShouldBeFalse();

        await using var connection = await _house.Get<SahabDatabase>().OpenAsync(CancellationToken.None);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT COUNT(*) FROM idempotent_request";
        (await command.ExecuteScalarAsync()).ShouldBe(2L);
    }

    [Fact]
    public async Task A_key_is_forgotten_after_a_day()
    {
        (await FoundAsync("Cumulus", "k1")).ShouldBeOk();
        _time.Pass(IdempotentRequestStore.Life);
        await _kim.SignInAsync("kim@example.com");

        (await FoundAsync("Cirrus", "k1")).ShouldBeOk();
        (await CountAsync()).ShouldBe(2);
    }

    [Fact]
    public async Task A_request_that_the_server_was_stopped_in_the_middle_of_is_not_made_again()
    {
        using var admin = Visitor.Admin(_house);
        var made = await admin.PostAsync("/api/organisations", new() { ["name"] = "Cumulus" }, "k1");
        await using (var connection = await _house.Get<SahabDatabase>().OpenAsync(CancellationToken.None))
        {
            await using var command = connection.CreateCommand();
            command.CommandText = "UPDATE idempotent_request SET status = 0, answer = ''";
            (await command.ExecuteNonQueryAsync()).ShouldBe(1);
        }

        var again = admin.PostAsync("/api/organisations", new() { ["name"] = "Cumulus" }, "k1");
        while (!again.IsCompleted)
        {
            _time.Pass(IdempotencyFilter.Patience);
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }

        made.ShouldBeOk();
        (await again).ShouldBe(409, "not_finished").Response.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(1));
    }

    Task<Answer> FoundAsync(string name, string key) => _kim.PostAsync("/api/organisations", new() { ["name"] = name }, key);

    async Task<int> CountAsync() => (await _kim.GetAsync("/api/organisations")).ShouldBeOk().Json["data"]!.AsArray().Count;
}
