using System.Text.Json.Nodes;
using Dapper;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Tenants.Accounts;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Tenants;

/// <summary>Organisations, members, projects and tokens through the API of a real server.</summary>
public sealed class TenantApiTests : IAsyncLifetime
{
    TestHouse _house = null!;
    Visitor _owner = null!;
    string _organisation = "";

    public async Task InitializeAsync()
    {
        _house = await TestHouse.StartAsync();
        _owner = await Visitor.SignUpAsync(_house, "owner@example.com");
        _organisation = await _owner.FoundAsync("Cumulus");
    }

    public async Task DisposeAsync()
    {
        _owner.Dispose();
        await _house.DisposeAsync();
    }

    string Path(string rest = "") => $"/api/organisations/{_organisation}{rest}";

    [Fact]
    public async Task Who_makes_an_organisation_is_its_owner_and_it_has_a_project()
    {
        var shown = (await _owner.GetAsync(Path())).ShouldBeOk().Json;
        shown["role"]!.ToString().ShouldBe("owner");
        shown["status"]!.ToString().ShouldBe("active");
        shown["country"]!.ToString().ShouldBe("NO");
        _organisation.ShouldMatch("^org_[0-9a-z]{26}$");

        var mine = (await _owner.GetAsync("/api/organisations")).ShouldBeOk().Json["data"]!.AsArray();
        mine.ShouldHaveSingleItem()!["id"]!.ToString().ShouldBe(_organisation);
        var project = (await _owner.GetAsync(Path("/projects"))).ShouldBeOk().Json["data"]!.AsArray().ShouldHaveSingleItem()!;
        project["id"]!.ToString().ShouldMatch("^prj_[0-9a-z]{26}$");
        project["name"]!.ToString().ShouldBe("default");
        (await _owner.PatchAsync(Path(), new() { ["name"] = "Cirrus", ["country"] = "SE" })).ShouldBeOk()
            .Json["name"]!.ToString().ShouldBe("Cirrus");
        (await _owner.PatchAsync(Path(), new() { ["country"] = "XX" })).ShouldBe(400, "invalid_parameter");
        (await _owner.PatchAsync(Path(), new() { ["nmae"] = "Cirrus" })).ShouldBe(400, "invalid_parameter");
    }

