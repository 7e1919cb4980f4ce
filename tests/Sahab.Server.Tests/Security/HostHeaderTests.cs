using System.Net.Http.Headers;
using System.Text;
using Sahab.Server.Tests.House;
using Sahab.Server.Tests.Tenants;

namespace Sahab.Server.Tests.Security;

/// <summary>What a client says that this server is called reaches nobody but itself.</summary>
public sealed class HostHeaderTests
{
    const string Evil = "evil.example";

    [Fact]
    public async Task Nothing_that_is_kept_or_told_to_others_has_the_host_in_it()
    {
        await using var house = await TestHouse.StartAsync(listen: "0.0.0.0:0");
        using var owner = await Visitor.SignUpAsync(house, "owner@example.com");
        var organisation = await owner.FoundAsync("Acme");
        (string, string)[] spoofed =
            [("X-Forwarded-Host", Evil), ("X-Host", Evil), ("Forwarded", $"host={Evil}"), ("X-Original-URL", $"https://{Evil}/"), ("X-Rewrite-URL", "/metrics")];

        var invited = await owner.SendAsync(
            HttpMethod.Post, $"/api/organisations/{organisation}/invitations", new() { ["email"] = "a@example.com", ["role"] = "auditor" },
            null, spoofed);
        invited.ShouldBeOk().Text.ShouldNotContain("http");
        foreach (var path in new[] { $"/console/{organisation}/quickstart", $"/console/{organisation}/members", "/console", "/sign-in" })
        {
            (await owner.SendAsync(HttpMethod.Get, path, null, null, spoofed)).ShouldBeOk().Text.ShouldNotContain(Evil, customMessage: path);
            // And what was shown to who lied about it is shown to nobody else.
            (await owner.SendAsync(HttpMethod.Get, path, null, null, ("Host", Evil))).Response.Headers.CacheControl!.NoStore
                .ShouldBeTrue(path);
            (await owner.GetAsync(path)).Text.ShouldNotContain(Evil, customMessage: path);
        }
    }

    [Fact]
    public async Task Nobody_signs_in_under_a_name_that_came_without_https()
    {
        await using var house = await TestHouse.StartAsync(listen: "0.0.0.0:0");
        using var visitor = new Visitor(house);
        (await visitor.SendAsync(
            HttpMethod.Post, "/api/sign-up", new() { ["email"] = "a@example.com", ["password"] = Visitor.Password }, null, ("Host", Evil)))
            .ShouldBe(403, "https_required");
        visitor.Cookie.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_name_that_was_made_to_point_here_opens_no_page_of_this_machine()
    {
        await using var house = await TestHouse.StartAsync();
        using var browser = new Visitor(house);
        (await browser.GetAsync("/")).ShouldBeOk();
        foreach (var host in new[] { Evil, "localhost.evil.example", "127.0.0.1.evil.example", "2130706433.example", "[::1].example" })
        {
            var seen = await browser.SendAsync(HttpMethod.Get, "/", null, null, ("Host", host));
            ((int)seen.Status).ShouldBeOneOf([400, 401], host);
        }
    }

    [Fact]
    public async Task Where_a_browser_is_sent_does_not_come_from_the_host()
    {
        await using var house = await TestHouse.StartAsync(listen: "0.0.0.0:0");
        using var browser = new Visitor(house);
        browser.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"me:{TestHouse.AdminKey}")));
        var seen = await browser.SendAsync(HttpMethod.Get, "/sign-in-by-key?return=/metrics", null, null, ("Host", Evil));

        ((int)seen.Status).ShouldBe(302);
        seen.Response.Headers.Location!.OriginalString.ShouldBe("/metrics");
    }
}
