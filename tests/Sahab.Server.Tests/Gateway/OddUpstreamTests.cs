using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Gateway;

/// <summary>What clouds really answer, and what becomes of it on the way to the client.</summary>
public sealed class OddUpstreamTests : IAsyncLifetime
{
    const string Hello = """{"model":"m","messages":[{"role":"user","content":"Hello"}]}""";
    const string HelloStreamed = """{"model":"m","stream":true,"messages":[{"role":"user","content":"Hello"}]}""";

    const string Good = """
        {"id":"b","choices":[{"index":0,"message":{"role":"assistant","content":"from b"},"finish_reason":"stop"}],
        "usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}
        """;

    const string Role = """{"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}""";
    const string Word = """{"choices":[{"index":0,"delta":{"content":"word"},"finish_reason":null}]}""";
    const string Stop = """{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""";
    const string Usage = """{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}""";

    ScriptedUpstream _a = null!;
    ScriptedUpstream _b = null!;
    TestHouse _house = null!;

    public async Task InitializeAsync()
    {
        _a = await ScriptedUpstream.StartAsync((_, context) => SendAsync(context, 200, Good));
        _b = await ScriptedUpstream.StartAsync((_, context) => SendAsync(context, 200, Good));
        _house = await TestHouse.StartAsync($$"""
            routing: { policy: priority-order }
            providers:
              a: { credentials: { env: CLOUD_KEY }, regions: { x: { country: "NO", base_url: "{{_a.BaseUrl}}" } } }
              b: { regions: { x: { country: SE, base_url: "{{_b.BaseUrl}}" } } }
            models: { m: {}, v: { operations: [embeddings] }, alone: {} }
            deployments:
              a-m: &a
                provider: a
                region: x
                model: m
                upstream_model: vendor/m-1
                price: { prompt: 1, output: 1 }
              b-m: { provider: b, region: x, model: m, priority: 2, price: { prompt: 1, output: 1 } }
              a-v: { <<: *a, model: v }
              a-alone: { <<: *a, model: alone }
            tenants:
              demo: { keys: { demo: { secret: { env: DEMO_KEY } } } }
              operators: { keys: { admin: { secret: { env: ADMIN_KEY }, admin: true } } }
            """);
    }

    public async Task DisposeAsync()
    {
        await _house.DisposeAsync();
        await _a.DisposeAsync();
        await _b.DisposeAsync();
    }

