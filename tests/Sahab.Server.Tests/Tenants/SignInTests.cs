using System.Net;
using System.Text.Json.Nodes;
using Sahab.Server.Sell.Tenants.Accounts;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Tenants;

/// <summary>Signing up, in and out of a real server, as a browser does it and as an attacker would.</summary>
public sealed class SignInTests
{
    const string Email = "kim@example.com";

    [Fact]
    public async Task Who_signs_up_is_signed_in_and_is_nobody_s_operator()
    {
        await using var house = await TestHouse.StartAsync();
        using var kim = await Visitor.SignUpAsync(house, " Kim@Example.com ");

        var session = (await kim.GetAsync("/api/session")).ShouldBeOk().Json;
        session["user"]!["email"]!.ToString().ShouldBe(Email);
        session["csrf"]!.ToString().ShouldBe(kim.Csrf);
        session["operator_roles"]!.AsArray().ShouldBeEmpty();
        (await kim.GetAsync("/api/status")).ShouldBe(403, "not_allowed");
        (await kim.GetAsync("/api/operators")).ShouldBe(403, "not_allowed");

        using var other = new Visitor(house);
        (await other.GetAsync("/api/session")).Json["signed_in"]!.GetValue<bool>().ShouldBeFalse();
        (await other.GetAsync("/api/organisations")).ShouldBe(401, "not_signed_in");
        (await other.PostAsync("/api/sign-up", Credentials())).ShouldBe(409, "conflict");
    }

    [Fact]
    public async Task The_cookie_is_for_this_host_and_not_for_scripts_and_the_database_does_not_know_it()
    {
        await using var house = await TestHouse.StartAsync();
        using var kim = new Visitor(house);

        var answer = (await kim.PostAsync("/api/sign-up", Credentials())).ShouldBeOk();
        var cookie = answer.Response.Headers.GetValues("Set-Cookie").ShouldHaveSingleItem();
        cookie.ShouldStartWith("sahab=");
        cookie.ShouldContain("; httponly", Case.Insensitive);
        cookie.ShouldContain("; samesite=lax", Case.Insensitive);
        cookie.ShouldContain("; path=/", Case.Insensitive);
        cookie.ShouldNotContain("secure", Case.Insensitive);

        await house.StopServerAsync();
        var folder = Directory.GetParent(house.Configuration.Status.Applied.Source)!.FullName;
        var files = Directory.EnumerateFiles(Path.Combine(folder, "data"), "*", SearchOption.AllDirectories)
            .Select(File.ReadAllText).ToList();
        files.ShouldContain(text => text.Contains(Email));
        files.ShouldAllBe(text => !text.Contains(kim.Cookie) && !text.Contains(Visitor.Password)
            && !text.Contains(answer.Json["csrf"]!.ToString()));
    }

    [Fact]
    public async Task Behind_a_proxy_that_speaks_https_the_cookie_is_a_secure_one_of_this_host()
    {
        await using var house = await TestHouse.StartAsync(Samples.TwoCloudsYaml + "\nsign_in: { trusted_proxies: 1 }\n");
        using var kim = new Visitor(house);

        var answer = (await kim.SendAsync(
            HttpMethod.Post, "/api/sign-up", Credentials(), null, ("X-Forwarded-Proto", "https"), ("Host", "ai.example.com"),
            ("X-Forwarded-For", "203.0.113.9"), ("Origin", "https://ai.example.com"))).ShouldBeOk();
        var cookie = answer.Response.Headers.GetValues("Set-Cookie").ShouldHaveSingleItem();
        cookie.ShouldStartWith("__Host-sahab=");
        cookie.ShouldContain("; secure", Case.Insensitive);
        (await kim.SendAsync(
            HttpMethod.Post, "/api/sign-in", Credentials(), null, ("X-Forwarded-Proto", "http"), ("Host", "ai.example.com")))
            .ShouldBe(403, "https_required");
    }

