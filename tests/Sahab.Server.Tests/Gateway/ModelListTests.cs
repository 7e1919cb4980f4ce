using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Sahab.Server.Serve.Gateway;
using Sahab.Server.Tests.House;
using Sahab.Wire.Translation;

namespace Sahab.Server.Tests.Gateway;

/// <summary>The lists of models, which each vendor's clients expect in a form of its own.</summary>
public sealed class ModelListTests(ModelListTests.Models models) : IClassFixture<ModelListTests.Models>
{
    const string Yaml = """
        providers:
          azure:
            credentials: { env: CLOUD_KEY }
            regions:
              us: { country: US, base_url: "{azure}/us/v1" }
              no: { country: "NO", base_url: "{azure}/no/v1" }
        models:
          lab/open-7b: { context_tokens: 32768, max_output_tokens: 4096, operations: [chat] }
          swift: { operations: [chat] }
          vectors: { context_tokens: 8192, operations: [embeddings] }
          old: { operations: [completions] }
        deployments:
          open-us: &us { provider: azure, region: us, model: lab/open-7b, price: { prompt: 1, output: 2 } }
          open-no: { <<: *us, region: no, context_tokens: 16384 }
          swift-us: { <<: *us, model: swift }
          vectors-us: { <<: *us, model: vectors }
          old-us: { <<: *us, model: old }
        aliases: { best: lab/open-7b }
        tenants:
          demo:
            keys:
              demo: { secret: { env: DEMO_KEY } }
              admin: { secret: { env: ADMIN_KEY }, countries: ["NO"] }
        """;

    /// <summary>The house, for all tests of the class: none changes it.</summary>
    public sealed class Models : IAsyncLifetime
    {
        internal TestHouse House { get; private set; } = null!;

        public async Task InitializeAsync() => House = await TestHouse.StartAsync(Yaml);

        public async Task DisposeAsync() => await House.DisposeAsync();
    }

    [Theory]
    [InlineData("Authorization")]
    [InlineData("x-api-key")]
    [InlineData("x-goog-api-key")]
    public async Task OpenAI_s_form_is_the_one_without_a_vendor_s_sign_wherever_the_key_is(string header)
    {
        var (status, list) = await GetAsync("/v1/models", header);
        status.ShouldBe(200, list.ToJsonString());
        ((string)list["object"]!).ShouldBe("list");
        Names(list["data"]!, "id").ShouldBe(["lab/open-7b", "swift", "vectors", "old", "best"]);
        var (_, one) = await GetAsync("/v1/models/lab%2Fopen-7b", header);
        ((string)one["object"]!).ShouldBe("model");
    }

    [Theory]
    [InlineData("Authorization")]
    [InlineData("x-api-key")]
    public async Task Anthropic_s_list_holds_what_answers_messages(string header)
    {
        var (status, list) = await GetAsync("/v1/models", header, version: true);
        status.ShouldBe(200, list.ToJsonString());
        Names(list["data"]!, "id").ShouldBe(["lab/open-7b", "swift", "best"]);
        ((string)list["first_id"]!, (string)list["last_id"]!, (bool)list["has_more"]!)
            .ShouldBe(("lab/open-7b", "best", false));
        var (_, one) = await GetAsync("/v1/models/lab/open-7b", header, version: true);
        one.ToJsonString().ShouldBe(
            """
            {"type":"model","id":"lab/open-7b","display_name":"lab/open-7b","created_at":"1970-01-01T00:00:00Z",
            "lifecycle":"active","deprecated_at":null,"retires_at":null,"line":null,"capabilities":null,
            "max_input_tokens":32768,"max_tokens":4096}
            """.ReplaceLineEndings(""));
    }

    [Theory]
    [InlineData("Authorization", "")]
    [InlineData("x-goog-api-key", "")]
    [InlineData("", "?key=" + TestHouse.DemoKey)]
    public async Task Gemini_s_list_says_what_each_can_be_asked(string header, string query)
    {
        var (status, list) = await GetAsync("/v1beta/models" + query, header);
        status.ShouldBe(200, list.ToJsonString());
        Names(list["models"]!, "name").ShouldBe(["models/lab/open-7b", "models/swift", "models/vectors", "models/best"]);
        list["nextPageToken"].ShouldBeNull();
        var (_, one) = await GetAsync("/v1beta/models/lab/open-7b" + query, header);
        one.ToJsonString().ShouldBe(
            """
            {"name":"models/lab/open-7b","displayName":"lab/open-7b","inputTokenLimit":32768,"outputTokenLimit":4096,
            "supportedGenerationMethods":["generateContent","streamGenerateContent","countTokens"]}
            """.ReplaceLineEndings(""));
        var (_, vectors) = await GetAsync("/v1beta/models/vectors" + query, header);
        vectors["supportedGenerationMethods"]!.ToJsonString().ShouldBe("""["embedContent","batchEmbedContents"]""");
    }

    [Fact]
    public async Task A_key_sees_what_it_may_use_and_the_context_that_it_can_get()
    {
        var (_, anthropic) = await GetAsync("/v1/models", "x-api-key", version: true, TestHouse.AdminKey);
        Names(anthropic["data"]!, "id").ShouldBe(["lab/open-7b", "best"]);
        ((int)anthropic["data"]![0]!["max_input_tokens"]!).ShouldBe(16384);
        var (_, gemini) = await GetAsync("/v1beta/models", "x-goog-api-key", key: TestHouse.AdminKey);
        Names(gemini["models"]!, "name").ShouldBe(["models/lab/open-7b", "models/best"]);
        (await GetAsync("/v1beta/models/swift", "x-goog-api-key", key: TestHouse.AdminKey)).Status.ShouldBe(404);
    }

