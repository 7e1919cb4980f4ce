using System.Net.Http.Headers;
using System.Text;
using Sahab.Server.Sell.Tenants.Accounts;
using Sahab.Server.Serve.Gateway;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.House;
using Sahab.Server.Tests.Tenants;

namespace Sahab.Server.Tests.Security;

/// <summary>Who tries many keys, tokens, sessions or passwords is asked to wait; who has a good one is not, whatever others do.</summary>
public sealed class KeyGuessingTests : IAsyncLifetime
{
    readonly HandTime _time = new();
    TestHouse _house = null!;

    public async Task InitializeAsync() => _house = await TestHouse.StartAsync(time: _time, listen: "0.0.0.0:0");

    public async Task DisposeAsync() => await _house.DisposeAsync();

    [Theory]
    [InlineData("/v1/chat/completions", "Authorization", "Bearer ")]
    [InlineData("/v1/messages", "x-api-key", "")]
    [InlineData("/v1beta/models/small:generateContent", "x-goog-api-key", "")]
    [InlineData("/v1/models", "Authorization", "Bearer ")]
    [InlineData("/api/status", "Authorization", "Bearer ")]
    public async Task Unknown_keys_of_one_address_are_counted_wherever_they_are_tried(string path, string header, string scheme)
    {
        for (var guess = 0; guess < KeyGuesses.AtOnce; guess++)
        {
            (await TryAsync(path, header, $"{scheme}sk-guess-{guess}")).ShouldBe(401);
        }

        (await TryAsync(path, header, $"{scheme}sk-guess")).ShouldBe(429);
        (await TryAsync("/v1/models", "Authorization", "Bearer sk-guess")).ShouldBe(429, "on every way in");
        (await TryAsync("/v1/models", "Authorization", $"Bearer {TestHouse.DemoKey}")).ShouldBe(200);
        (await TryAsync("/api/status", "Authorization", $"Bearer {TestHouse.AdminKey}")).ShouldBe(200);
        _time.Pass(TimeSpan.FromMinutes(1));
        (await TryAsync(path, header, $"{scheme}sk-guess")).ShouldBe(401);
    }

    [Fact]
    public async Task Admin_keys_tried_as_passwords_of_pages_are_counted_too()
    {
        for (var guess = 0; guess < KeyGuesses.AtOnce; guess++)
        {
            (await TryAsync("/metrics", "Authorization", Basic($"sk-guess-{guess}"))).ShouldBe(401);
        }

        (await TryAsync("/metrics", "Authorization", Basic("sk-guess"))).ShouldBe(429);
        (await TryAsync("/sign-in-by-key", "Authorization", Basic("sk-guess"))).ShouldBe(429);
        (await TryAsync("/metrics", "Authorization", Basic(TestHouse.AdminKey))).ShouldBe(200);
    }

    [Theory]
    [InlineData("Authorization", "Bearer " + AccessToken.Prefix)]
    [InlineData("Cookie", "sahab=")]
    public async Task Access_tokens_and_sessions_that_nobody_has_are_counted(string header, string begin)
    {
        using var good = await Visitor.SignUpAsync(_house, "good@example.com");
        var token = (await good.PostAsync("/api/account/tokens", new()
        {
            ["name"] = "ci",
            ["organisation"] = await good.FoundAsync("Acme"),
            ["role"] = "owner",
        })).ShouldBeOk().Json["token"]!.ToString();
        for (var guess = 0; guess < TokenGuesses.AtOnce; guess++)
        {
            (await TryAsync("/api/organisations", header, $"{begin}{guess}")).ShouldBe(401);
        }

        (await TryAsync("/api/organisations", header, $"{begin}guess")).ShouldBe(429);
        (await good.GetAsync("/api/organisations")).ShouldBeOk();
        (await TryAsync("/api/organisations", "Authorization", $"Bearer {token}")).ShouldBe(200);
        _time.Pass(TokenGuesses.Interval);
        (await TryAsync("/api/organisations", header, $"{begin}guess")).ShouldBe(401);
        (await TryAsync("/api/organisations", header, $"{begin}guess")).ShouldBe(429);
    }

