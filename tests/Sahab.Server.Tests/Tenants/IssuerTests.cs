using System.Net;
using System.Text.Json.Nodes;
using Sahab.Server.Sell.Tenants.SignIn;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Tenants;

/// <summary>Signing in by an issuer of OpenID Connect that really signs, and by one that lies.</summary>
public sealed class IssuerTests : IAsyncLifetime
{
    /// <summary>It stands still unless a test moves it, so that no pause is over because the machine was slow.</summary>
    readonly HandTime _time = new();
    const int MostTries = 4;

    TestIssuer _issuer = null!;
    TestHouse _house = null!;

    public async Task InitializeAsync()
    {
        _issuer = await TestIssuer.StartAsync(_time);
        _house = await StartHouseAsync("");
    }

    public async Task DisposeAsync()
    {
        await _house.DisposeAsync();
        await _issuer.DisposeAsync();
    }

    [Theory]
    [InlineData("RS256")]
    [InlineData("ES256")]
    public async Task Who_comes_back_from_the_issuer_is_signed_in_and_the_same_user_the_next_time(string algorithm)
    {
        _issuer.Algorithm = algorithm;
        using var kim = new Visitor(_house);

        var back = await SignInAsync(kim, "/usage?month=1");
        back.Status.ShouldBe(HttpStatusCode.Redirect, back.Text);
        back.Response.Headers.Location!.ToString().ShouldBe("/usage?month=1");
        var first = (await kim.GetAsync("/api/session")).Json["user"]!;
        first["email"]!.ToString().ShouldBe("kim@example.com");

        using var elsewhere = new Visitor(_house);
        _issuer.Email = "another@example.com";
        (await SignInAsync(elsewhere)).Status.ShouldBe(HttpStatusCode.Redirect);
        (await elsewhere.GetAsync("/api/session")).Json["user"]!["id"]!.ToString().ShouldBe(first["id"]!.ToString());
        (await kim.GetAsync("/api/sign-in/issuers")).ShouldBeOk().Json["data"]![0]!["name"]!.ToString().ShouldBe("Test");
    }

    [Theory]
    [InlineData("nonce", "another", "nonce")]
    [InlineData("nonce", null, "nonce")]
    [InlineData("aud", "another client", "audience")]
    [InlineData("iss", "https://evil.example", "issuer")]
    [InlineData("exp", "past", "time")]
    [InlineData("exp", null, "time")]
    [InlineData("nbf", "future", "time")]
    [InlineData("sub", null, "subject")]
    public async Task A_token_that_says_something_else_is_refused(string claim, string? value, string why)
    {
        _issuer.Lie = claims => claims[claim] = value switch
        {
            "past" => _time.GetUtcNow().AddMinutes(-5).ToUnixTimeSeconds(),
            "future" => _time.GetUtcNow().AddDays(1).ToUnixTimeSeconds(),
            null => null,
            _ => value,
        };
        if (value is null)
        {
            _issuer.Lie = claims => claims.Remove(claim);
        }

        using var kim = new Visitor(_house);

        var answer = (await SignInAsync(kim)).ShouldBe(502, "issuer_failed");
        answer.Text.ShouldContain(why);
        (await kim.GetAsync("/api/session")).Json["signed_in"]!.GetValue<bool>().ShouldBeFalse();
    }

    [Theory]
    [InlineData("none")]
    [InlineData("HS256")]
    public async Task A_token_that_is_not_signed_by_a_key_of_the_issuer_is_refused(string algorithm)
    {
        _issuer.Algorithm = algorithm;
        using var kim = new Visitor(_house);

        (await SignInAsync(kim)).ShouldBe(502, "issuer_failed");
    }

    [Fact]
    public async Task A_token_that_was_altered_or_is_none_is_refused()
    {
        using var kim = new Visitor(_house);
        _issuer.Alter = token => token[..^5] + "AAAAA";
        (await SignInAsync(kim)).ShouldBe(502, "issuer_failed");
        _issuer.Alter = token => token[..token.LastIndexOf('.')] + ".";
        (await SignInAsync(kim)).ShouldBe(502, "issuer_failed");
        _issuer.Alter = _ => "no token";
        (await SignInAsync(kim)).ShouldBe(502, "issuer_failed");
        _issuer.Alter = _ => new string('x', IssuerClient.MaxAnswerBytes + 1);
        (await SignInAsync(kim)).ShouldBe(502, "issuer_failed");
        (await kim.GetAsync("/api/session")).Json["signed_in"]!.GetValue<bool>().ShouldBeFalse();
    }

    [Fact]
    public async Task A_state_is_good_once_and_in_the_browser_that_it_was_made_for()
    {
        using var kim = new Visitor(_house);
        var callback = await BeginAsync(kim);
        using var attacker = new Visitor(_house);

        // As an attacker would who has a victim's browser open an address with their own code.
        (await attacker.GetAsync(callback)).ShouldBe(400, "sign_in_round_over");
        (await kim.GetAsync(callback)).ShouldBe(400, "sign_in_round_over");

        callback = await BeginAsync(kim);
        (await kim.GetAsync(callback)).Status.ShouldBe(HttpStatusCode.Redirect);
        (await kim.GetAsync(callback)).ShouldBe(400, "sign_in_round_over");
        (await kim.GetAsync("/api/sign-in/issuers/test/callback?state=made-up&code=x")).ShouldBe(400, "sign_in_round_over");
        (await kim.GetAsync("/api/sign-in/issuers/test/callback?error=access_denied&state=x")).ShouldBe(400, "sign_in_refused");
    }