    [Theory]
    [InlineData("/v1/models", false, "error.code", "invalid_api_key")]
    [InlineData("/v1/models", true, "error.type", "authentication_error")]
    [InlineData("/v1/models/swift", true, "error.type", "authentication_error")]
    [InlineData("/v1beta/models", false, "error.status", "UNAUTHENTICATED")]
    [InlineData("/v1beta/models/swift", false, "error.status", "UNAUTHENTICATED")]
    public async Task A_wrong_key_is_refused_in_the_form_of_each_vendor(
        string path, bool version, string member, string value)
    {
        foreach (var (header, key) in new[] { ("x-api-key", "wrong"), ("x-goog-api-key", "wrong"), ("", "") })
        {
            var (status, error) = await GetAsync(path, header, version, key);
            status.ShouldBe(401);
            var found = member.Split('.').Aggregate(error, (node, name) => node[name]!);
            ((string)found!).ShouldBe(value, error.ToJsonString());
        }
    }

    [Fact]
    public async Task An_unknown_model_is_refused_in_the_form_of_each_vendor()
    {
        ((string)(await GetAsync("/v1/models/no", "x-api-key")).Body["error"]!["code"]!).ShouldBe("model_not_found");
        ((string)(await GetAsync("/v1/models/no", "x-api-key", version: true)).Body["error"]!["type"]!)
            .ShouldBe("not_found_error");
        ((string)(await GetAsync("/v1beta/models/no", "x-goog-api-key")).Body["error"]!["status"]!).ShouldBe("NOT_FOUND");
    }

    [Fact]
    public void Pages_of_any_size_in_either_direction_make_the_whole_list()
    {
        foreach (var count in (int[])[0, 1, 2, 7, 12])
        {
            ModelFacts[] all = [.. Enumerable.Range(0, count).Select(i => new ModelFacts($"m/{i}", 0, 0, true, false))];
            for (var size = 1; size <= 13; size++)
            {
                var limit = ("limit", $"{size}");
                Collect(mark => Anthropic(all, mark is null ? [limit] : [limit, ("after_id", mark)]), back: false)
                    .ShouldBe(all);
                if (count > 0)
                {
                    Collect(mark => Anthropic(all, [limit, ("before_id", mark ?? all[^1].Name)]), back: true)
                        .ShouldBe(all[..^1]);
                }

                Gemini(all, size).ShouldBe(all);
            }
        }
    }

    [Fact]
    public void A_page_holds_no_more_than_a_thousand_models_whatever_is_asked()
    {
        ModelFacts[] all = [.. Enumerable.Range(0, 1500).Select(i => new ModelFacts($"m{i}", 0, 0, true, false))];
        ModelPage.OfGemini(all, Query([("pageSize", "5000")]), out _)!.Value.Models.Length.ShouldBe(1000);
        ModelPage.OfGemini(all, Query([]), out _)!.Value.Models.Length.ShouldBe(50);
        ModelPage.OfAnthropic(all, Query([]), out _)!.Value.Models.Length.ShouldBe(20);
        ModelPage.OfAnthropic(all, Query([("limit", "1001")]), out var fault).ShouldBeNull();
        fault.Param.ShouldBe("limit");
    }

    static ModelPage Anthropic(ModelFacts[] all, (string, string)[] query) =>
        ModelPage.OfAnthropic(all, Query(query), out var fault) ?? throw new InvalidOperationException(fault.Message);

    static List<ModelFacts> Collect(Func<string?, ModelPage> ask, bool back)
    {
        var found = new List<ModelFacts>();
        for (string? mark = null; ;)
        {
            var page = ask(mark);
            found.InsertRange(back ? 0 : found.Count, page.Models);
            if (!page.HasMore)
            {
                return found;
            }

            mark = (back ? page.Models[0] : page.Models[^1]).Name;
        }
    }

    static List<ModelFacts> Gemini(ModelFacts[] all, int size)
    {
        var found = new List<ModelFacts>();
        for (var token = ""; token is not null;)
        {
            var page = ModelPage.OfGemini(all, Query([("pageSize", $"{size}"), ("pageToken", token)]), out _)!.Value;
            found.AddRange(page.Models);
            token = page.NextToken();
        }

        return found;
    }

    static QueryCollection Query((string Name, string Value)[] query) =>
        new(query.ToDictionary(pair => pair.Name, pair => new StringValues(pair.Value)));

    static List<string> Names(JsonNode list, string member) =>
        [.. list.AsArray().Select(model => (string)model![member]!)];

    async Task<(int Status, JsonNode Body)> GetAsync(
        string path, string header, bool version = false, string key = TestHouse.DemoKey)
    {
        using var client = models.House.Client();
        client.DefaultRequestHeaders.Authorization = null;
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (header.Length > 0)
        {
            request.Headers.Add(header, header == "Authorization" ? "Bearer " + key : key);
        }

        if (version)
        {
            request.Headers.Add("anthropic-version", "2023-06-01");
        }

        using var answer = await client.SendAsync(request);
        answer.Headers.Contains("x-request-id").ShouldBeTrue();
        answer.Headers.Contains("request-id").ShouldBe(version);
        return ((int)answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync())!);
    }
}
