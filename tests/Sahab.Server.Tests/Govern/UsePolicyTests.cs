using System.Net;
using System.Text.Json.Nodes;
using Dapper;
using Sahab.Server.Govern.Residency;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Tests.House;
using Sahab.Server.Tests.Tenants;

namespace Sahab.Server.Tests.Govern;

/// <summary>What projects are declared to be for, through the whole server: reviews by two people, and what then holds.</summary>
public sealed class UsePolicyTests : IAsyncLifetime
{
    const string Use = "/api/organisations/demo/projects/default/use";
    const string Sensitive = """{"class":"sensitive","justification":"Letters of patients are summarised."}""";

    GovernHouse _house = null!;

    /// <summary>Access tokens of two people who review.</summary>
    string _kim = "", _lee = "";

    public async Task InitializeAsync()
    {
        _house = await GovernHouse.StartAsync(GovernHouse.Yaml + """

        use_classes:
          military: { capacity: [reserved], providers: [own] }
          nordic: { review: false, data: { process_in: [nordics], keep_for: 0s } }
          brief: { approval_for: 48h }
          abroad: { data: { process_in: [eu] } }

        """);
        using var kim = await ReviewerAsync("kim@example.com");
        using var lee = await ReviewerAsync("lee@example.com");
        (_kim, _lee) = (await TokenOfAsync(kim), await TokenOfAsync(lee));
    }

    public async Task DisposeAsync() => await _house.DisposeAsync();

    [Fact]
    public async Task Keys_of_a_sensitive_project_work_once_two_people_have_approved()
    {
        (await _house.CallAsync()).ShouldContain("-");
        var declared = await _house.DoAsync("PUT", Use, Sensitive);
        var id = (string)declared["id"]!;
        ((string)declared["state"]!).ShouldBe("pending");
        ((string)declared["missing"]!).ShouldContain("0 of 2 have");
        (await _house.CallAsync()).ShouldBe("use_not_approved");
        (await _house.CallAsync(GovernHouse.OtherKey)).ShouldContain("-");

        await _house.DoAsync("POST", $"/api/reviews/{id}/approve", key: _kim);
        (await _house.CallAsync()).ShouldBe("use_not_approved");
        (await _house.AskAsync("POST", $"/api/reviews/{id}/approve", key: _kim)).Status
            .ShouldBe(HttpStatusCode.Conflict, "one person is one approval");
        (await _house.DoAsync("GET", $"/api/reviews/{id}"))["approved_by"]!.AsArray().ShouldHaveSingleItem()!.ToString()
            .ShouldStartWith("user:");
        await _house.DoAsync("POST", $"/api/reviews/{id}/approve", key: _lee);

        (await _house.CallAsync()).ShouldContain("-");
        (await _house.AuditAsync("demo")).ShouldBe(["use.declared", "use.approval_given", "use.approved"]);
    }

