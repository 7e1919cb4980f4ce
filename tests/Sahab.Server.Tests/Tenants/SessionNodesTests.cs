using Sahab.Server.Sell.Tenants.Accounts;
using Sahab.Server.Tests.Database;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Tenants;

/// <summary>
/// Two nodes on one PostgreSQL: what is taken away on one holds on the other as soon as it may no longer remember who
/// somebody is. The other node's time stands still until a test lets it pass.
/// </summary>
[Collection(PostgresTests.Name)]
public sealed class SessionNodesTests(PostgresServer postgres) : IAsyncLifetime
{
    static readonly TimeSpan Bound = TimeSpan.FromMilliseconds(CallerCache.LifeMs);

    readonly HandTime _time = new();
    TestHouse _one = null!;
    TestHouse _other = null!;
    Visitor _owner = null!;
    string _organisation = "";

    public async Task InitializeAsync()
    {
        var store = await postgres.CreateDatabaseAsync();
        // One clock for both, so that neither takes the other's sessions for old ones.
        _one = await TestHouse.StartAsync(postgres: store, time: _time);
        _other = await TestHouse.StartAsync(postgres: store, time: _time);
        _owner = await Visitor.SignUpAsync(_one, "owner@example.com");
        _organisation = await _owner.FoundAsync("Acme");
    }

    public async Task DisposeAsync()
    {
        _owner.Dispose();
        await _one.DisposeAsync();
        await _other.DisposeAsync();
    }

    [Fact]
    public void The_bound_is_a_second() => Bound.ShouldBe(TimeSpan.FromSeconds(1));

    [Fact]
    public async Task A_session_that_was_ended_is_over_on_the_other_node()
    {
        using var there = At(_other, _owner);
        (await there.GetAsync(Path("/projects"))).ShouldBeOk();
        (await _owner.PostAsync("/api/sign-out")).ShouldBeOk();

        _time.Pass(Bound);

        (await there.GetAsync(Path("/projects"))).ShouldBe(401, "session_ended");
        (await there.PostAsync(Path("/projects"), new() { ["name"] = "x" })).ShouldBe(401, "session_ended");
    }

    [Fact]
    public async Task A_session_that_ended_by_another_password_is_over_on_the_other_node()
    {
        using var second = new Visitor(_one);
        (await second.SignInAsync("owner@example.com")).ShouldBeOk();
        using var there = At(_other, second);
        (await there.GetAsync(Path())).ShouldBeOk();
        (await _owner.PostAsync("/api/account/password", new()
        {
            ["current_password"] = Visitor.Password,
            ["new_password"] = "another horse altogether",
        })).ShouldBeOk();

        _time.Pass(Bound);

        (await there.GetAsync(Path())).ShouldBe(401, "session_ended");
    }

    [Fact]
    public async Task A_member_who_was_removed_is_nobody_on_the_other_node()
    {
        using var member = await _owner.BringAsync(_one, _organisation, "member@example.com", "admin");
        using var there = At(_other, member);
        (await there.GetAsync(Path())).ShouldBeOk();
        (await _owner.DeleteAsync(Path($"/members/{member.User}"))).ShouldBeOk();

        _time.Pass(Bound);

        (await there.GetAsync(Path())).ShouldBe(404, "not_found");
        (await there.GetAsync($"/console/{_organisation}")).Status.ShouldBe(System.Net.HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_role_that_was_changed_is_the_new_one_on_the_other_node()
    {
        using var member = await _owner.BringAsync(_one, _organisation, "member@example.com", "admin");
        using var there = At(_other, member);
        (await there.PostAsync(Path("/projects"), new() { ["name"] = "x" })).ShouldBeOk();
        (await _owner.PatchAsync(Path($"/members/{member.User}"), new() { ["role"] = "auditor" })).ShouldBeOk();

        _time.Pass(Bound);

        (await there.PostAsync(Path("/projects"), new() { ["name"] = "y" })).ShouldBe(403, "not_allowed");
        (await there.GetAsync(Path("/projects"))).ShouldBeOk();
    }

    [Fact]
    public async Task An_access_token_that_was_revoked_and_an_operator_s_role_that_was_taken_are_gone_on_the_other_node()
    {
        using var admin = Visitor.Admin(_one);
        await admin.PostAsync("/api/operators", Roles("finance"));
        var made = (await _owner.PostAsync("/api/account/tokens", new()
        {
            ["name"] = "ci",
            ["organisation"] = _organisation,
            ["role"] = "owner",
        })).ShouldBeOk().Json;
        using var program = new Visitor(_other, made["token"]!.ToString());
        using var there = At(_other, _owner);
        (await program.GetAsync(Path())).ShouldBeOk();
        (await there.GetAsync("/api/status")).ShouldBeOk();
        (await _owner.DeleteAsync($"/api/account/tokens/{made["id"]}")).ShouldBeOk();
        (await admin.PostAsync("/api/operators", Roles())).ShouldBeOk();

        _time.Pass(Bound);

        (await program.GetAsync(Path())).ShouldBe(401, "invalid_access_token");
        (await there.GetAsync("/api/status")).ShouldBe(403, "not_allowed");
    }

    [Fact]
    public async Task An_organisation_that_was_suspended_can_only_be_looked_at_on_the_other_node()
    {
        using var admin = Visitor.Admin(_one);
        using var there = At(_other, _owner);
        (await there.PostAsync(Path("/projects"), new() { ["name"] = "x" })).ShouldBeOk();
        (await admin.PostAsync(Path("/suspend"), new() { ["reason"] = "did not pay" })).ShouldBeOk();

        _time.Pass(Bound);

        (await there.PostAsync(Path("/projects"), new() { ["name"] = "y" })).ShouldBe(403, "organisation_suspended");
    }

    string Path(string path = "") => $"/api/organisations/{_organisation}{path}";

    /// <summary>The same browser, at another node.</summary>
    static Visitor At(TestHouse node, Visitor visitor)
    {
        var there = new Visitor(node) { Csrf = visitor.Csrf };
        there.Cookies.Add(new System.Net.Cookie("sahab", visitor.Cookie, "/", node.Address.Host));
        return there;
    }

    static System.Text.Json.Nodes.JsonObject Roles(params string[] roles) => new()
    {
        ["email"] = "owner@example.com",
        ["roles"] = new System.Text.Json.Nodes.JsonArray([.. roles.Select(role => (System.Text.Json.Nodes.JsonNode)role)]),
    };
}
