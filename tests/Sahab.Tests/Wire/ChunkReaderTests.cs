using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sahab.Wire.OpenAI;

namespace Sahab.Tests.Wire;

public sealed class ChunkReaderTests
{
    [Theory]
    [InlineData("""{"role":"assistant"}""", 0)]
    [InlineData("""{"role":"assistant","content":""}""", 0)]
    [InlineData("""{"role":"assistant","content":null,"refusal":null,"tool_calls":[],"audio":{}}""", 0)]
    [InlineData("{}", 0)]
    [InlineData("null", 0)]
    [InlineData("""{"content":"Hel"}""", 1)]
    [InlineData("""{"refusal":"No"}""", 1)]
    [InlineData("""{"reasoning":"hm"}""", 1)]
    [InlineData("""{"reasoning_content":"hm"}""", 1)]
    [InlineData("""{"reasoning_details":[{"text":"hm"}]}""", 1)]
    [InlineData("""{"function_call":{"name":"f","arguments":""}}""", 1)]
    [InlineData("""{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"f","arguments":""}}]}""", 1)]
    [InlineData("""{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\":1}"}}]}""", 1)]
    [InlineData("""{"audio":{"data":"AAAA"}}""", 1)]
    [InlineData("""{"c\u006fntent":"Hel"}""", 1)]
    [InlineData("""{"content":"\u0000"}""", 1)]
    [InlineData("""{"annotations":[{"content":"x"}],"role":"content"}""", 0)]
    public void Content_is_what_the_client_can_see(string delta, int deltas)
    {
        ChunkFacts facts = Read($$"""{"id":"chatcmpl-1","choices":[{"index":0,"delta":{{delta}},"finish_reason":null}],"usage":null}""");
        facts.ContentDeltas.ShouldBe(deltas);
        facts.HasContent.ShouldBe(deltas > 0);
        (facts.ContentBytes > 0).ShouldBe(deltas > 0);
        facts.FinishSeen.ShouldBeFalse();
        facts.HasUsage.ShouldBeFalse();
        facts.UsageMemberLength.ShouldBe(",\"usage\":null".Length);
        facts.HasError.ShouldBeFalse();
        facts.ChoicesEmpty.ShouldBeFalse();
    }

    [Theory]
    [InlineData("\"stop\"", FinishReason.Stop)]
    [InlineData("\"length\"", FinishReason.Length)]
    [InlineData("\"tool_calls\"", FinishReason.ToolCalls)]
    [InlineData("\"function_call\"", FinishReason.FunctionCall)]
    [InlineData("\"content_filter\"", FinishReason.ContentFilter)]
    [InlineData("\"abort\"", FinishReason.Other)]
    [InlineData("null", FinishReason.None)]
    [InlineData("\"\"", FinishReason.None)]
    public void A_choice_ends_with_its_reason(string json, FinishReason finish)
    {
        ChunkFacts facts = Read($$"""{"choices":[{"index":0,"delta":{},"finish_reason":{{json}},"stop_reason":null}]}""");
        facts.Finish.ShouldBe(finish);
        facts.FinishedChoices.ShouldBe(finish == FinishReason.None ? 0 : 1);
    }

    [Fact]
    public void Several_choices_in_one_chunk_are_counted()
    {
        ChunkFacts facts = Read("""
            {"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"},{"index":1,"delta":{"content":"b"}},
                        {"index":2,"delta":{},"finish_reason":"length"}]}
            """);
        facts.ContentDeltas.ShouldBe(2);
        facts.ContentBytes.ShouldBe(2);
        facts.FinishedChoices.ShouldBe(2);
        facts.Finish.ShouldBe(FinishReason.Length);
    }

    [Fact]
    public void A_text_completion_brings_text()
    {
        ChunkFacts facts = Read("""{"object":"text_completion","choices":[{"text":"Hel","index":0,"logprobs":null,"finish_reason":null}]}""");
        facts.HasContent.ShouldBeTrue();
        facts.ContentBytes.ShouldBe(3);
        Read("""{"object":"text_completion","choices":[{"text":"","index":0,"finish_reason":"stop"}]}""").HasContent.ShouldBeFalse();
    }

    [Fact]
    public void The_usage_chunk_has_no_choices_and_all_the_figures()
    {
        ChunkFacts facts = Read("""
            {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13,
             "prompt_tokens_details":{"cached_tokens":2,"cache_write_tokens":1},"completion_tokens_details":{"reasoning_tokens":3}}}
            """);
        facts.ChoicesEmpty.ShouldBeTrue();
        facts.HasUsage.ShouldBeTrue();
        facts.Usage.ShouldBe(new UsageFigures
        {
            Present = true,
            Prompt = 9,
            Cached = 2,
            CacheWritten = 1,
            Output = 4,
            Reasoning = 3,
            Total = 13,
            IsConsistent = true,
        });
    }