    [Fact]
    public async Task Of_approvals_at_once_each_person_counts_once()
    {
        var id = (string)(await _house.DoAsync("PUT", Use, Sensitive))["id"]!;

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ =>
            _house.AskAsync("POST", $"/api/reviews/{id}/approve", key: _kim)));

        answers.Count(answer => answer.Status == HttpStatusCode.OK).ShouldBe(1);
        (await _house.CallAsync()).ShouldBe("use_not_approved");
    }

    [Fact]
    public async Task An_approval_ends_with_notice_can_be_revoked_and_does_not_cover_anything_else()
    {
        var id = await ApproveAsync("brief", "for two days");
        (await _house.CallAsync()).ShouldContain("-");
        (await _house.DoAsync("GET", Use))["ends_soon"]!.GetValue<bool>().ShouldBeTrue();
        await _house.PassAsync(TimeSpan.FromHours(49));
        (await _house.CallAsync()).ShouldBe("use_not_approved");
        ((string)(await _house.DoAsync("GET", Use))["state"]!).ShouldBe("expired");

        // The same words again are a new declaration, since the approval has ended.
        var again = await ApproveAsync("brief", "for two days");
        again.ShouldNotBe(id);
        (await _house.CallAsync()).ShouldContain("-");
        (await _house.AskAsync("POST", $"/api/reviews/{again}/revoke", "{}")).Status.ShouldBe(HttpStatusCode.BadRequest);
        await _house.DoAsync("POST", $"/api/reviews/{again}/revoke", """{"reason":"not what was said"}""");
        (await _house.CallAsync()).ShouldBe("use_not_approved");
        ((string)(await _house.DoAsync("GET", Use))["missing"]!).ShouldContain("not what was said");

        await ApproveAsync("sensitive", "one");
        (await _house.CallAsync()).ShouldContain("-");
        await _house.DoAsync("PUT", Use, """{"class":"sensitive","justification":"another"}""");
        (await _house.CallAsync()).ShouldBe("use_not_approved");
        (await _house.AskAsync("POST", $"/api/reviews/{again}/approve", key: _kim)).Status
            .ShouldBe(HttpStatusCode.NotFound, "a declaration that was replaced cannot be decided on");
    }

    [Fact]
    public async Task One_person_is_one_approval_whether_signed_in_or_by_a_token_of_theirs()
    {
        using var kim = await ReviewerAsync("kari@example.com");
        using var lee = await ReviewerAsync("liv@example.com");
        using var token = new Visitor(_house.House, await TokenOfAsync(kim));
        var id = (string)(await _house.DoAsync("PUT", Use, Sensitive))["id"]!;
        (await kim.PostAsync($"/api/reviews/{id}/approve")).ShouldBeOk();
        (await token.PostAsync($"/api/reviews/{id}/approve")).ShouldBe(409, "conflict");
        (await lee.PostAsync($"/api/reviews/{id}/approve")).ShouldBeOk();

        // Nor does whoever has declared it with the one approve with the other.
        var own = JsonNode.Parse((await kim.SendAsync(
            HttpMethod.Put, Use, new() { ["class"] = "brief", ["justification"] = "x" })).ShouldBeOk().Text)!["id"]!;
        (await token.PostAsync($"/api/reviews/{own}/approve")).ShouldBe(409, "conflict");
    }

    [Fact]
    public async Task A_key_of_which_nobody_knows_whose_it_is_approves_of_nothing_and_rejects()
    {
        var id = (string)(await _house.DoAsync("PUT", Use, Sensitive, _kim))["id"]!;

        foreach (var key in (string[])[TestHouse.AdminKey, GovernHouse.AliceKey])
        {
            var (status, body) = await _house.AskAsync("POST", $"/api/reviews/{id}/approve", key: key);
            status.ShouldBe(HttpStatusCode.Forbidden);
            body!["type"]!.ToString().ShouldBe("urn:sahab:problem:person_required");
            body["detail"]!.ToString().ShouldContain("access token");
        }

        ((long)(await _house.DoAsync("GET", Use))["approvals"]!).ShouldBe(0);
        await _house.DoAsync("POST", $"/api/reviews/{id}/reject", """{"reason":"no contract"}""", GovernHouse.AliceKey);
    }

    [Fact]
    public async Task After_a_rejection_or_a_revocation_every_class_needs_two_approvals_until_one_is_given()
    {
        const string general = """{"class":"general","justification":"Only mails."}""";
        var id = (string)(await _house.DoAsync("PUT", Use, Sensitive))["id"]!;
        await _house.DoAsync("POST", $"/api/reviews/{id}/reject", """{"reason":"no contract"}""");

        (await _house.AskAsync("PUT", Use, """{"class":"general"}""")).Status.ShouldBe(
            HttpStatusCode.BadRequest, "who reviews it decides by its justification");
        var relabelled = await _house.DoAsync("PUT", Use, general);
        ((string)relabelled["state"]!).ShouldBe("pending");
        ((string)relabelled["missing"]!).ShouldContain("what was declared before was rejected or revoked");
        (await _house.CallAsync()).ShouldBe("use_not_approved");

        // Saying something else meanwhile is no way around it either.
        relabelled = await _house.DoAsync("PUT", Use, general.Replace("mails", "letters", StringComparison.Ordinal));
        ((string)relabelled["state"]!).ShouldBe("pending");
        await ApproveAsync((string)relabelled["id"]!);
        (await _house.CallAsync()).ShouldContain("-");
        (await _house.DoAsync("GET", Use))["expires_at"].ShouldBeNull("a class without review has no approval that ends");
        ((string)(await _house.DoAsync("PUT", Use, """{"class":"general"}"""))["state"]!).ShouldBe("approved");
        (await _house.CallAsync()).ShouldContain("-");

        // What needed no review can be revoked, too.
        id = (string)(await _house.DoAsync("GET", Use))["id"]!;
        await _house.DoAsync("POST", $"/api/reviews/{id}/revoke", """{"reason":"not only mails"}""");
        (await _house.CallAsync()).ShouldBe("use_not_approved");
        ((string)(await _house.DoAsync("PUT", Use, general))["state"]!).ShouldBe("pending");
        (await _house.CallAsync()).ShouldBe("use_not_approved");
    }

    [Fact]
    public async Task An_approval_ends_by_the_clock_when_the_store_cannot_be_reached()
    {
        await ApproveAsync("brief", "for two days");
        (await _house.CallAsync()).ShouldContain("-");
        await ExecuteAsync("ALTER TABLE governance_change RENAME TO governance_change_away");

        await Should.ThrowAsync<Exception>(() => _house.PassAsync(TimeSpan.FromHours(49)));

        (await _house.CallAsync()).ShouldBe("use_not_approved");
        await ExecuteAsync("ALTER TABLE governance_change_away RENAME TO governance_change");
    }

    [Fact]
    public async Task Rules_of_a_project_that_waits_for_its_review_or_was_rejected_are_proved_as_well()
    {
        const string rules = "/api/organisations/demo/projects/default/data-rules";
        const string leaking = """{"process_in":["eu"]}""";
        var id = (string)(await _house.DoAsync("PUT", Use, Sensitive))["id"]!;
        (await _house.AskAsync("PUT", rules, leaking)).Status.ShouldBe(HttpStatusCode.Conflict);
        await _house.DoAsync("PUT", rules, """{"process_in":["NO"]}""");
        await _house.DoAsync("POST", $"/api/reviews/{id}/reject", """{"reason":"no contract"}""");
        (await _house.AskAsync("PUT", rules, leaking)).Status.ShouldBe(HttpStatusCode.Conflict);

        _house.House.Configuration.TryApply(GovernHouse.Read(GovernHouse.Yaml.Replace(
            "country: \"NO\" }\nrouting", "country: US }\nrouting", StringComparison.Ordinal))).ShouldBeFalse();

        _house.House.Configuration.Status.LastErrors.ShouldHaveSingleItem().ShouldContain(
            "organisation demo, project default, model small, every call: this node is in US, outside NO");
    }

    [Fact]
    public async Task What_is_declared_is_of_a_project_that_there_is()
    {
        (await _house.AskAsync("PUT", "/api/organisations/demo/projects/nothing/use", Sensitive)).Status.ShouldBe(HttpStatusCode.NotFound);
        (await _house.AskAsync("PUT", "/api/organisations/nobody/projects/default/use", Sensitive)).Status
            .ShouldBe(HttpStatusCode.NotFound);
        const string rules = """{"keep_for":"24h"}""";
        (await _house.AskAsync("PUT", "/api/organisations/demo/projects/nothing/data-rules", rules)).Status
            .ShouldBe(HttpStatusCode.NotFound);
        (await _house.AskAsync("PUT", "/api/organisations/nobody/data-rules", rules)).Status.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task What_is_committed_is_answered_so_whatever_comes_of_putting_it_in_force()
    {
        await _house.DoAsync("POST", "/api/subprocessors", """{"id":"one","name":"One","purpose":"x","countries":["NO"]}""");
        await ExecuteAsync("ALTER TABLE data_rule RENAME TO data_rule_away");

        await _house.DoAsync("PUT", Use, Sensitive);
        (await _house.DoAsync("PUT", "/api/organisations/demo/objections/one", """{"says":"objection"}"""))["says"]!.ToString()
            .ShouldBe("objection");
        await _house.DoAsync("PATCH", "/api/subprocessors/one", """{"name":"Two"}""");

        (await _house.CallAsync()).ShouldContain("-", Case.Sensitive, "it could not be read yet");
        await ExecuteAsync("ALTER TABLE data_rule_away RENAME TO data_rule");
        await _house.House.Get<DataRulesShelf>().LookAsync(CancellationToken.None);
        (await _house.CallAsync()).ShouldBe("use_not_approved");
    }

    [Fact]
    public async Task What_a_class_allows_binds_its_calls()
    {
        await ApproveAsync("military", "defence");
        (await _house.CallAsync()).ShouldBe("use_not_allowed");

        await _house.DoAsync("PUT", Use, """{"class":"nordic"}""");
        (await _house.PlacesAsync()).Split(' ').ShouldAllBe(place => place.EndsWith("-no", StringComparison.Ordinal));
        (await _house.CallAsync(extra: ",\"store\":true")).ShouldBe("content_not_kept");

        await _house.DoAsync("PUT", Use, """{"class":"general"}""");
        (await _house.PlacesAsync()).ShouldContain("-us");
    }

    [Fact]
    public async Task A_rejection_says_why_and_reviews_are_listed_to_who_decides()
    {
        var id = (string)(await _house.DoAsync("PUT", Use, Sensitive))["id"]!;
        (await _house.DoAsync("GET", "/api/reviews"))["data"]!.AsArray().ShouldHaveSingleItem()!["id"]!.ToString().ShouldBe(id);

        await _house.DoAsync("POST", $"/api/reviews/{id}/reject", """{"reason":"no contract"}""", GovernHouse.AliceKey);

        (await _house.DoAsync("GET", "/api/reviews"))["data"]!.AsArray().ShouldBeEmpty();
        (await _house.DoAsync("GET", "/api/reviews?state=all"))["data"]!.AsArray().Count.ShouldBe(1);
        ((string)(await _house.DoAsync("GET", Use))["missing"]!).ShouldContain("no contract");
        (await _house.AskAsync("POST", $"/api/reviews/{id}/approve", key: _lee)).Status.ShouldBe(HttpStatusCode.Conflict);
        (await _house.AskAsync("PUT", Use, """{"class":"abroad","justification":"x"}""")).Status.ShouldBe(HttpStatusCode.Conflict);
        (await _house.AskAsync("PUT", Use, """{"class":"secret"}""")).Status.ShouldBe(HttpStatusCode.BadRequest);
        (await _house.AskAsync("PUT", Use, """{"class":"sensitive"}""")).Status.ShouldBe(HttpStatusCode.BadRequest);
        (await _house.AskAsync("GET", "/api/reviews", key: TestHouse.DemoKey)).Status.ShouldBe(HttpStatusCode.Forbidden);
    }

    async Task<Visitor> ReviewerAsync(string email)
    {
        var reviewer = await Visitor.SignUpAsync(_house.House, email);
        using var admin = Visitor.Admin(_house.House);
        (await admin.PostAsync("/api/operators", new() { ["email"] = email, ["roles"] = new JsonArray("admin") })).ShouldBeOk();
        return reviewer;
    }

    static async Task<string> TokenOfAsync(Visitor user) =>
        (await user.PostAsync("/api/account/tokens", new() { ["name"] = "ci", ["operator_role"] = "admin" }))
        .ShouldBeOk().Json["token"]!.ToString();

    async Task ExecuteAsync(string sql)
    {
        await using var connection = await _house.House.Get<SahabDatabase>().OpenAsync(CancellationToken.None);
        await connection.ExecuteAsync(new CommandDefinition(sql));
    }

    async Task<string> ApproveAsync(string use, string why)
    {
        var id = (string)(await _house.DoAsync("PUT", Use, $$"""{"class":"{{use}}","justification":"{{why}}"}"""))["id"]!;
        await ApproveAsync(id);
        return id;
    }

    async Task ApproveAsync(string id)
    {
        await _house.DoAsync("POST", $"/api/reviews/{id}/approve", key: _kim);
        await _house.DoAsync("POST", $"/api/reviews/{id}/approve", key: _lee);
    }
}
