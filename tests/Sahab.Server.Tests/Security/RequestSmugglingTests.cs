using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Security;

/// <summary>Requests that two programs in a row could read in two ways are read in none; and what a client says goes no further.</summary>
public sealed class RequestSmugglingTests(SharedHouse shared) : IClassFixture<SharedHouse>
{
    const string Smuggled = "GET /api/status HTTP/1.1\r\nHost: sahab\r\nAuthorization: Bearer " + TestHouse.AdminKey + "\r\n\r\n";

    const string Hello = """{"model":"small","max_tokens":2,"messages":[{"role":"user","content":"Hello"}]}""";

    [Theory]
    [InlineData("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\nContent-Length: 200\r\n", "0\r\n\r\n")]
    [InlineData("Content-Length: 0\r\nContent-Length: 200\r\n", "")]
    [InlineData("Content-Length: 0, 200\r\n", "")]
    [InlineData("Content-Length: -1\r\n", "")]
    [InlineData("Content-Length: 0x5\r\n", "hello")]
    [InlineData("Content-Length: 5 \t5\r\n", "hello")]
    [InlineData("Content-Length: 99999999999999999999\r\n", "")]
    [InlineData("Transfer-Encoding : chunked\r\n", "0\r\n\r\n")]
    [InlineData("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n")]
    [InlineData("Transfer-Encoding: identity\r\n", "0\r\n\r\n")]
    [InlineData("Transfer-Encoding:\u000bchunked\r\nContent-Length: 0\r\n", "")]
    [InlineData("X-One: a\r\n folded: b\r\n", "")]
    [InlineData(" X-First: folded\r\n", "")]
    [InlineData("X-Bare: a\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")]
    [InlineData("X-Bare: a\rTransfer-Encoding: chunked\r\n", "0\r\n\r\n")]
    [InlineData("X Y: a\r\n", "")]
    [InlineData(": a\r\n", "")]
    [InlineData("NoColon\r\n", "")]
    [InlineData("X-Nul: a\u0000b\r\n", "")]
    [InlineData("Transfer-Encoding: chunked\r\n", "5;a=b\nhello\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n", "5\nhello\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n", "0x5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n", "-1\r\nhello\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n", "FFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n", "5\r\nhelloXX0\r\n\r\n")]
    public async Task A_request_of_unclear_length_is_refused_and_what_follows_it_is_none(string headers, string body)
    {
        foreach (var path in new[] { "/v1/chat/completions", "/api/explain" })
        {
            using var connection = await RawConnection.OpenAsync(shared.House.Address);
            await connection.SendAsync(
                $"POST {path} HTTP/1.1\r\nHost: sahab\r\nAuthorization: Bearer {TestHouse.AdminKey}\r\n"
                + $"Content-Type: application/json\r\n{headers}\r\n{body}{Smuggled}");

            (await connection.ReadAsync()).Status.ShouldBe(400);
            (await connection.HasEndedAsync()).ShouldBeTrue("nothing that follows is answered");
        }
    }

