using System.Text.Json.Nodes;
using Sahab.Emulator.Configuration;
using Sahab.Server.Serve.Gateway;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Gateway;

/// <summary>What clients do with their connections, below what an HTTP library lets a test do.</summary>
public sealed class OddConnectionTests
{
    const string Hello = """{"model":"small","max_tokens":2,"messages":[{"role":"user","content":"Hello"}]}""";
    const string Streamed =
        """{"model":"small","max_tokens":2,"stream":true,"messages":[{"role":"user","content":"Hello"}]}""";
    const string LowLimit = "server: { max_body_bytes: 4096 }\n" + Samples.TwoCloudsYaml;

    [Fact]
    public async Task Requests_sent_at_once_are_answered_in_order_whatever_became_of_those_before()
    {
        await using var house = await TestHouse.StartAsync();
        using var connection = await RawConnection.OpenAsync(house.Address);

        await connection.SendAsync(
            RawConnection.Request("{") + RawConnection.Request(Hello) + RawConnection.Request(Hello, "/v1/nothing")
            + RawConnection.Request("""{"model":"none","messages":[{"role":"user","content":"x"}]}""")
            + RawConnection.Request(Streamed) + RawConnection.Request(Hello));

        (await connection.ReadAsync()).Code.ShouldBe("invalid_json");
        (await connection.ReadAsync()).Status.ShouldBe(200);
        (await connection.ReadAsync()).Code.ShouldBe("unknown_url");
        (await connection.ReadAsync()).Code.ShouldBe("model_not_found");
        (await connection.ReadAsync()).Body.ShouldEndWith("data: [DONE]\n\n");
        (await connection.ReadAsync()).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_body_that_is_too_large_does_not_hang_its_connection()
    {
        await using var house = await TestHouse.StartAsync(LowLimit);
        using var connection = await RawConnection.OpenAsync(house.Address);

        await connection.SendAsync(RawConnection.Request(new string('x', 100_000)) + RawConnection.Request(Hello));

        var refused = await connection.ReadAsync();
        refused.Status.ShouldBe(413);
        refused.Code.ShouldBe("request_too_large");
        if (refused.Headers.GetValueOrDefault("connection") == "close")
        {
            (await connection.HasEndedAsync()).ShouldBeTrue();
        }
        else
        {
            (await connection.ReadAsync()).Status.ShouldBe(200);
        }
    }

    [Fact]
    public async Task A_wrong_key_is_told_before_its_body_has_arrived()
    {
        await using var house = await TestHouse.StartAsync();
        using var connection = await RawConnection.OpenAsync(house.Address);

        await connection.SendAsync(
            "POST /v1/chat/completions HTTP/1.1\r\nHost: sahab\r\nAuthorization: Bearer nobody\r\n"
            + "Content-Length: 1000000\r\n\r\n{");

        (await connection.ReadAsync()).Code.ShouldBe("invalid_api_key");
    }

    [Fact]
    public async Task A_client_that_asks_before_it_sends_is_told_to_go_on_or_refused_at_once()
    {
        await using var house = await TestHouse.StartAsync(LowLimit);
        using var welcome = await RawConnection.OpenAsync(house.Address);
        var request = RawConnection.Request(Hello, more: "Expect: 100-continue\r\n");
        await welcome.SendAsync(request[..^Hello.Length]);
        (await welcome.ReadAsync()).Status.ShouldBe(100);
        await welcome.SendAsync(Hello);
        (await welcome.ReadAsync()).Status.ShouldBe(200);

        using var large = await RawConnection.OpenAsync(house.Address);
        await large.SendAsync(
            $"POST /v1/chat/completions HTTP/1.1\r\nHost: sahab\r\nAuthorization: Bearer {TestHouse.DemoKey}\r\n"
            + "Content-Length: 5000\r\nExpect: 100-continue\r\n\r\n");
        (await large.ReadAsync()).Status.ShouldBe(413);
    }

    [Fact]
    public async Task A_HEAD_gets_headers_only_and_leaves_the_connection_in_order()
    {
        await using var house = await TestHouse.StartAsync();
        using var connection = await RawConnection.OpenAsync(house.Address);

        await connection.SendAsync(
            $"HEAD /v1/chat/completions HTTP/1.1\r\nHost: sahab\r\nAuthorization: Bearer {TestHouse.DemoKey}\r\n\r\n"
            + RawConnection.Request(Hello));

        (await connection.ReadAsync(hasBody: false)).Status.ShouldBe(405);
        (await connection.ReadAsync()).Status.ShouldBe(200);
    }

    [Theory]
    [InlineData(Hello)]
    [InlineData(Streamed)]
    public async Task An_HTTP_1_0_client_gets_its_answer_whole_and_then_the_end(string body)
    {
        await using var house = await TestHouse.StartAsync();
        using var connection = await RawConnection.OpenAsync(house.Address);

        await connection.SendAsync(RawConnection.Request(body).Replace("1.1", "1.0", StringComparison.Ordinal));

        var response = await connection.ReadAsync();
        response.Status.ShouldBe(200);
        response.Headers.ShouldNotContainKey("transfer-encoding");
        if (body == Streamed)
        {
            response.Body.ShouldEndWith("data: [DONE]\n\n");
        }
        else
        {
            JsonNode.Parse(response.Body)!["choices"]!.AsArray().Count.ShouldBe(1);
        }

        (await connection.HasEndedAsync()).ShouldBeTrue();
    }

    [Fact]
    public async Task A_client_that_leaves_the_queue_is_not_served_and_lets_the_next_one_in()
    {
        var slow = new ProfileConfig { FirstTokenMs = 0, TokensPerSecond = 25, Sigma = 0 };
        var clouds = Samples.TwoClouds() with
        {
            Latency = Latency.Realistic,
            Models = new()
            {
                ["small"] = new ModelConfig { Profile = slow },
                ["vectors"] = new ModelConfig { Kind = ModelKind.Embedding },
            },
        };
        await using var house = await TestHouse.StartAsync(
            """
            providers:
              own: { credentials: { env: CLOUD_KEY }, regions: { us: { country: US, base_url: "{own}/us/v1" } } }
            models: { small: {} }
            deployments:
              one:
                { provider: own, region: us, model: small, limits: { concurrency: 1 }, price: { prompt: 1, output: 1 } }
            tenants: { demo: { keys: { demo: { secret: { env: DEMO_KEY } } } } }
            """,
            clouds);
        var placement = house.Get<Placement>();
        using var holder = await RawConnection.OpenAsync(house.Address);
        await holder.SendAsync(RawConnection.Request(
            """{"model":"small","max_tokens":50,"ignore_eos":true,"messages":[{"role":"user","content":"1"}]}"""));
        await UntilAsync(() => house.Clouds.RunningCalls("own") == 1);

        using (var leaver = await RawConnection.OpenAsync(house.Address))
        {
            await leaver.SendAsync(RawConnection.Request(Hello));
            await UntilAsync(() => placement.Waiting == 1);
        }

        await UntilAsync(() => placement.Waiting == 0);
        house.Clouds.RunningCalls("own").ShouldBe(1, "it left before there was room");
        using var next = await RawConnection.OpenAsync(house.Address);
        await next.SendAsync(RawConnection.Request(Hello));
        (await holder.ReadAsync()).Status.ShouldBe(200);
        (await next.ReadAsync()).Status.ShouldBe(200);
        house.Clouds.ReadBill().Sum(entry => entry.Requests).ShouldBe(2);
    }

    static async Task UntilAsync(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30), TimeProvider.System);
        while (!condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System, patience.Token);
        }
    }
}