    [Fact]
    public async Task A_round_is_over_after_ten_minutes()
    {
        using var kim = new Visitor(_house);
        var callback = await BeginAsync(kim);

        _time.SetClock(SignInRound.Life);

        (await kim.GetAsync(callback)).ShouldBe(400, "sign_in_round_over");
    }

    [Fact]
    public async Task Keys_that_the_issuer_has_changed_are_asked_for_again_but_not_for_every_token()
    {
        using var kim = new Visitor(_house);
        ShouldBeIn(await SignInAsync(kim));
        ShouldBeIn(await SignInAsync(kim));
        _issuer.KeysAsked.ShouldBe(1);

        _issuer.RotateKeys();
        _time.SetClock(TimeSpan.FromMinutes(1));
        _issuer.Lie = claims => claims["exp"] = _time.GetUtcNow().AddHours(1).ToUnixTimeSeconds();
        ShouldBeIn(await SignInAsync(kim));
        _issuer.KeysAsked.ShouldBe(2);

        // A key that is not there now either does not make us ask each time.
        _issuer.RotateKeys();
        (await SignInAsync(kim)).ShouldBe(502, "issuer_failed");
        (await SignInAsync(kim)).ShouldBe(502, "issuer_failed");
        _issuer.KeysAsked.ShouldBe(2);
    }

    [Fact]
    public async Task An_e_mail_that_is_not_verified_or_is_that_of_another_user_makes_no_user()
    {
        using var kim = new Visitor(_house);
        _issuer.Lie = claims => claims["email_verified"] = false;
        (await SignInAsync(kim)).ShouldBe(403, "email_not_verified");

        // Whoever signed up by a password with this e-mail need not be its owner, nor the owner them.
        using var planted = await Visitor.SignUpAsync(_house, "kim@example.com");
        _issuer.Lie = _ => { };
        (await SignInAsync(kim)).ShouldBe(409, "conflict");
        (await kim.GetAsync("/api/session")).Json["signed_in"]!.GetValue<bool>().ShouldBeFalse();
    }

    [Fact]
    public async Task Nobody_is_sent_to_another_host_afterwards()
    {
        using var kim = new Visitor(_house);
        foreach (var target in (string[])["//evil.example", "https://evil.example", "/\\evil.example", "usage", "/a\r\nb"])
        {
            (await kim.GetAsync($"/api/sign-in/issuers/test?return_to={Uri.EscapeDataString(target)}"))
                .ShouldBe(400, "invalid_parameter");
        }

        (await kim.GetAsync("/api/sign-in/issuers/none")).ShouldBe(404, "not_found");
    }

    [Fact]
    public async Task An_issuer_that_calls_itself_otherwise_is_not_asked_for_anything_more()
    {
        _issuer.OtherName = "https://evil.example";
        using var kim = new Visitor(_house);

        (await kim.GetAsync("/api/sign-in/issuers/test")).ShouldBe(502, "issuer_failed");
    }

    [Fact]
    public async Task Where_only_the_invited_may_sign_up_a_verified_e_mail_shows_the_invitation()
    {
        await using var house = await StartHouseAsync("sign_up: false, ");
        using var admin = Visitor.Admin(house);
        using var kim = new Visitor(house);
        (await SignInAsync(kim)).ShouldBe(403, "invitation_needed");
        var organisation = await admin.FoundAsync("Cumulus");
        (await admin.PostAsync(
            $"/api/organisations/{organisation}/invitations",
            new JsonObject { ["email"] = "kim@example.com", ["role"] = "owner" })).ShouldBeOk();

        ShouldBeIn(await SignInAsync(kim));
    }

    static void ShouldBeIn(Answer answer) => answer.Status.ShouldBe(HttpStatusCode.Redirect, answer.Text);

    Task<TestHouse> StartHouseAsync(string more) => TestHouse.StartAsync(
        $$"""
        {{Samples.TwoCloudsYaml}}
        sign_in:
          { {{more}}oidc: { test: { name: Test, issuer: "{{_issuer.Url}}", client_id: "{{TestIssuer.ClientId}}", client_secret: { env: CLOUD_KEY } } } }
        """,
        time: _time);

    /// <summary>To the issuer, and to where it sends the browser back.</summary>
    async Task<string> BeginAsync(Visitor visitor, string returnTo = "/")
    {
        var path = $"/api/sign-in/issuers/test?return_to={Uri.EscapeDataString(returnTo)}";
        var sent = await visitor.GetAsync(path);
        for (var tries = 1; tries < MostTries && sent.Text.Contains("not in time", StringComparison.Ordinal); tries++)
        {
            sent = await visitor.GetAsync(path);
        }

        sent.Status.ShouldBe(HttpStatusCode.Redirect, sent.Text);
        return new Uri(_issuer.Consent(sent.Response.Headers.Location!.ToString())).PathAndQuery;
    }

    /// <summary>
    /// Signs in, and again where the issuer did not answer in time: a machine that stands still is no reason to fail.
    /// </summary>
    async Task<Answer> SignInAsync(Visitor visitor, string returnTo = "/")
    {
        for (var tries = 1; ; tries++)
        {
            var answer = await visitor.GetAsync(await BeginAsync(visitor, returnTo));
            if (tries == MostTries || !answer.Text.Contains("not in time", StringComparison.Ordinal))
            {
                return answer;
            }
        }
    }
}