    [Fact]
    public async Task Behind_a_proxy_that_speaks_https_pages_tell_the_address_that_the_browser_asked_for()
    {
        await using var house = await TestHouse.StartAsync(Samples.TwoCloudsYaml + "\nsign_in: { trusted_proxies: 1 }\n");
        (string, string)[] proxied =
            [("X-Forwarded-Proto", "https"), ("Host", "ai.example.com"), ("X-Forwarded-For", "203.0.113.9")];
        using var admin = Visitor.Admin(house);
        var organisation = await admin.FoundAsync("Acme");

        foreach (var path in new[] { $"/console/{organisation}/quickstart", "/" })
        {
            var page = (await admin.SendAsync(HttpMethod.Get, path, null, null, proxied)).ShouldBeOk().Text;
            page.ShouldContain("https://ai.example.com/v1", customMessage: path);
            page.ShouldNotContain("http://ai.example.com", customMessage: path);
        }

        (await admin.SendAsync(HttpMethod.Get, "/openapi/v1.json", null, null, proxied)).ShouldBeOk().Text
            .ShouldNotContain("http://ai.example.com");
        // Nobody spoke of this one.
        (await admin.SendAsync(HttpMethod.Get, "/", null, null, ("Host", "ai.example.com"))).ShouldBeOk().Text
            .ShouldContain("http://ai.example.com/v1");
    }

    [Fact]
    public async Task Proxies_that_nobody_spoke_of_are_not_believed()
    {
        await using var house = await TestHouse.StartAsync();
        using var kim = new Visitor(house);

        (await kim.SendAsync(
            HttpMethod.Post, "/api/sign-up", Credentials(), null, ("X-Forwarded-Proto", "https"), ("Host", "ai.example.com")))
            .ShouldBe(403, "https_required");
    }

    [Fact]
    public async Task A_wrong_password_and_an_unknown_e_mail_get_the_same_answer()
    {
        await using var house = await TestHouse.StartAsync();
        using var kim = await Visitor.SignUpAsync(house, Email);
        using var other = new Visitor(house);

        var wrong = await other.SignInAsync(Email, "wrong horse battery");
        var unknown = await other.SignInAsync("nobody@example.com", "wrong horse battery");

        wrong.ShouldBe(401, "sign_in_failed");
        unknown.Text.ShouldBe(wrong.Text);
        unknown.Status.ShouldBe(wrong.Status);
        HeadersOf(unknown).ShouldBe(HeadersOf(wrong));
        (await other.SignInAsync("KIM@example.com")).ShouldBeOk();

        static IEnumerable<string> HeadersOf(Answer answer) => answer.Response.Headers
            .Where(header => header.Key != "Date").Select(header => $"{header.Key}: {string.Join(", ", header.Value)}");
    }

    [Theory]
    [InlineData("kim", "correct horse battery")]
    [InlineData("kim@localhost", "correct horse battery")]
    [InlineData("kım@example.com", "correct horse battery")]
    [InlineData("kim@example.com\u0000", "correct horse battery")]
    [InlineData(Email, "short one")]
    [InlineData(Email, Email)]
    public async Task What_is_no_e_mail_or_no_good_password_is_refused(string email, string password)
    {
        await using var house = await TestHouse.StartAsync();
        using var kim = new Visitor(house);

        (await kim.PostAsync("/api/sign-up", new JsonObject { ["email"] = email, ["password"] = password }))
            .ShouldBe(400, "invalid_parameter");
        (await kim.PostAsync("/api/sign-up", new JsonObject { ["email"] = Email, ["password"] = new string('x', 257) }))
            .ShouldBe(400, "invalid_parameter");
    }

    [Fact]
    public async Task Guessing_ends_after_so_many_attempts_at_a_user_and_goes_on_with_time()
    {
        var time = new HandTime();
        await using var house = await TestHouse.StartAsync(time: time);
        using var kim = await Visitor.SignUpAsync(house, Email);
        using var other = new Visitor(house);
        for (var attempt = 0; attempt < SignInDesk.AttemptsOfUser; attempt++)
        {
            (await other.SignInAsync(Email, "wrong horse battery")).ShouldBe(401, "sign_in_failed");
        }

        // The right password is no better then: what the answer is says nothing about it.
        var refused = (await other.SignInAsync(Email)).ShouldBe(429, "too_many_requests");
        refused.Response.Headers.RetryAfter!.Delta.ShouldBe(SignInDesk.UserInterval);
        (await other.SignInAsync("another@example.com", "wrong horse battery")).ShouldBe(401, "sign_in_failed");

        time.Pass(SignInDesk.UserInterval);
        (await other.SignInAsync(Email)).ShouldBeOk();
    }

