using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Gateway;

/// <summary>Requests that are wrong, odd, or just at a limit: the answer says what is the matter.</summary>
public sealed class OddRequestTests(OddRequestTests.LowLimit limit) : IClassFixture<OddRequestTests.LowLimit>
{
    const int MaxBodyBytes = 4096;
    const string Chat = "/v1/chat/completions";

    /// <summary>A house that takes small bodies only.</summary>
    public sealed class LowLimit : IAsyncLifetime
    {
        internal TestHouse House { get; private set; } = null!;

        public async Task InitializeAsync() => House = await TestHouse.StartAsync(
            $"server: {{ max_body_bytes: {MaxBodyBytes} }}\n{Samples.TwoCloudsYaml}");

        public async Task DisposeAsync() => await House.DisposeAsync();
    }

    [Theory]
    [InlineData("", "invalid_json")]
    [InlineData("   ", "invalid_json")]
    [InlineData("{", "invalid_json")]
    [InlineData("""{"model":"small","messages":[}""", "invalid_json")]
    [InlineData("""{"model":"small","messages":[{"role":"user","content":"x"}]} and more""", "invalid_json")]
    [InlineData("[]", "invalid_type")]
    [InlineData("null", "invalid_type")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}]}""", "missing_required_parameter")]
    [InlineData("""{"model":"small"}""", "missing_required_parameter")]
    [InlineData("""{"model":7,"messages":[{"role":"user","content":"x"}]}""", "invalid_type")]
    [InlineData("""{"model":"small","model":"x","messages":[{"role":"user","content":"x"}]}""", "duplicate_parameter")]
    [InlineData("""{"model":"small","messages":[{"role":"user","content":"x"}],"stream":"yes"}""", "invalid_type")]
    [InlineData(
        """{"model":"small","messages":[{"role":"user","content":"x"}],"stream_options":{"include_usage":true}}""",
        "invalid_value")]
    public async Task A_body_that_is_wrong_is_refused_and_told_why(string body, string code)
    {
        using var client = limit.House.Client();

        using var response = await client.PostAsync(Chat, Json(body));

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        var error = await ErrorOf(response);
        ((string?)error["code"]).ShouldBe(code);
        ((string?)error["type"]).ShouldBe("invalid_request_error");
    }

    [Fact]
    public async Task A_body_that_is_no_text_is_refused()
    {
        using var client = limit.House.Client();

        using var response = await client.PostAsync(Chat, new ByteArrayContent([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]));

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        ((string?)(await ErrorOf(response))["code"]).ShouldBe("invalid_json");
    }

    [Theory]
    [InlineData(0, true, 200)]
    [InlineData(0, false, 200)]
    [InlineData(1, true, 413)]
    [InlineData(1, false, 413)]
    public async Task The_limit_of_a_body_is_exact_with_and_without_an_announced_length(
        int more, bool announced, int status)
    {
        const string head = """{"model":"small","max_tokens":1,"messages":[{"role":"user","content":"x"}],"user":""";
        var body = head + '"' + new string('u', MaxBodyBytes + more - head.Length - 3) + "\"}";
        Encoding.UTF8.GetByteCount(body).ShouldBe(MaxBodyBytes + more);
        using var client = limit.House.Client();
        using var request = new HttpRequestMessage(HttpMethod.Post, Chat) { Content = Json(body) };
        request.Headers.TransferEncodingChunked = !announced;

        using var response = await client.SendAsync(request);

        ((int)response.StatusCode).ShouldBe(status);
        if (status == 413)
        {
            ((string?)(await ErrorOf(response))["code"]).ShouldBe("request_too_large");
        }
    }

    [Theory]
    [InlineData("GET", Chat, 405, "method_not_allowed")]
    [InlineData("PUT", "/v1/embeddings", 405, "method_not_allowed")]
    [InlineData("DELETE", "/v1/completions", 405, "method_not_allowed")]
    [InlineData("GET", "/v1/nothing/here", 404, "unknown_url")]
    [InlineData("POST", "/v1/assistants", 404, "unknown_url")]
    [InlineData("POST", "/v1/models", 404, "unknown_url")]
    [InlineData("GET", "/v1/models/no%2Fsuch", 404, "model_not_found")]
    public async Task A_wrong_path_or_method_is_answered_in_the_shape_that_clients_read(
        string method, string path, int status, string code)
    {
        using var client = limit.House.Client();
        using var request = new HttpRequestMessage(new HttpMethod(method), path);

        using var response = await client.SendAsync(request);

        ((int)response.StatusCode).ShouldBe(status);
        ((string?)(await ErrorOf(response))["code"]).ShouldBe(code);
        response.Headers.Contains("x-request-id").ShouldBeTrue();
        if (status == 405)
        {
            response.Content.Headers.Allow.ShouldBe(["POST"]);
        }
    }

    [Theory]
    [InlineData("Bearer sk-test-demo", 200)]
    [InlineData("bearer sk-test-demo", 200)]
    [InlineData("BEARER   sk-test-demo  ", 200)]
    [InlineData("Bearer sk-test-demo2", 401)]
    [InlineData("Bearer sk-test-dem", 401)]
    [InlineData("Bearer ", 401)]
    [InlineData("Basic c2stdGVzdC1kZW1v", 401)]
    [InlineData("sk-test-demo", 401)]
    [InlineData(null, 401)]
    public async Task Only_a_known_key_opens_the_door(string? authorization, int status)
    {
        using var client = limit.House.Client();
        client.DefaultRequestHeaders.Authorization = null;
        if (authorization is not null)
        {
            client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", authorization);
        }

        using var response = await client.PostAsync(Chat, Json(Hello));

        ((int)response.StatusCode).ShouldBe(status);
        if (status == 401)
        {
            ((string?)(await ErrorOf(response))["code"]).ShouldBe("invalid_api_key");
        }
    }

    [Theory]
    [InlineData(513)]
    [InlineData(20_000)]
    public async Task A_very_long_key_is_unknown_and_nothing_worse(int length)
    {
        using var client = limit.House.Client(new string('k', length));

        using var response = await client.PostAsync(Chat, Json(Hello));

        response.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await response.Content.ReadAsStringAsync()).ShouldNotContain("kkkk");
    }

    [Fact]
    public async Task A_content_type_does_not_matter()
    {
        using var client = limit.House.Client();
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(Hello));
        content.Headers.ContentType = new MediaTypeHeaderValue("text/plain");

        using var response = await client.PostAsync(Chat, content);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    const string Hello = """{"model":"small","max_tokens":2,"messages":[{"role":"user","content":"Hello"}]}""";

    static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    static async Task<JsonObject> ErrorOf(HttpResponseMessage response)
    {
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/json");
        var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!.AsObject();
        error.Select(member => member.Key).Order().ShouldBe(["code", "message", "param", "type"]);
        return error;
    }
}