    [Fact]
    public void Azures_first_chunk_is_no_content_and_no_end()
    {
        ChunkFacts facts = Read("""
            {"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0,
             "content_filter_results":{"hate":{"filtered":false,"severity":"safe"}}}]}
            """);
        facts.ChoicesEmpty.ShouldBeTrue();
        (facts.HasContent || facts.FinishSeen || facts.HasUsage || facts.HasError || facts.IsDone).ShouldBeFalse();
    }

    [Theory]
    [InlineData("[DONE]")]
    [InlineData("[DONE] ")]
    [InlineData("[DONE]\n")]
    public void The_end_marker_is_known_by_how_it_begins(string data)
    {
        ChunkFacts facts = Read(data);
        facts.IsDone.ShouldBeTrue();
        facts.HasError.ShouldBeFalse();
    }

    [Theory]
    [InlineData("""{"error":{"message":"upstream connection lost","type":"server_error","param":null,"code":"upstream_error"}}""", "upstream connection lost", "upstream_error")]
    [InlineData("""{"error":{"message":"bad","type":"BadRequestError","param":null,"code":400}}""", "bad", "400")]
    [InlineData("""{"error":"model ran out of memory"}""", "model ran out of memory", null)]
    [InlineData("""{"object":"error","message":"old","type":"internal_error","code":500}""", "old", "500")]
    [InlineData("""[{"error":{"code":429,"message":"Quota","status":"RESOURCE_EXHAUSTED"}}]""", "Quota", "RESOURCE_EXHAUSTED")]
    [InlineData("""{"err\u006fr":{"message":"hidden"}}""", "hidden", null)]
    public void An_error_in_the_stream_is_read(string data, string message, string? code)
    {
        ChunkFacts facts = Read(data);
        facts.HasError.ShouldBeTrue();
        facts.Error.Message.ShouldBe(message);
        facts.Error.Code.ShouldBe(code);
    }

