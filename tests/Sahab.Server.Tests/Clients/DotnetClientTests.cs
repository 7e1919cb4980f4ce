using System.Text;
using System.Text.Json.Nodes;
using OpenAI.Chat;
using OpenAI.Embeddings;

namespace Sahab.Server.Tests.Clients;

/// <summary>The official OpenAI client for .NET, NuGet <c>OpenAI</c>: what goes well.</summary>
public sealed class DotnetClientTests(DotnetClients clients) : IClassFixture<DotnetClients>
{
    const string Worldly = "Ærø — “clouds” ☁️ 雲の上 구름 سحاب עננים 👩‍👩‍👧‍👦 🇳🇴 𝒳 e\u0301 \"quoted\" \\ back\nline\ttab";

    static readonly ChatMessage[] Question = [new UserChatMessage("Tell me of the clouds.")];

    static readonly ChatTool Weather = Tool(
        "get_weather", """{"type":"object","properties":{"town":{"type":"string"}},"required":["town"]}""");

    static readonly ChatTool Clock = Tool(
        "get_time",
        """{"type":"object","properties":{"zone":{"type":"string","enum":["UTC","CET"]}},"required":["zone"]}""");

    static readonly ChatResponseFormat Person = ChatResponseFormat.CreateJsonSchemaFormat(
        "person",
        BinaryData.FromString(
            """
            {"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer","minimum":0,"maximum":130}},
            "required":["name","age"],"additionalProperties":false}
            """),
        jsonSchemaIsStrict: true);

    static ChatTool Tool(string name, string parameters) =>
        ChatTool.CreateFunctionTool(name, $"For {name}", BinaryData.FromString(parameters));

    static ChatCompletionOptions Short => new() { MaxOutputTokenCount = 24 };

    [Fact]
    public async Task A_chat_is_answered_with_usage_and_headers()
    {
        var result = await clients.Chat().CompleteChatAsync(Question, Short);

        var completion = result.Value;
        completion.Role.ShouldBe(ChatMessageRole.Assistant);
        completion.Content[0].Text.ShouldNotBeEmpty();
        completion.FinishReason.ShouldBeOneOf(ChatFinishReason.Stop, ChatFinishReason.Length);
        completion.Usage.InputTokenCount.ShouldBe(6);
        completion.Usage.OutputTokenCount.ShouldBeInRange(1, 24);
        var headers = result.GetRawResponse().Headers;
        headers.TryGetValue("x-request-id", out var id).ShouldBeTrue();
        Guid.Parse(id!).Version.ShouldBe(7);
        foreach (var name in (string[])["provider", "region", "deployment", "attempts", "overhead-ms"])
        {
            headers.TryGetValue($"x-sahab-{name}", out _).ShouldBeTrue(name);
        }
    }

    [Fact]
    public async Task A_stream_tells_the_role_first_and_the_usage_last()
    {
        var whole = (await clients.Chat().CompleteChatAsync(Question, Short)).Value;

        var updates = await clients.Chat().CompleteChatStreamingAsync(Question, Short).ToListAsync();

        updates[0].Role.ShouldBe(ChatMessageRole.Assistant);
        TextOf(updates).ShouldBe(whole.Content[0].Text);
        updates.Where(update => update.FinishReason is not null).ShouldHaveSingleItem()
            .FinishReason.ShouldBe(whole.FinishReason);
        updates.Take(updates.Count - 1).ShouldAllBe(update => update.Usage == null);
        updates[^1].Usage.OutputTokenCount.ShouldBe(whole.Usage.OutputTokenCount);
    }

