using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Tests.Access;
using Sahab.Server.Tests.House;
using Sahab.Server.Tests.Tenants;

namespace Sahab.Server.Tests.Security;

/// <summary>Bodies that are too long or too deep are refused with the limit in the answer, and hurt nobody else.</summary>
public sealed class BodyLimitTests(SharedHouse shared) : IClassFixture<SharedHouse>, IAsyncLifetime
{
    /// <summary>Deep enough to end any recursion, and within the limit on length.</summary>
    const int Deep = 30_000;

    static readonly string[] Calls =
    [
        "/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/responses", "/v1/messages", "/v1/moderations",
        "/v1/messages/count_tokens", "/v1beta/models/small:generateContent", "/v1/batches",
    ];

    TestHouse _house = null!;
    Visitor _admin = null!;

    public Task InitializeAsync()
    {
        _house = shared.House;
        _admin = Visitor.Admin(_house);
        return Task.CompletedTask;
    }

    public Task DisposeAsync()
    {
        _admin.Dispose();
        return Task.CompletedTask;
    }

    [Theory]
    [InlineData("/v1/chat/completions", 413)]
    [InlineData("/v1/responses", 413)]
    [InlineData("/v1/messages", 413)]
    [InlineData("/api/organisations", 413)]
    [InlineData("/api/organisations/demo/budgets", 413)]
    [InlineData("/api/organisations/demo/webhooks", 413)]
    [InlineData("/api/sign-in", 413)]
    [InlineData("/api/sign-up", 413)]
    public async Task A_body_that_is_announced_too_long_is_refused_before_it_has_come(string path, int status)
    {
        using var connection = await RawConnection.OpenAsync(_house.Address);
        await connection.SendAsync(
            $"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {TestHouse.AdminKey}\r\n"
            + $"Content-Type: application/json\r\nContent-Length: {1L << 40}\r\n\r\n{{");

        var answer = await connection.ReadAsync();
        answer.Status.ShouldBe(status, answer.Body);
        answer.Body.ShouldContain("bytes");
        await AssertWellAsync();
    }

    [Theory]
    [InlineData("/api/organisations", ControlBody.MaxBytes)]
    [InlineData("/api/sign-up", ControlBody.MaxBytes)]
    [InlineData("/api/organisations/demo/billing", 1024 * 1024)]
    public async Task A_body_whose_length_nobody_said_is_read_as_far_as_its_limit(string path, int limit)
    {
        using var connection = await RawConnection.OpenAsync(_house.Address);
        var method = path.EndsWith("billing", StringComparison.Ordinal) ? "PUT" : "POST";
        await connection.SendAsync(
            $"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {TestHouse.AdminKey}\r\n"
            + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
        var chunk = string.Create(CultureInfo.InvariantCulture, $"{limit + 1:x}\r\n{new string(' ', limit + 1)}\r\n");

        // And no more: the end of it never comes.
        await connection.SendAsync(chunk);

        (await connection.ReadAsync()).Status.ShouldBe(413);
        await AssertWellAsync();
    }

    [Fact]
    public async Task A_call_that_is_too_long_is_refused_by_its_own_limit()
    {
        await using var house = await TestHouse.StartAsync("server: { max_body_bytes: 4096 }\n" + Samples.TwoCloudsYaml);
        using var client = house.Client();
        foreach (var path in Calls.Where(path => path != "/v1/batches"))
        {
            using var response = await client.PostAsync(path, Json($$"""{"model":"small","input":"{{new string('x', 5000)}}"}"""));
            ((int)response.StatusCode).ShouldBe(413, path);
            (await response.Content.ReadAsStringAsync()).ShouldContain("4096", customMessage: path);
        }
    }

    [Theory]
    [InlineData('[', ']')]
    [InlineData('{', '}')]
    public async Task A_call_that_is_nested_too_deep_is_refused_and_nothing_falls_over(char open, char close)
    {
        using var client = _house.Client(TestHouse.AdminKey);
        foreach (var path in Calls)
        {
            // Within the limit on length, four times over.
            var deep = Nested(open, close, path == "/v1/batches" ? 2_000 : 200_000);
            foreach (var body in new[]
            {
                deep,
                $$"""{"model":"small","messages":{{deep}},"input":{{deep}},"prompt":{{deep}},"contents":{{deep}} }""",
                $$"""{"model":"small","messages":[{"role":"user","content":{{deep}} }],"input":"x","prompt":"x","contents":[{"parts":{{deep}} }]}""",
                $$"""{"model":"small","max_tokens":1,"messages":[{"role":"user","content":"x"}],"input":"x","prompt":"x","contents":[{"parts":[{"text":"x"}]}],"tools":[{"type":"function","function":{"name":"f","parameters":{{deep}} } }],"metadata":{{deep}} }""",
            })
            {
                using var response = await client.PostAsync(path, Json(body));
                var text = await response.Content.ReadAsStringAsync();
                ((int)response.StatusCode).ShouldBeOneOf([400, 404], $"{path}: {text[..Math.Min(200, text.Length)]}");
                JsonNode.Parse(text)!["error"].ShouldNotBeNull(path);
                text.Length.ShouldBeLessThan(2000, path);
            }
        }

        await AssertWellAsync();
    }

    [Theory]
    [InlineData('[', ']')]
    [InlineData('{', '}')]
    public async Task No_endpoint_takes_a_body_that_is_nested_too_deep(char open, char close)
    {
        var deep = Nested(open, close, open == '[' ? Deep : Deep / 6);
        foreach (var endpoint in ControlEndpoints.Of(_house).Where(endpoint => endpoint.Method is not ("GET" or "HEAD" or "DELETE")))
        {
            foreach (var body in new[] { deep, $$"""{"name":{{deep}} }""", $$"""{"email":{{deep}},"password":{{deep}} }""" })
            {
                using var request = new HttpRequestMessage(new HttpMethod(endpoint.Method), endpoint.PathOf("demo")) { Content = Json(body) };
                using var response = await _admin.Http.SendAsync(request);
                var text = await response.Content.ReadAsStringAsync();
                ((int)response.StatusCode).ShouldBeInRange(200, 499, $"{endpoint}: {text[..Math.Min(300, text.Length)]}");
                text.Length.ShouldBeLessThan(4000, endpoint.ToString());
            }
        }

        await AssertWellAsync();
    }

    [Fact]
    public async Task Who_sends_too_deep_a_body_is_told_so()
    {
        var answer = await _admin.Http.PostAsync("/api/organisations", Json($$"""{"name":{{Nested('[', ']', 100)}} }"""));
        ((int)answer.StatusCode).ShouldBe(400);
        (await answer.Content.ReadAsStringAsync()).ShouldContain("name");
    }

    static string Nested(char open, char close, int levels) => open == '['
        ? new string('[', levels) + new string(']', levels)
        : string.Concat(Enumerable.Repeat("{\"a\":", levels)) + "0" + new string(close, levels);

    static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    async Task AssertWellAsync()
    {
        using var client = _house.Client();
        using var answer = await client.PostAsync(
            "/v1/chat/completions", Json("""{"model":"small","max_tokens":2,"messages":[{"role":"user","content":"Hello"}]}"""));
        ((int)answer.StatusCode).ShouldBe(200);
    }
}