    [Theory]
    [InlineData("POST /v1/chat/completions HTTP/1.1\nHost: sahab\nContent-Length: 0\n\n")]
    [InlineData("POST /v1/chat/completions HTTP/1.1\r\nHost: sahab\r\nHost: other\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("POST http://other/v1/chat/completions HTTP/1.1\r\nHost: sahab\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("POST /v1/chat/completions HTTP/1.1\r\nHost: a b\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("POST /v1/chat/completions HTTP/1.1\r\nHost: sahab/\"><script>\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("PO ST /v1/chat/completions HTTP/1.1\r\nHost: sahab\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("POST /v1/chat/completions HTTP/1.1 \r\nHost: sahab\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("POST  /v1/chat/completions HTTP/1.1\r\nHost: sahab\r\nContent-Length: 0\r\n\r\n")]
    public async Task A_head_that_is_not_quite_one_is_refused(string head)
    {
        using var connection = await RawConnection.OpenAsync(shared.House.Address);

        await connection.SendAsync(head + Smuggled);

        (await connection.ReadAsync()).Status.ShouldBe(400);
        (await connection.HasEndedAsync()).ShouldBeTrue();
    }

    [Fact]
    public async Task Line_ends_in_values_make_no_headers_of_ours()
    {
        using var connection = await RawConnection.OpenAsync(shared.House.Address);
        const string end = "%0d%0aSet-Cookie:%20evil=1%0d%0a%0d%0a";
        const string body = """{"model":"x\r\nSet-Cookie: evil=1\r\n\r\n","messages":[{"role":"user","content":"x"}],"user":"\r\nSet-Cookie: evil=1"}""";
        await connection.SendAsync(
            RawConnection.Request(body)
            + $"GET /sign-in?return=/{end} HTTP/1.1\r\nHost: sahab\r\n\r\n"
            + $"GET /console/{end}?x={end} HTTP/1.1\r\nHost: sahab\r\nAccept: text/html\r\n\r\n"
            + $"GET /v1/models/{end} HTTP/1.1\r\nHost: sahab\r\nAuthorization: Bearer {TestHouse.DemoKey}\r\n\r\n"
            + $"GET /api/organisations/{end} HTTP/1.1\r\nHost: sahab\r\nAuthorization: Bearer {TestHouse.AdminKey}\r\n\r\n");

        for (var answer = 0; answer < 5; answer++)
        {
            var seen = await connection.ReadAsync();
            seen.Headers.ShouldNotContainKey("set-cookie");
            seen.Headers.Values.ShouldAllBe(value => !value.Contains('\r') && !value.Contains('\n'));
        }
    }

    [Fact]
    public async Task A_cloud_gets_nothing_that_a_client_said_about_itself()
    {
        await using var cloud = await ScriptedUpstream.StartAsync(EchoAnswers.AnswerAsync);
        await using var house = await TestHouse.StartAsync($$"""
            providers:
              one: { credentials: { env: CLOUD_KEY }, regions: { x: { country: "NO", base_url: "{{cloud.BaseUrl}}" } } }
            models: { small: {} }
            deployments: { one: { provider: one, region: x, model: small, price: { prompt: 1, output: 1 } } }
            tenants: { demo: { keys: { demo: { secret: { env: DEMO_KEY } } } } }
            """);
        using var connection = await RawConnection.OpenAsync(house.Address);
        await connection.SendAsync(RawConnection.Request(Hello, more:
            "Cookie: sahab=secret\r\nX-Forwarded-For: 10.0.0.1\r\nX-Forwarded-Host: evil.example\r\nForwarded: for=10.0.0.1\r\n"
            + "X-Api-Key: other\r\nApi-Key: other\r\nX-Evil: 1\r\nConnection: keep-alive, Authorization\r\nX-HTTP-Method-Override: DELETE\r\n"
            + "Proxy-Authorization: Basic x\r\nTE: trailers\r\nExpect-CT: x\r\n"));
        (await connection.ReadAsync()).Status.ShouldBe(200);

        var seen = cloud.Received.ShouldHaveSingleItem();
        seen.Headers.Authorization.ToString().ShouldBe($"Bearer {TestHouse.CloudKey}");
        foreach (var name in new[]
            { "Cookie", "X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "X-Api-Key", "Api-Key", "X-Evil", "X-HTTP-Method-Override", "Proxy-Authorization", "TE" })
        {
            seen.Headers.ContainsKey(name).ShouldBeFalse(name);
        }
    }

    [Fact]
    public async Task What_says_where_a_request_was_before_counts_only_for_proxies_that_are_known()
    {
        using var connection = await RawConnection.OpenAsync(shared.House.Address);
        await connection.SendAsync(
            "POST /api/sign-in HTTP/1.1\r\nHost: public.example\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 127.0.0.1\r\n"
            + "Forwarded: proto=https;for=127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
            + "GET / HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 127.0.0.1\r\nX-Real-IP: 127.0.0.1\r\n\r\n");

        (await connection.ReadAsync()).Status.ShouldBe(403, "it was not https");
        (await connection.ReadAsync()).Status.ShouldBe(401, "nor from this machine");
    }
}