    [Fact]
    public async Task Saying_to_come_from_elsewhere_gives_no_more_attempts()
    {
        var seen = new List<int>();
        for (var guess = 0; guess <= KeyGuesses.AtOnce; guess++)
        {
            seen.Add(await TryAsync(
                "/v1/models", "Authorization", $"Bearer sk-guess-{guess}",
                ("X-Forwarded-For", $"203.0.113.{guess}"), ("Forwarded", $"for=203.0.113.{guess}"), ("X-Real-IP", $"203.0.113.{guess}")));
        }

        seen[^1].ShouldBe(429);
        seen.Count(status => status == 429).ShouldBe(1);
    }

    [Fact]
    public async Task Behind_a_proxy_that_is_known_each_client_has_its_own_attempts()
    {
        await using var house = await TestHouse.StartAsync(
            Samples.TwoCloudsYaml + "\nsign_in: { trusted_proxies: 1 }\n", time: _time);
        for (var guess = 0; guess <= KeyGuesses.AtOnce; guess++)
        {
            await TryAsync(house, "/v1/models", "Authorization", "Bearer sk-guess", ("X-Forwarded-For", "203.0.113.7"));
        }

        (await TryAsync(house, "/v1/models", "Authorization", "Bearer sk-guess", ("X-Forwarded-For", "203.0.113.7"))).ShouldBe(429);
        (await TryAsync(house, "/v1/models", "Authorization", "Bearer sk-guess", ("X-Forwarded-For", "203.0.113.8"))).ShouldBe(401);
    }

    [Fact]
    public async Task Nobody_learns_from_signing_in_who_is_a_user()
    {
        using var known = await Visitor.SignUpAsync(_house, "known@example.com");
        using var guesser = new Visitor(_house);
        for (var guess = 0; guess < SignInDesk.AttemptsOfUser + 2; guess++)
        {
            var ofKnown = await guesser.SignInAsync("known@example.com", "not their password");
            var ofUnknown = await guesser.SignInAsync("unknown@example.com", "not their password");
            ((int)ofKnown.Status).ShouldBe(guess < SignInDesk.AttemptsOfUser ? 401 : 429);
            ofUnknown.Status.ShouldBe(ofKnown.Status);
            ofUnknown.Text.ShouldBe(ofKnown.Text);
        }

        // What was guessed at is shut for guessers; who is signed in stays so.
        (await known.GetAsync("/api/organisations")).ShouldBeOk();
    }

    [Fact]
    public async Task The_part_of_a_key_that_is_right_is_worth_nothing()
    {
        foreach (var almost in new[]
        {
            TestHouse.DemoKey[..^1], TestHouse.DemoKey + "x", TestHouse.DemoKey.ToUpperInvariant(), " " + TestHouse.DemoKey[1..],
            TestHouse.DemoKey + "\t" + TestHouse.DemoKey, "*", "%", "' OR '1'='1",
        })
        {
            (await TryAsync("/v1/models", "Authorization", $"Bearer {almost}")).ShouldBe(401, almost);
        }
    }

    Task<int> TryAsync(string path, string header, string value, params (string Name, string Value)[] more) =>
        TryAsync(_house, path, header, value, more);

    static async Task<int> TryAsync(
        TestHouse house, string path, string header, string value, params (string Name, string Value)[] more)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = house.Address };
        using var request = new HttpRequestMessage(
            path.StartsWith("/v1", StringComparison.Ordinal) && path != "/v1/models" ? HttpMethod.Post : HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation(header, value);
        foreach (var (name, told) in more)
        {
            request.Headers.TryAddWithoutValidation(name, told);
        }

        if (request.Method == HttpMethod.Post)
        {
            request.Content = new StringContent("{}", Encoding.UTF8, "application/json");
        }

        using var answer = await client.SendAsync(request);
        return (int)answer.StatusCode;
    }

    static string Basic(string password) =>
        new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"me:{password}"))).ToString();
}