    [Theory]
    [InlineData("null", false)]
    [InlineData("false", false)]
    [InlineData("0", false)]
    [InlineData("-0.0e5", false)]
    [InlineData("\"\"", false)]
    [InlineData("{}", true)]
    [InlineData("[]", true)]
    [InlineData("true", true)]
    [InlineData("1", true)]
    [InlineData("0.01", true)]
    [InlineData("\"x\"", true)]
    public void An_error_is_one_when_javascript_takes_it_for_true(string json, bool isError) =>
        Read($$"""{"choices":[],"error":{{json}} }""").HasError.ShouldBe(isError);

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("null")]
    [InlineData("\"text\"")]
    [InlineData("[]")]
    [InlineData("[{}]")]
    [InlineData("[1]")]
    [InlineData("[DON")]
    [InlineData("{\"choices\":[}")]
    [InlineData("{\"choices\":[]} trailing")]
    [InlineData("{\"error\":{\"message\":\"cut")]
    public void What_is_neither_a_chunk_nor_the_end_is_refused(string data)
    {
        var facts = default(ChunkFacts);
        ChunkReader.Read("""{"choices":[{"delta":{"content":"x"}}]}"""u8, ref facts).ShouldBeTrue();
        ChunkReader.Read(Encoding.UTF8.GetBytes(data), ref facts).ShouldBeFalse();
        facts.ShouldBe(default);
    }

    [Fact]
    public void Content_that_speaks_of_usage_errors_and_ends_is_only_content()
    {
        ChunkFacts facts = Read("""
            {"choices":[{"index":0,"delta":{"content":"\"usage\":{\"prompt_tokens\":5},\"error\":{\"message\":\"x\"},\"finish_reason\":\"stop\" [DONE]",
             "usage":{"prompt_tokens":1},"error":"x","finish_reason":"stop"},"finish_reason":null,"usage":{"prompt_tokens":3},"error":{"message":"y"}}],"x":{"error":{},"usage":{}}}
            """);
        facts.HasContent.ShouldBeTrue();
        (facts.HasUsage || facts.HasError || facts.FinishSeen || facts.IsDone).ShouldBeFalse();
        facts.UsageMemberLength.ShouldBe(0);
    }

    [Fact]
    public void Any_chunk_reads_as_the_document_reader_of_dotnet_sees_it()
    {
        var json = new RandomJson(seed: 5);
        for (var i = 0; i < 8_000; i++)
        {
            string data = Chunk(json);
            using var document = JsonDocument.Parse(data);
            ChunkFacts facts = Read(data);
            Seen.Of(facts).ShouldBe(Seen.By(document.RootElement), data);
            CutUsage(data, facts);
        }
    }

    static void CutUsage(string data, ChunkFacts facts)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(data);
        int end = facts.UsageMemberStart + facts.UsageMemberLength;
        JsonNode? cut = JsonNode.Parse((byte[])[.. bytes[..facts.UsageMemberStart], .. bytes[end..]]);
        JsonObject expected = JsonNode.Parse(data)!.AsObject();
        expected.Remove("usage");
        JsonNode.DeepEquals(cut, expected).ShouldBeTrue(data);
    }

    static string Chunk(RandomJson json)
    {
        var members = new List<(string Name, string Value)>();
        if (json.Chance(0.9))
        {
            members.Add(("choices", json.Chance(0.9)
                ? json.Array(Enumerable.Range(0, json.Random.Next(3)).Select(_ => Choice(json)))
                : json.Value()));
        }

        if (json.Chance(0.5))
        {
            members.Add(("usage", json.Chance(0.6)
                ? json.Object([("prompt_tokens", json.Random.Next(99).ToString()), ("completion_tokens", json.Number())])
                : json.Value()));
        }

        if (json.Chance(0.2))
        {
            members.Add(("error", json.Value()));
        }

        for (int more = json.Random.Next(4); more > 0; more--)
        {
            members.Add(("x" + more + json.Text(), json.Value()));
        }

        (string Name, string Value)[] shuffled = [.. members];
        json.Random.Shuffle(shuffled);
        return json.Object(shuffled);
    }

    static string Choice(RandomJson json)
    {
        if (json.Chance(0.05))
        {
            return json.Value();
        }

        var members = new List<(string Name, string Value)> { ("index", "0") };
        if (json.Chance(0.8))
        {
            members.Add(("delta", json.Chance(0.9) ? Delta(json) : json.Value()));
        }

        if (json.Chance(0.2))
        {
            members.Add(("text", json.Value()));
        }

        if (json.Chance(0.8))
        {
            members.Add(("finish_reason", json.OneOf("null", "null", "\"stop\"", "\"\"", "3", "\"x\"")));
        }

        return json.Object(members);
    }

    static string Delta(RandomJson json)
    {
        string[] names =
            ["role", "content", "refusal", "tool_calls", "function_call", "reasoning", "reasoning_content", "audio", "x"];
        return json.Object(names.Where(_ => json.Chance(0.2)).Select(name => (name, json.Value())));
    }

    static ChunkFacts Read(string data)
    {
        var facts = default(ChunkFacts);
        ChunkReader.Read(Encoding.UTF8.GetBytes(data), ref facts).ShouldBeTrue(data);
        return facts;
    }

    sealed record Seen(int Content, int Finished, bool Empty, bool Usage, long Prompt, bool Error)
    {
        static readonly string[] ContentNames =
            ["content", "refusal", "tool_calls", "function_call", "reasoning", "reasoning_content", "audio"];

        public static Seen Of(in ChunkFacts facts) => new(
            facts.ContentDeltas,
            facts.FinishedChoices,
            facts.ChoicesEmpty,
            facts.HasUsage,
            facts.Usage.Prompt,
            facts.HasError);

        public static Seen By(JsonElement root)
        {
            JsonElement choices = Member(root, "choices");
            bool isArray = choices.ValueKind == JsonValueKind.Array;
            JsonElement usage = Member(root, "usage");
            JsonElement prompt = Member(usage, "prompt_tokens");
            return new Seen(
                isArray ? choices.EnumerateArray().Count(HasContent) : 0,
                isArray ? choices.EnumerateArray().Count(HasFinish) : 0,
                isArray && choices.GetArrayLength() == 0,
                usage.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null),
                prompt.ValueKind == JsonValueKind.Number ? prompt.GetInt64() : 0,
                IsTruthy(Member(root, "error")));
        }

        static bool HasContent(JsonElement choice) =>
            IsContent(Member(choice, "text"))
            || ContentNames.Any(name => IsContent(Member(Member(choice, "delta"), name)));

        static bool HasFinish(JsonElement choice)
        {
            JsonElement finish = Member(choice, "finish_reason");
            return finish.ValueKind == JsonValueKind.Number
                || (finish.ValueKind == JsonValueKind.String && finish.GetString() != "");
        }

        static bool IsContent(JsonElement value) => value.ValueKind switch
        {
            JsonValueKind.Undefined or JsonValueKind.Null => false,
            JsonValueKind.String => value.GetString() != "",
            JsonValueKind.Array => value.GetArrayLength() > 0,
            JsonValueKind.Object => value.EnumerateObject().Any(),
            _ => true,
        };

        static bool IsTruthy(JsonElement value) => value.ValueKind switch
        {
            JsonValueKind.Undefined or JsonValueKind.Null or JsonValueKind.False => false,
            JsonValueKind.String => value.GetString() != "",
            JsonValueKind.Number => value.GetDouble() != 0,
            _ => true,
        };

        static JsonElement Member(JsonElement value, string name) =>
            value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out JsonElement member)
                ? member
                : default;
    }
}
