using System.Net.Http.Headers;
using System.Text;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Tests.Access;
using Sahab.Server.Tests.House;
using Sahab.Server.Tests.Tenants;

namespace Sahab.Server.Tests.Security;

/// <summary>A page of another site makes the browser of somebody who is signed in send what it can: nothing is changed by it.</summary>
public sealed class CrossSiteRequestTests : IAsyncLifetime
{
    TestHouse _house = null!;
    Visitor _owner = null!;
    string _organisation = "";

    public async Task InitializeAsync()
    {
        _house = await TestHouse.StartAsync();
        _owner = await Visitor.SignUpAsync(_house, "owner@example.com");
        _organisation = await _owner.FoundAsync("Acme");
        using var admin = Visitor.Admin(_house);
        (await admin.PostAsync("/api/operators", new() { ["email"] = "owner@example.com", ["roles"] = new System.Text.Json.Nodes.JsonArray("admin") }))
            .ShouldBeOk();
    }

    public async Task DisposeAsync()
    {
        _owner.Dispose();
        await _house.DisposeAsync();
    }

    [Fact]
    public async Task Nothing_that_changes_anything_takes_what_another_site_can_send()
    {
        var endpoints = ControlEndpoints.Of(_house)
            .Where(endpoint => endpoint.Method is not ("GET" or "HEAD") && endpoint.Needs != Permission.Public).ToList();
        endpoints.Count.ShouldBeGreaterThan(40);
        foreach (var endpoint in endpoints)
        {
            // Without the session's value, whatever the type of the body; the last are what a form can send.
            foreach (var type in new[] { "application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x" })
            {
                await AssertRefusedAsync(endpoint, "csrf_value_missing", type, csrf: null);
            }

            await AssertRefusedAsync(endpoint, "csrf_value_missing", "application/json", csrf: "AAAA");
            // With it, and yet from elsewhere.
            await AssertRefusedAsync(endpoint, "other_site", "application/json", _owner.Csrf, ("Origin", "https://evil.example"));
            await AssertRefusedAsync(endpoint, "other_site", "application/json", _owner.Csrf, ("Origin", "null"));
            await AssertRefusedAsync(endpoint, "other_site", "application/json", _owner.Csrf, ("Sec-Fetch-Site", "cross-site"));
            await AssertRefusedAsync(endpoint, "other_site", "application/json", _owner.Csrf, ("Sec-Fetch-Site", "same-site"));
        }
    }

    [Fact]
    public async Task A_browser_is_not_told_that_other_sites_may_ask()
    {
        foreach (var path in new[] { "/api/organisations", "/api/session", "/v1/chat/completions", "/" })
        {
            using var preflight = new HttpRequestMessage(HttpMethod.Options, path);
            preflight.Headers.Add("Origin", "https://evil.example");
            preflight.Headers.Add("Access-Control-Request-Method", "POST");
            preflight.Headers.Add("Access-Control-Request-Headers", "content-type, x-sahab-csrf, authorization");
            using var answer = await _owner.Http.SendAsync(preflight);
            answer.Headers.ShouldNotContain(header => header.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
            var seen = await _owner.SendAsync(HttpMethod.Get, path, null, null, ("Origin", "https://evil.example"));
            seen.Response.Headers.ShouldNotContain(header => header.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
        }
    }

    [Theory]
    [InlineData("text/plain", null)]
    [InlineData("application/x-www-form-urlencoded", null)]
    [InlineData("application/json", "https://evil.example")]
    public async Task Nobody_is_signed_in_as_somebody_else_by_another_site(string type, string? origin)
    {
        using var victim = new Visitor(_house);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/sign-in")
        {
            Content = new StringContent(
                $$"""{"email":"owner@example.com","password":"{{Visitor.Password}}"}""", Encoding.UTF8, MediaTypeHeaderValue.Parse(type)),
        };
        if (origin is not null)
        {
            request.Headers.Add("Origin", origin);
        }

        using var answer = await victim.Http.SendAsync(request);

        ((int)answer.StatusCode).ShouldBe(origin is null ? 415 : 403);
        victim.Cookie.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_cookie_is_sent_by_no_form_of_another_site_and_read_by_no_script()
    {
        using var browser = new Visitor(_house);
        var local = (await browser.SignInAsync("owner@example.com")).ShouldBeOk().Response.Headers.GetValues("Set-Cookie").Single();
        local.ShouldContain("samesite=lax", Case.Insensitive);
        local.ShouldContain("httponly", Case.Insensitive);
        local.ShouldContain("path=/", Case.Insensitive);
        local.ShouldNotContain("domain=", Case.Insensitive);

        await using var proxied = await TestHouse.StartAsync(Samples.TwoCloudsYaml + "\nsign_in: { trusted_proxies: 1 }\n");
        using var visitor = new Visitor(proxied);
        var secure = (await visitor.SendAsync(
            HttpMethod.Post, "/api/sign-up", new() { ["email"] = "a@example.com", ["password"] = Visitor.Password }, null,
            ("X-Forwarded-Proto", "https"), ("X-Forwarded-For", "203.0.113.9")))
            .ShouldBeOk().Response.Headers.GetValues("Set-Cookie").Single();
        secure.ShouldStartWith("__Host-sahab=");
        secure.ShouldContain("secure", Case.Insensitive);
    }

    [Fact]
    public async Task A_key_that_a_browser_keeps_for_the_pages_changes_nothing()
    {
        using var browser = new Visitor(_house);
        browser.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"me:{TestHouse.AdminKey}")));

        (await browser.GetAsync("/")).ShouldBeOk();
        foreach (var endpoint in ControlEndpoints.Of(_house).Where(endpoint => endpoint.Needs != Permission.Public))
        {
            ((int)(await browser.SendAsync(new HttpMethod(endpoint.Method), endpoint.PathOf(_organisation), [])).Status)
                .ShouldBeOneOf([401, 415], endpoint.ToString());
        }
    }

    async Task AssertRefusedAsync(
        ControlEndpoint endpoint, string code, string type, string? csrf, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(endpoint.Method), endpoint.PathOf(_organisation))
        {
            Content = new StringContent("""{"name":"changed"}""", Encoding.UTF8, MediaTypeHeaderValue.Parse(type)),
        };
        if (csrf is not null)
        {
            request.Headers.Add("X-Sahab-Csrf", csrf);
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await _owner.Http.SendAsync(request);
        if ((int)response.StatusCode == 415)
        {
            // What takes bodies of another type only does not look further.
            return;
        }

        var answer = new Answer(response.StatusCode, await response.Content.ReadAsStringAsync(), response);
        answer.ShouldBe(403, code);
    }
}