    [Fact]
    public async Task Guessing_at_many_users_ends_after_so_many_attempts_of_a_client()
    {
        var time = new HandTime();
        await using var house = await TestHouse.StartAsync(time: time);
        using var other = new Visitor(house);
        for (var attempt = 0; attempt < SignInDesk.AttemptsOfClient; attempt++)
        {
            (await other.SignInAsync($"user{attempt}@example.com", "wrong horse battery")).ShouldBe(401, "sign_in_failed");
        }

        (await other.SignInAsync("one-more@example.com", "wrong horse battery")).ShouldBe(429, "too_many_requests");
        (await other.PostAsync("/api/sign-up", Credentials())).ShouldBe(429, "too_many_requests");
        time.Pass(SignInDesk.ClientInterval);
        (await other.SignInAsync("one-more@example.com", "wrong horse battery")).ShouldBe(401, "sign_in_failed");
    }

    [Fact]
    public async Task Each_sign_in_has_a_new_token_and_ends_the_session_that_the_browser_had()
    {
        await using var house = await TestHouse.StartAsync();
        using var kim = await Visitor.SignUpAsync(house, Email);
        var before = kim.Cookie;

        // As an attacker would who has put their own cookie into the browser of somebody else.
        (await kim.SignInAsync(Email)).ShouldBeOk();
        kim.Cookie.ShouldNotBe(before);
        using var attacker = new Visitor(house);
        attacker.Cookies.Add(house.Address, new Cookie("sahab", before));
        (await attacker.GetAsync("/api/organisations")).ShouldBe(401, "session_ended");

        using var planted = new Visitor(house);
        planted.Cookies.Add(house.Address, new Cookie("sahab", "planted"));
        (await planted.SignInAsync(Email)).ShouldBeOk();
        planted.Cookie.ShouldNotBe("planted");
    }