    [Fact]
    public async Task Parallel_tool_calls_arrive_whole()
    {
        var options = new ChatCompletionOptions { Tools = { Weather, Clock } };
        var completion = (await clients.Chat().CompleteChatAsync(
            [new UserChatMessage("Use get_weather and get_time.")], options)).Value;

        completion.FinishReason.ShouldBe(ChatFinishReason.ToolCalls);
        completion.ToolCalls.Select(call => call.FunctionName).ShouldBe(["get_weather", "get_time"]);
        completion.ToolCalls.Select(call => call.Id).Distinct().Count().ShouldBe(2);
        var answered = (await clients.Chat().CompleteChatAsync(
            [
                new UserChatMessage("Use get_weather and get_time."), new AssistantChatMessage(completion),
                .. completion.ToolCalls.Select(call => new ToolChatMessage(call.Id, "fine")),
            ],
            options)).Value;
        answered.FinishReason.ShouldBe(ChatFinishReason.Stop);
        answered.Content[0].Text.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Streamed_tool_calls_can_be_put_together()
    {
        var options = new ChatCompletionOptions { Tools = { Weather, Clock } };
        var names = new SortedDictionary<int, string>();
        var arguments = new SortedDictionary<int, StringBuilder>();
        await foreach (var update in clients.Chat().CompleteChatStreamingAsync(
            [new UserChatMessage("Use get_weather and get_time.")], options))
        {
            foreach (var call in update.ToolCallUpdates)
            {
                names[call.Index] = call.FunctionName ?? names[call.Index];
                arguments.TryAdd(call.Index, new StringBuilder());
                arguments[call.Index].Append(call.FunctionArgumentsUpdate);
            }
        }

        names.Values.ShouldBe(["get_weather", "get_time"]);
        ((string?)JsonNode.Parse(arguments[0].ToString())!["town"]).ShouldNotBeNull();
        ((string?)JsonNode.Parse(arguments[1].ToString())!["zone"]).ShouldBeOneOf("UTC", "CET");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Structured_output_fits_its_schema(bool streamed)
    {
        var options = new ChatCompletionOptions { ResponseFormat = Person };
        ChatMessage[] messages = [new UserChatMessage("Invent a person.")];
        var text = streamed
            ? TextOf(await clients.Chat().CompleteChatStreamingAsync(messages, options).ToListAsync())
            : (await clients.Chat().CompleteChatAsync(messages, options)).Value.Content[0].Text;

        var person = JsonNode.Parse(text)!.AsObject();
        person.Select(member => member.Key).Order().ShouldBe(["age", "name"]);
        ((int)person["age"]!).ShouldBeInRange(0, 130);
    }

    [Fact]
    public async Task An_image_counts()
    {
        var pixel = BinaryData.FromBytes(Convert.FromBase64String(
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="));
        var message = new UserChatMessage(
            ChatMessageContentPart.CreateTextPart("What is this?"),
            ChatMessageContentPart.CreateImagePart(pixel, "image/png"));

        var completion = (await clients.Chat().CompleteChatAsync([message], Short)).Value;

        completion.Usage.InputTokenCount.ShouldBeGreaterThan(250);
    }

    [Fact]
    public async Task Log_probabilities_spell_the_answer()
    {
        var options = Short;
        options.IncludeLogProbabilities = true;
        options.TopLogProbabilityCount = 2;

        var completion = (await clients.Chat().CompleteChatAsync(Question, options)).Value;

        string.Concat(completion.ContentTokenLogProbabilities.Select(token => token.Token))
            .ShouldBe(completion.Content[0].Text);
        completion.ContentTokenLogProbabilities.ShouldAllBe(token => token.TopLogProbabilities.Count == 2);
    }

    [Fact]
    public async Task Unicode_survives()
    {
        ChatMessage[] messages = [new UserChatMessage(Worldly)];

        (await clients.Chat("echo").CompleteChatAsync(messages)).Value.Content[0].Text.ShouldBe(Worldly);
        TextOf(await clients.Chat("echo").CompleteChatStreamingAsync(messages).ToListAsync()).ShouldBe(Worldly);
    }

    [Fact]
    public async Task Embeddings_are_the_same_in_both_encodings()
    {
        var client = clients.Embeddings();

        var vectors = (await client.GenerateEmbeddingsAsync(["clouds", "سحاب"])).Value;

        using var http = clients.House.Client();
        using var answer = await http.PostAsync("/v1/embeddings", new StringContent(
            """{"model":"vectors","input":["clouds","سحاب"],"encoding_format":"float"}""",
            Encoding.UTF8, "application/json"));
        var floats = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["data"]!.AsArray();
        vectors.Count.ShouldBe(2);
        for (var index = 0; index < 2; index++)
        {
            vectors[index].Index.ShouldBe(index);
            vectors[index].ToFloats().ToArray().ShouldBe(
                floats[index]!["embedding"]!.AsArray().Select(number => (float)(double)number!));
        }

        var small = await client.GenerateEmbeddingAsync("x", new EmbeddingGenerationOptions { Dimensions = 16 });
        small.Value.ToFloats().Length.ShouldBe(16);
    }

    [Fact]
    public async Task Models_are_listed_and_found()
    {
        var client = clients.Models();

        var names = (await client.GetModelsAsync()).Value.Select(model => model.Id).ToArray();

        foreach (var name in (string[])["small", "tiny", "lab/open-7b", "vectors"])
        {
            names.ShouldContain(name);
            (await client.GetModelAsync(name)).Value.Id.ShouldBe(name);
        }
    }

    [Fact]
    public async Task What_the_client_sends_reaches_the_cloud_byte_for_byte()
    {
        var watch = new WatchingHandler();
        var options = new ChatCompletionOptions { EndUserId = "somebody", Metadata = { ["marker"] = "net ☁" } };
        await clients.Chat("echo", watch: watch).CompleteChatAsync(Question, options);
        await clients.Chat("echo", watch: watch).CompleteChatStreamingAsync(Question, options).ToListAsync();

        var arrived = clients.Home.Echoed.Select(request => request.Text).ToArray();
        watch.Bodies.Count.ShouldBe(2);
        foreach (var body in watch.Bodies)
        {
            var renamed = body.Replace("\"model\":\"echo\"", "\"model\":\"said/again\"", StringComparison.Ordinal);
            renamed.ShouldNotBe(body);
            arrived.ShouldContain(renamed, "the client asks for usage by itself, so that only the name changes");
        }
    }

    [Fact]
    public async Task Fifty_mixed_calls_of_one_client_are_all_right()
    {
        var (echo, small, vectors) = (clients.Chat("echo"), clients.Chat(), clients.Embeddings());
        await Task.WhenAll(Enumerable.Range(0, 50).Select(async number =>
        {
            var mark = $"call number {number} سحاب";
            ChatMessage[] messages = [new UserChatMessage(mark)];
            switch (number % 4)
            {
                case 0:
                    (await echo.CompleteChatAsync(messages)).Value.Content[0].Text.ShouldBe(mark);
                    break;
                case 1:
                    TextOf(await echo.CompleteChatStreamingAsync(messages).ToListAsync()).ShouldBe(mark);
                    break;
                case 2:
                    TextOf(await small.CompleteChatStreamingAsync(messages, Short).ToListAsync()).ShouldNotBeEmpty();
                    break;
                default:
                    (await vectors.GenerateEmbeddingAsync(mark)).Value.ToFloats().Length.ShouldBe(64);
                    break;
            }
        }));
    }

    static string TextOf(IEnumerable<StreamingChatCompletionUpdate> updates) => string.Concat(
        updates.SelectMany(update => update.ContentUpdate).Select(part => part.Text));
}
