using System.Net;
using Sahab.Server.Tests.House;
using Sahab.Server.Tests.Tenants;

namespace Sahab.Server.Tests.Security;

/// <summary>A session that somebody else has put into a browser, or has copied out of it, is worth nothing.</summary>
public sealed class SessionFixationTests : IAsyncLifetime
{
    const string Email = "victim@example.com";

    TestHouse _house = null!;
    Visitor _victim = null!;

    public async Task InitializeAsync()
    {
        _house = await TestHouse.StartAsync();
        _victim = await Visitor.SignUpAsync(_house, Email);
    }

    public async Task DisposeAsync()
    {
        _victim.Dispose();
        await _house.DisposeAsync();
    }

    [Fact]
    public async Task The_attacker_s_own_session_put_into_a_browser_does_not_become_the_victim_s()
    {
        using var attacker = await Visitor.SignUpAsync(_house, "attacker@example.com");
        var planted = attacker.Cookie;
        using var browser = Planted(planted);

        (await browser.SignInAsync(Email)).ShouldBeOk();

        browser.Cookie.ShouldNotBe(planted);
        (await UserOfAsync(browser.Cookie)).ShouldBe(Email);
        (await UserOfAsync(planted)).ShouldBeNull();
    }

    [Theory]
    [InlineData("made-up")]
    [InlineData("00000000000000000000000000000000000000000000")]
    public async Task A_value_that_somebody_made_up_never_becomes_a_session(string planted)
    {
        using var browser = Planted(planted);
        (await browser.SignInAsync(Email)).ShouldBeOk();

        browser.Cookie.ShouldNotBe(planted);
        (await UserOfAsync(planted)).ShouldBeNull();
    }

    [Fact]
    public async Task Each_sign_in_makes_a_value_that_was_never_there()
    {
        var seen = new HashSet<string> { _victim.Cookie };
        for (var time = 0; time < 5; time++)
        {
            using var browser = new Visitor(_house);
            (await browser.SignInAsync(Email)).ShouldBeOk();
            seen.Add(browser.Cookie).ShouldBeTrue();
            browser.Cookie.Length.ShouldBeGreaterThanOrEqualTo(43, "32 random bytes");
        }
    }

    [Fact]
    public async Task What_was_copied_is_good_for_nothing_after_signing_out()
    {
        var copied = _victim.Cookie;
        (await UserOfAsync(copied)).ShouldBe(Email);

        (await _victim.PostAsync("/api/sign-out")).ShouldBeOk();

        (await UserOfAsync(copied)).ShouldBeNull();
    }

    [Fact]
    public async Task What_was_copied_in_another_browser_is_good_for_nothing_after_the_password_has_changed()
    {
        using var other = new Visitor(_house);
        (await other.SignInAsync(Email)).ShouldBeOk();
        var copied = other.Cookie;
        (await UserOfAsync(copied)).ShouldBe(Email);

        (await _victim.PostAsync("/api/account/password", new()
        {
            ["current_password"] = Visitor.Password,
            ["new_password"] = "another horse altogether",
        })).ShouldBeOk();

        (await UserOfAsync(copied)).ShouldBeNull();
    }

    [Fact]
    public async Task A_session_is_taken_from_its_cookie_only()
    {
        var token = _victim.Cookie;
        using var browser = new Visitor(_house);
        foreach (var path in new[] { $"/api/session?sahab={token}", $"/api/session;sahab={token}", $"/console?session={token}" })
        {
            var answer = await browser.SendAsync(HttpMethod.Get, path, null, null, ("X-Session", token), ("sahab", token));
            answer.Text.ShouldNotContain(Email);
        }

        browser.Cookie.ShouldBeEmpty();
    }

    Visitor Planted(string value)
    {
        var browser = new Visitor(_house);
        browser.Cookies.Add(new Cookie("sahab", value, "/", _house.Address.Host));
        return browser;
    }

    /// <summary>Whose the session is; null: nobody's.</summary>
    async Task<string?> UserOfAsync(string cookie)
    {
        using var browser = Planted(cookie);
        return (await browser.GetAsync("/api/session")).ShouldBeOk().Json["user"]?["email"]?.ToString();
    }
}