    [Fact]
    public async Task A_change_needs_the_session_s_value_and_must_not_come_from_another_site()
    {
        await using var house = await TestHouse.StartAsync();
        using var kim = await Visitor.SignUpAsync(house, Email);
        using var lee = await Visitor.SignUpAsync(house, "lee@example.com");
        var body = new JsonObject { ["name"] = "Cumulus" };
        var (mine, his) = (kim.Csrf!, lee.Csrf!);

        kim.Csrf = null;
        (await kim.PostAsync("/api/organisations", body)).ShouldBe(403, "csrf_value_missing");
        kim.Csrf = his;
        (await kim.PostAsync("/api/organisations", body)).ShouldBe(403, "csrf_value_missing");
        kim.Csrf = mine;
        (string, string)[] others = [("Origin", "https://evil.example"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site"),
            ("Sec-Fetch-Site", "same-site")];
        foreach (var other in others)
        {
            (await kim.SendAsync(HttpMethod.Post, "/api/organisations", body, null, other)).ShouldBe(403, "other_site");
        }

        (await kim.SendAsync(
            HttpMethod.Post, "/api/organisations", body, null, ("Origin", house.Address.GetLeftPart(UriPartial.Authority)),
            ("Sec-Fetch-Site", "same-origin"))).ShouldBeOk();
        (await kim.SendAsync(HttpMethod.Post, "/api/sign-in", Credentials(), null, ("Origin", "https://evil.example")))
            .ShouldBe(403, "other_site");
    }

    [Fact]
    public async Task A_password_that_changes_ends_the_other_sessions()
    {
        await using var house = await TestHouse.StartAsync();
        using var kim = await Visitor.SignUpAsync(house, Email);
        using var elsewhere = new Visitor(house);
        await elsewhere.SignInAsync(Email);
        (await kim.GetAsync("/api/account/sessions")).Json["data"]!.AsArray().Count.ShouldBe(2);

        (await kim.PostAsync("/api/account/password", Change("wrong horse battery", "a longer battery")))
            .ShouldBe(400, "invalid_parameter");
        (await kim.PostAsync("/api/account/password", Change(Visitor.Password, "short"))).ShouldBe(400, "invalid_parameter");
        (await kim.PostAsync("/api/account/password", Change(Visitor.Password, "a longer battery"))).ShouldBeOk();

        (await elsewhere.GetAsync("/api/organisations")).ShouldBe(401, "session_ended");
        (await kim.GetAsync("/api/organisations")).ShouldBeOk();
        (await elsewhere.SignInAsync(Email)).ShouldBe(401, "sign_in_failed");
        (await elsewhere.SignInAsync(Email, "a longer battery")).ShouldBeOk();
    }

    [Fact]
    public async Task Who_signs_out_is_out_and_so_is_a_session_that_is_ended_from_elsewhere()
    {
        await using var house = await TestHouse.StartAsync();
        using var kim = await Visitor.SignUpAsync(house, Email);
        using var elsewhere = new Visitor(house);
        await elsewhere.SignInAsync(Email);
        var cookie = kim.Cookie;
        var other = (await kim.GetAsync("/api/account/sessions")).Json["data"]!.AsArray()
            .Single(session => !session!["this"]!.GetValue<bool>())!["id"]!.ToString();

        (await kim.DeleteAsync($"/api/account/sessions/{other}")).ShouldBeOk();
        (await elsewhere.GetAsync("/api/organisations")).ShouldBe(401, "session_ended");
        (await kim.DeleteAsync($"/api/account/sessions/{other}")).ShouldBe(404, "not_found");
        (await kim.PostAsync("/api/sign-out")).ShouldBeOk();
        kim.Cookie.ShouldBeEmpty();
        kim.Cookies.Add(house.Address, new Cookie("sahab", cookie));
        (await kim.GetAsync("/api/organisations")).ShouldBe(401, "session_ended");
    }

    [Fact]
    public async Task A_session_ends_by_itself()
    {
        var time = new HandTime();
        await using var house = await TestHouse.StartAsync(time: time);
        using var kim = await Visitor.SignUpAsync(house, Email);

        time.Pass(Session.IdleLife - TimeSpan.FromMinutes(1));
        (await kim.GetAsync("/api/organisations")).ShouldBeOk();
        time.Pass(Session.IdleLife - TimeSpan.FromMinutes(1));
        (await kim.GetAsync("/api/organisations")).ShouldBeOk();
        time.Pass(Session.IdleLife);
        (await kim.GetAsync("/api/organisations")).ShouldBe(401, "session_ended");
    }

    [Fact]
    public async Task Where_only_the_invited_may_sign_up_an_invitation_is_needed()
    {
        await using var house = await TestHouse.StartAsync(Samples.TwoCloudsYaml + "\nsign_in: { sign_up: false }\n");
        using var admin = Visitor.Admin(house);
        using var kim = new Visitor(house);
        (await kim.PostAsync("/api/sign-up", Credentials())).ShouldBe(403, "invitation_needed");
        var organisation = await admin.FoundAsync("Cumulus");
        var token = (await admin.PostAsync(
            $"/api/organisations/{organisation}/invitations", new JsonObject { ["email"] = Email, ["role"] = "owner" }))
            .ShouldBeOk().Json["token"]!.ToString();

        var other = Credentials();
        other["email"] = "lee@example.com";
        other["invitation"] = token;
        (await kim.PostAsync("/api/sign-up", other)).ShouldBe(403, "invitation_needed");
        var mine = Credentials();
        mine["invitation"] = token;
        var made = (await kim.PostAsync("/api/sign-up", mine)).ShouldBeOk();

        // It is accepted with that.
        made.Json["organisations"]![0]!["id"]!.ToString().ShouldBe(organisation);
        kim.Take(made);
        (await kim.PostAsync("/api/invitations/accept", new() { ["token"] = token })).ShouldBe(404, "not_found");
    }

    static JsonObject Credentials() => new() { ["email"] = Email, ["password"] = Visitor.Password };

    static JsonObject Change(string current, string next) =>
        new() { ["current_password"] = current, ["new_password"] = next };
}