    [Theory]
    [InlineData(200, """{"error":{"message":"overloaded","type":"server_error","code":null,"param":null}}""")]
    [InlineData(200, """{"detail": not json""")]
    [InlineData(200, "<html><title>Sign in</title></html>")]
    [InlineData(200, "")]
    [InlineData(500, "boom")]
    [InlineData(404, """{"error":{"message":"no such deployment"}}""")]
    [InlineData(302, "")]
    public async Task An_answer_that_is_none_is_replaced_by_the_next_cloud_without_the_client_seeing_it(
        int status, string body)
    {
        _a.Answer = (_, context) => SendAsync(context, status, body);

        using var response = await PostAsync(Hello);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await response.Content.ReadAsStringAsync()).ShouldBe(Good);
        response.Headers.GetValues("x-sahab-deployment").ShouldBe(["b-m"]);
        response.Headers.GetValues("x-sahab-attempts").ShouldBe(["2"]);
    }

    [Theory]
    [InlineData("""data: {"error":{"message":"overloaded","type":"server_error"}}""" + "\n\n")]
    [InlineData("data: " + Role + "\n\n" + """data: {"error":{"message":"overloaded"}}""" + "\n\n")]
    [InlineData("data: " + Role + "\n\n")]
    [InlineData("data: this is no chunk\n\n")]
    [InlineData("")]
    public async Task A_stream_that_fails_before_its_first_content_is_replaced_too(string events)
    {
        _a.Answer = (_, context) => SendStreamAsync(context, events);
        var good = $"data: {Role}\n\ndata: {Word}\n\ndata: {Stop}\n\ndata: [DONE]\n\n";
        _b.Answer = (_, context) => SendStreamAsync(context, good);

        using var response = await PostAsync(HelloStreamed);

        (await response.Content.ReadAsStringAsync()).ShouldBe(good);
        response.Headers.GetValues("x-sahab-attempts").ShouldBe(["2"]);
    }

    [Fact]
    public async Task A_stream_without_its_end_mark_is_whole_when_every_choice_has_finished()
    {
        const string content = $"data: {Role}\n\ndata: {Word}\n\ndata: {Stop}\n\n";
        _a.Answer = (_, context) => SendStreamAsync(context, $"{content}data: {Usage}\n\n");

        using var response = await PostAsync(HelloStreamed);

        (await response.Content.ReadAsStringAsync()).ShouldBe($"{content}data: [DONE]\n\n");
        _b.Received.ShouldBeEmpty();
    }

    [Fact]
    public async Task Carriage_returns_comments_and_fields_of_other_kinds_do_no_harm()
    {
        _a.Answer = (_, context) => SendStreamAsync(context,
            ": hello\r\n\r\nevent: chunk\r\nid: 1\r\ndata: " + Role + "\r\n\r\n: ping\r\n\r\nretry: 5\r\n\r\n"
            + "data:" + Word + "\r\n\r\n:\r\n\r\ndata: " + Stop + "\r\n\r\n"
            + "data: " + Usage + "\r\n\r\ndata: [DONE]\r\n\r\n");

        using var response = await PostAsync(HelloStreamed);

        var data = (await response.Content.ReadAsStringAsync()).ReplaceLineEndings("\n").Split('\n')
            .Where(line => line.StartsWith("data:", StringComparison.Ordinal)).Select(line => line[5..].Trim());
        data.ShouldBe([Role, Word, Stop, "[DONE]"]);
        _b.Received.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(400)]
    [InlineData(422)]
    public async Task What_a_cloud_says_of_a_bad_request_reaches_the_client_and_nobody_else_is_asked(int status)
    {
        _a.Answer = (_, context) => SendAsync(
            context, status,
            """
            {"error":{"message":"'top_k' is not known.","type":"invalid_request_error",
            "param":"top_k","code":"unknown_parameter"}}
            """);

        using var response = await PostAsync(Hello);

        ((int)response.StatusCode).ShouldBe(status);
        var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!;
        ((string)error["message"]!).ShouldBe("'top_k' is not known.");
        ((string)error["param"]!).ShouldBe("top_k");
        ((string)error["code"]!).ShouldBe("unknown_parameter");
        _a.Received.Count.ShouldBe(1);
        _b.Received.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_server_that_names_its_errors_otherwise_is_put_into_words_that_clients_know()
    {
        _a.Answer = (_, context) => SendAsync(
            context, 400,
            """
            {"error":{"message":"This model's maximum context length is 8 tokens.","type":"BadRequestError","code":400}}
            """);

        using var response = await PostAsync(Hello);

        var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!;
        ((string)error["type"]!).ShouldBe("invalid_request_error");
        ((string)error["code"]!).ShouldBe("context_length_exceeded");
    }

    [Fact]
    public async Task A_cloud_that_rejects_our_credentials_goes_out_of_service_and_the_client_never_knows()
    {
        _a.Answer = (_, context) => SendAsync(
            context, 401, """{"error":{"message":"Incorrect API key: cloud-secret","code":"invalid_api_key"}}""");

        for (var call = 0; call < 3; call++)
        {
            using var served = await PostAsync(Hello);
            served.StatusCode.ShouldBe(HttpStatusCode.OK);
            (await served.Content.ReadAsStringAsync()).ShouldBe(Good);
        }

        _a.Received.Count.ShouldBe(1, "it is out of service after the first rejection");
        using var refused = await PostAsync(Hello.Replace("\"m\"", "\"alone\"", StringComparison.Ordinal));
        refused.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds.ShouldBeGreaterThanOrEqualTo(1);
        (await refused.Content.ReadAsStringAsync()).ShouldNotContain("cloud-secret");
        using var admin = _house.Client(TestHouse.AdminKey);
        var deployments = (await admin.GetFromJsonAsync<JsonArray>("/api/deployments"))!;
        ((string)deployments.Single(row => (string)row!["id"]! == "a-m")!["breaker"]!).ShouldNotBe("closed");
    }

    [Fact]
    public async Task An_answer_passes_byte_for_byte()
    {
        const string odd = """
            { "id" : "x",
              "choices":[ {"index":0, "message":{"role":"assistant","content":"\u2601 ☁ \ud83d\ude00"},
              "finish_reason":"stop"}],"vendor":{"a":[1.50,1e3,null]},
              "usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}
            """;
        _a.Answer = (_, context) => SendAsync(context, 200, odd);

        using var response = await PostAsync(Hello);

        (await response.Content.ReadAsByteArrayAsync()).ShouldBe(Encoding.UTF8.GetBytes(odd));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stream_passes_byte_for_byte_but_for_the_usage_that_only_we_asked_for(bool asked)
    {
        const string odd =
            """{ "choices" : [ {"index":0,"delta":{"content":"\u2601 ☁"},"x":1.50}], "usage":null}""";
        var before = $"data: {Role}\n\ndata: {odd}\n\ndata: {Stop}\n\n";
        // What the cloud would have sent, had we not asked.
        var unasked = before.Replace(", \"usage\":null", "", StringComparison.Ordinal);
        _a.Answer = (_, context) => SendStreamAsync(context, $"{before}data: {Usage}\n\ndata: [DONE]\n\n");
        var body = asked ? $"{HelloStreamed[..^1]},\"stream_options\":{{\"include_usage\":true}}}}" : HelloStreamed;

        using var response = await PostAsync(body);

        (await response.Content.ReadAsStringAsync()).ShouldBe(
            asked ? $"{before}data: {Usage}\n\ndata: [DONE]\n\n" : $"{unasked}data: [DONE]\n\n");
    }

    [Fact]
    public async Task A_request_passes_byte_for_byte_but_for_the_name_of_the_model_and_the_tier()
    {
        const string odd = """
            { "x\u0041" : [1.50, 1e3, {"deep":null}],
              "model" : "m", "messages":[{"role":"user","content":"\u2601 ☁ \ud83d\ude00"}] , "service_tier":"flex",
              "unknown":true }
            """;

        using var response = await PostAsync(odd);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        var received = _a.Received.ShouldHaveSingleItem();
        received.Text.ShouldBe(odd.Replace("\"m\"", "\"vendor/m-1\"", StringComparison.Ordinal)
            .Replace(", \"service_tier\":\"flex\"", "", StringComparison.Ordinal));
        received.Headers.Authorization.ToString().ShouldBe($"Bearer {TestHouse.CloudKey}");
        received.Headers.ContentLength.ShouldBe(received.Body.Length);
    }

    [Theory]
    [InlineData("base64", "[0.5,-1.25,3]")]
    [InlineData("base64", "\"AAAAPwAAoL8AAEBA\"")]
    [InlineData("float", "[0.5,-1.25,3]")]
    [InlineData("float", "\"AAAAPwAAoL8AAEBA\"")]
    [InlineData(null, "\"AAAAPwAAoL8AAEBA\"")]
    public async Task Vectors_come_as_they_were_asked_for_whatever_the_cloud_sends(string? format, string vector)
    {
        _a.Answer = (_, context) => SendAsync(context, 200,
            $$$"""
            {"object":"list","data":[{"object":"embedding","index":0,"embedding":{{{vector}}}}],
            "usage":{"prompt_tokens":1,"total_tokens":1}}
            """);
        var asked = format is null ? "" : $",\"encoding_format\":\"{format}\"";

        using var response = await PostAsync($"{{\"model\":\"v\",\"input\":\"x\"{asked}}}", "/v1/embeddings");

        var body = await response.Content.ReadAsStringAsync();
        var embedding = JsonNode.Parse(body)!["data"]![0]!["embedding"]!;
        if (format == "base64")
        {
            ((string)embedding!).ShouldBe("AAAAPwAAoL8AAEBA");
        }
        else
        {
            embedding.AsArray().Select(number => (double)number!).ShouldBe([0.5, -1.25, 3]);
        }
    }

    async Task<HttpResponseMessage> PostAsync(string body, string path = "/v1/chat/completions")
    {
        using var client = _house.Client();
        return await client.PostAsync(path, new StringContent(body, Encoding.UTF8, "application/json"));
    }

    static Task SendAsync(HttpContext context, int status, string body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(body);
    }

    static Task SendStreamAsync(HttpContext context, string events)
    {
        context.Response.ContentType = "text/event-stream";
        return context.Response.WriteAsync(events);
    }
}