    [Fact]
    public async Task Tenants_of_the_configuration_are_organisations_that_follow_it()
    {
        using var admin = Visitor.Admin(_house);
        var all = (await admin.GetAsync("/api/organisations")).ShouldBeOk().Json["data"]!.AsArray();
        all.Select(each => each!["id"]!.ToString()).ShouldBe(["demo", "operators", _organisation], ignoreOrder: true);
        (await admin.GetAsync("/api/organisations/demo/projects")).ShouldBeOk()
            .Json["data"]![0]!["id"]!.ToString().ShouldBe("default");
        (await admin.PatchAsync("/api/organisations/demo", new() { ["name"] = "Other" })).ShouldBe(409, "conflict");

        var current = _house.Configuration.Status.Applied;
        var less = new ConfigReading
        {
            Source = current.Source,
            Hash = "",
            Files = [],
            Problems = [],
            Config = current.Config with { Tenants = [.. current.Config.Tenants.Where(tenant => tenant.Id != "demo")] },
        };
        _house.Configuration.TryApply(less).ShouldBeTrue();
        await WaitForAsync("demo", "suspended");
        (await admin.PostAsync("/api/organisations/demo/resume", new() { ["reason"] = "x" })).ShouldBe(409, "conflict");
        _house.Configuration.TryApply(less with { Config = current.Config }).ShouldBeTrue();
        await WaitForAsync("demo", "active");

        async Task WaitForAsync(string id, string status)
        {
            while ((await admin.GetAsync($"/api/organisations/{id}")).ShouldBeOk().Json["status"]!.ToString() != status)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            }
        }
    }

    [Fact]
    public async Task A_list_goes_on_where_it_ended()
    {
        var ids = new List<string> { _organisation };
        for (var number = 0; number < 4; number++)
        {
            ids.Add(await _owner.FoundAsync($"Number {number}"));
        }

        var (seen, next) = (new List<string>(), "");
        do
        {
            var page = (await _owner.GetAsync($"/api/organisations?limit=2&after={next}")).ShouldBeOk().Json;
            page["data"]!.AsArray().Count.ShouldBeLessThanOrEqualTo(2);
            seen.AddRange(page["data"]!.AsArray().Select(each => each!["id"]!.ToString()));
            next = page["next"]?.ToString();
        }
        while (next is not null);

        seen.ShouldBe(ids);
        (await _owner.GetAsync("/api/organisations?limit=0")).ShouldBe(400, "invalid_parameter");
        (await _owner.GetAsync("/api/organisations?limit=x")).ShouldBe(400, "invalid_parameter");
    }

    [Fact]
    public async Task Members_are_invited_and_admins_make_no_owners()
    {
        using var admin = await _owner.BringAsync(_house, _organisation, "admin@example.com", "admin");
        using var developer = await admin.BringAsync(_house, _organisation, "dev@example.com", "developer");

        (await admin.PostAsync(Path("/invitations"), Invitation("x@example.com", "owner"))).ShouldBe(403, "owners_only");
        (await admin.PatchAsync(Path($"/members/{developer.User}"), new() { ["role"] = "owner" })).ShouldBe(403, "owners_only");
        (await admin.PatchAsync(Path($"/members/{_owner.User}"), new() { ["role"] = "auditor" })).ShouldBe(403, "owners_only");
        (await admin.DeleteAsync(Path($"/members/{_owner.User}"))).ShouldBe(403, "owners_only");
        (await developer.PostAsync(Path("/invitations"), Invitation("x@example.com", "auditor"))).ShouldBe(403, "not_allowed");
        (await _owner.PostAsync(Path("/leave"))).ShouldBe(409, "conflict");
        (await _owner.PatchAsync(Path($"/members/{_owner.User}"), new() { ["role"] = "admin" })).ShouldBe(409, "conflict");

        (await _owner.PatchAsync(Path($"/members/{admin.User}"), new() { ["role"] = "owner" })).ShouldBeOk();
        (await _owner.PostAsync(Path("/leave"))).ShouldBeOk();
        (await _owner.GetAsync(Path())).ShouldBe(404, "not_found");
        (await admin.GetAsync(Path("/members"))).ShouldBeOk().Json["data"]!.AsArray().Count.ShouldBe(2);
        (await admin.DeleteAsync(Path($"/members/{developer.User}"))).ShouldBeOk();
        (await developer.GetAsync(Path())).ShouldBe(404, "not_found");
    }

    [Fact]
    public async Task An_invitation_is_shown_once_and_is_good_until_it_is_taken_back_or_accepted()
    {
        var made = (await _owner.PostAsync(Path("/invitations"), Invitation("lee@example.com", "billing"))).ShouldBeOk().Json;
        var listed = (await _owner.GetAsync(Path("/invitations"))).ShouldBeOk().Json["data"]!.AsArray().ShouldHaveSingleItem()!;
        listed["id"]!.ToString().ShouldBe(made["id"]!.ToString());
        listed["token"].ShouldBeNull();
        using var lee = await Visitor.SignUpAsync(_house, "lee@example.com");
        using var other = await Visitor.SignUpAsync(_house, "other@example.com");
        var accept = new JsonObject { ["token"] = made["token"]!.ToString() };

        (await other.PostAsync("/api/invitations/accept", accept)).ShouldBe(409, "conflict");
        (await lee.PostAsync("/api/invitations/accept", accept)).ShouldBeOk().Json["role"]!.ToString().ShouldBe("billing");
        (await lee.PostAsync("/api/invitations/accept", accept)).ShouldBe(404, "not_found");
        var another = (await _owner.PostAsync(Path("/invitations"), Invitation("other@example.com", "auditor"))).ShouldBeOk().Json;
        (await _owner.DeleteAsync(Path($"/invitations/{another["id"]}"))).ShouldBeOk();
        (await other.PostAsync("/api/invitations/accept", new() { ["token"] = another["token"]!.ToString() }))
            .ShouldBe(404, "not_found");
    }

    [Fact]
    public async Task A_suspended_organisation_can_be_looked_at_and_no_more()
    {
        using var admin = Visitor.Admin(_house);
        (await _owner.PostAsync(Path("/suspend"), new() { ["reason"] = "x" })).ShouldBe(403, "not_allowed");
        (await admin.PostAsync(Path("/suspend"), new() { ["reason"] = "did not pay" })).ShouldBeOk();

        (await _owner.GetAsync(Path("/projects"))).ShouldBeOk();
        (await _owner.PostAsync(Path("/projects"), new() { ["name"] = "x" })).ShouldBe(403, "organisation_suspended");
        (await admin.PostAsync(Path("/suspend"), new() { ["reason"] = "again" })).ShouldBe(409, "conflict");
        (await admin.PostAsync(Path("/resume"), new() { ["reason"] = "paid" })).ShouldBeOk();
        (await _owner.PostAsync(Path("/projects"), new() { ["name"] = "x" })).ShouldBeOk();
        (await admin.PostAsync(Path("/close"), new() { ["reason"] = "asked for it" })).ShouldBeOk();
        (await admin.PostAsync(Path("/resume"), new() { ["reason"] = "no" })).ShouldBe(409, "conflict");
    }

    [Fact]
    public async Task Projects_are_made_renamed_and_archived()
    {
        var id = (await _owner.PostAsync(Path("/projects"), new() { ["name"] = " night jobs " })).ShouldBeOk().Json["id"]!.ToString();

        (await _owner.PatchAsync(Path($"/projects/{id}"), new() { ["name"] = "day jobs" })).ShouldBeOk()
            .Json["name"]!.ToString().ShouldBe("day jobs");
        (await _owner.PostAsync(Path($"/projects/{id}/archive"))).ShouldBeOk().Json["archived_at"].ShouldNotBeNull();
        (await _owner.PostAsync(Path($"/projects/{id}/archive"))).ShouldBe(409, "conflict");
        (await _owner.GetAsync(Path("/projects/prj_none"))).ShouldBe(404, "not_found");
        (await _owner.PostAsync(Path("/projects"), new() { ["name"] = "\u0007" })).ShouldBe(400, "invalid_parameter");
    }

    [Fact]
    public async Task Operators_are_made_with_an_admin_key_and_lose_their_roles_at_once()
    {
        using var admin = Visitor.Admin(_house);
        (await admin.PostAsync("/api/operators", Roles("nobody@example.com", "finance"))).ShouldBe(404, "not_found");
        (await _owner.PostAsync("/api/operators", Roles("owner@example.com", "admin"))).ShouldBe(403, "not_allowed");

        (await admin.PostAsync("/api/operators", Roles("owner@example.com", "finance", "auditor"))).ShouldBeOk();
        (await _owner.GetAsync("/api/status")).ShouldBeOk();
        (await _owner.GetAsync("/api/operators")).ShouldBe(403, "not_allowed");
        (await admin.GetAsync("/api/operators")).ShouldBeOk().Json["data"]!.AsArray().ShouldHaveSingleItem()!["roles"]!
            .AsArray().Select(role => role!.ToString()).ShouldBe(["auditor", "finance"]);
        (await admin.PostAsync("/api/operators", Roles("owner@example.com"))).ShouldBeOk();
        (await _owner.GetAsync("/api/status")).ShouldBe(403, "not_allowed");
    }

    [Fact]
    public async Task A_token_acts_in_its_organisation_with_its_role_as_long_as_its_maker_has_it()
    {
        using var admin = await _owner.BringAsync(_house, _organisation, "admin@example.com", "admin");
        (await admin.PostAsync("/api/account/tokens", Token("owner"))).ShouldBe(403, "role_above_yours");
        var made = (await admin.PostAsync("/api/account/tokens", Token("developer"))).ShouldBeOk().Json;
        using var program = new Visitor(_house, made["token"]!.ToString());

        (await program.PostAsync(Path("/projects"), new() { ["name"] = "by a program" })).ShouldBeOk();
        (await program.PostAsync(Path("/invitations"), Invitation("x@example.com", "auditor"))).ShouldBe(403, "not_allowed");
        (await program.GetAsync("/api/organisations")).ShouldBeOk().Json["data"]!.AsArray().ShouldHaveSingleItem();
        (await program.GetAsync("/api/account/tokens")).ShouldBe(403, "users_only");
        (await program.PostAsync("/api/organisations", new() { ["name"] = "x" })).ShouldBe(403, "users_only");
        (await program.PostAsync(Path("/leave"))).ShouldBe(409, "conflict");
        (await program.GetAsync("/api/status")).ShouldBe(403, "not_allowed");

        var greater = (await admin.PostAsync("/api/account/tokens", Token("admin"))).ShouldBeOk().Json;
        using var lessened = new Visitor(_house, greater["token"]!.ToString());
        (await _owner.PatchAsync(Path($"/members/{admin.User}"), new() { ["role"] = "developer" })).ShouldBeOk();
        (await lessened.PostAsync(Path("/projects"), new() { ["name"] = "x" })).ShouldBeOk();
        (await lessened.PatchAsync(Path(), new() { ["name"] = "x" })).ShouldBe(403, "not_allowed");
        (await _owner.PatchAsync(Path($"/members/{admin.User}"), new() { ["role"] = "auditor" })).ShouldBeOk();
        (await lessened.GetAsync(Path("/projects"))).ShouldBeOk();
        (await lessened.PostAsync(Path("/projects"), new() { ["name"] = "x" })).ShouldBe(403, "not_allowed");
        // What a developer may, an auditor may not, nor the other way round: nothing is left of it.
        (await program.GetAsync(Path("/projects"))).ShouldBe(404, "not_found");
        (await _owner.DeleteAsync(Path($"/members/{admin.User}"))).ShouldBeOk();
        (await lessened.GetAsync(Path("/projects"))).ShouldBe(404, "not_found");
    }

    [Fact]
    public async Task A_token_that_is_revoked_is_good_for_nothing()
    {
        var made = (await _owner.PostAsync("/api/account/tokens", Token("owner"))).ShouldBeOk().Json;
        using var program = new Visitor(_house, made["token"]!.ToString());
        (await program.GetAsync(Path())).ShouldBeOk();
        (await _owner.GetAsync("/api/account/tokens")).ShouldBeOk().Json["data"]![0]!["token"].ShouldBeNull();

        (await _owner.DeleteAsync($"/api/account/tokens/{made["id"]}")).ShouldBeOk();

        (await program.GetAsync(Path())).ShouldBe(401, "invalid_access_token");
        using var guess = new Visitor(_house, AccessToken.Prefix + "guess");
        (await guess.GetAsync(Path())).ShouldBe(401, "invalid_access_token");
    }

    [Fact]
    public async Task What_is_committed_is_answered_so_where_keys_cannot_be_read_then()
    {
        var project = (await _owner.PostAsync(Path("/projects"), new() { ["name"] = "x" })).ShouldBeOk().Json["id"];
        using var admin = Visitor.Admin(_house);
        await ExecuteAsync("ALTER TABLE api_key RENAME TO api_key_away");

        (await _owner.PostAsync(Path($"/projects/{project}/archive"), null, "k1")).ShouldBeOk()
            .Json["archived_at"].ShouldNotBeNull();
        (await admin.PostAsync(Path("/suspend"), new() { ["reason"] = "x" }, "k2")).ShouldBeOk()
            .Json["status"]!.ToString().ShouldBe("suspended");

        await ExecuteAsync("ALTER TABLE api_key_away RENAME TO api_key");
        (await admin.PostAsync(Path("/resume"), new() { ["reason"] = "x" }, "k3")).ShouldBeOk();
    }

    [Fact]
    public async Task A_token_of_the_operator_s_side_has_the_role_that_its_maker_has()
    {
        using var admin = Visitor.Admin(_house);
        await admin.PostAsync("/api/operators", Roles("owner@example.com", "finance"));
        (await _owner.PostAsync("/api/account/tokens", OperatorToken("reviewer"))).ShouldBe(403, "role_above_yours");
        var made = (await _owner.PostAsync("/api/account/tokens", OperatorToken("finance"))).ShouldBeOk().Json;
        using var program = new Visitor(_house, made["token"]!.ToString());

        (await program.GetAsync("/api/status")).ShouldBeOk();
        (await program.GetAsync("/api/organisations")).ShouldBeOk().Json["data"]!.AsArray().Count.ShouldBe(3);
        await admin.PostAsync("/api/operators", Roles("owner@example.com"));
        (await program.GetAsync("/api/status")).ShouldBe(403, "not_allowed");

        static JsonObject OperatorToken(string role) => new() { ["name"] = "ci", ["operator_role"] = role };
    }

    async Task ExecuteAsync(string sql)
    {
        await using var connection = await _house.Get<SahabDatabase>().OpenAsync(CancellationToken.None);
        await connection.ExecuteAsync(new CommandDefinition(sql));
    }

    JsonObject Token(string role) =>
        new() { ["name"] = "ci", ["organisation"] = _organisation, ["role"] = role, ["expires_in_days"] = 30 };

    static JsonObject Invitation(string email, string role) => new() { ["email"] = email, ["role"] = role };

    static JsonObject Roles(string email, params string[] roles) => new()
    {
        ["email"] = email,
        ["roles"] = new JsonArray([.. roles.Select(role => (JsonNode)role)]),
    };
}
