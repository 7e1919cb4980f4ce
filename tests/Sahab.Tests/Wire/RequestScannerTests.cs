using System.Text;
using Sahab.Wire.OpenAI;

namespace Sahab.Tests.Wire;

public sealed class RequestScannerTests
{
    const string Messages = """ "messages":[{"role":"user","content":"hi"}] """;

    [Fact]
    public void A_plain_chat_request_says_little()
    {
        const string body = """{"model":"gpt-x","messages":[{"role":"user","content":"hi"}]}""";
        RequestFacts facts = Scan(body);
        Slice(body, facts.ModelStart, facts.ModelLength).ShouldBe("\"gpt-x\"");
        facts.Stream.ShouldBeFalse();
        facts.N.ShouldBe(1);
        facts.BestOf.ShouldBe(1);
        facts.PromptCount.ShouldBe(1);
        facts.MaxOutputTokens.ShouldBe(0);
        facts.Tier.ShouldBe(RequestTier.Absent);
        facts.TierLength.ShouldBe(0);
        facts.Format.ShouldBe(AnswerFormat.Text);
        facts.ObjectEnd.ShouldBe(body.Length - 1);
        facts.PromptBytes.ShouldBe("""[{"role":"user","content":"hi"}]""".Length);
        facts.PrefixHash.ShouldNotBe(0ul);
        (facts.HasTools || facts.HasImages || facts.HasAudio || facts.HasFiles || facts.Logprobs || facts.IgnoreEos)
            .ShouldBeFalse();
    }

    [Fact]
    public void Every_member_that_the_gateway_acts_upon_is_found_wherever_it_stands()
    {
        RequestFacts facts = Scan("""
            { "user":"u", "stream_options" : {"include_obfuscation":false, "include_usage" : true},
              "tools":[{"type":"function","function":{"name":"f","parameters":{}}}], "n":3,
              "response_format":{"type":"json_schema","json_schema":{"name":"s","schema":{"type":"object"}}},
              "max_tokens":7, "logprobs":true, "top_logprobs":2, "max_completion_tokens":9,
              "messages":[{"role":"system","content":"s"},{"role":"user","content":"hi"}],
              "stream":true, "service_tier":"flex", "ignore_eos":true, "model":"m", "modalities":["text","audio"] }
            """);
        facts.Stream.ShouldBeTrue();
        facts.HasStreamOptions.ShouldBeTrue();
        facts.IncludeUsage.ShouldBeTrue();
        facts.RunningUsage.ShouldBeFalse();
        facts.StreamOptionsEmpty.ShouldBeFalse();
        facts.HasTools.ShouldBeTrue();
        facts.N.ShouldBe(3);
        facts.BestOf.ShouldBe(3);
        facts.HasJsonSchema.ShouldBeTrue();
        facts.MaxOutputTokens.ShouldBe(9);
        facts.Logprobs.ShouldBeTrue();
        facts.Tier.ShouldBe(RequestTier.Flex);
        facts.IgnoreEos.ShouldBeTrue();
        facts.HasAudio.ShouldBeTrue();
    }

    [Theory]
    [InlineData("\"auto\"", RequestTier.Auto)]
    [InlineData("\"default\"", RequestTier.Default)]
    [InlineData("\"flex\"", RequestTier.Flex)]
    [InlineData("\"priority\"", RequestTier.Priority)]
    [InlineData("\"scale\"", RequestTier.Scale)]
    [InlineData("\"batch\"", RequestTier.Batch)]
    [InlineData("\"fl\\u0065x\"", RequestTier.Flex)]
    [InlineData("null", RequestTier.Absent)]
    public void A_tier_is_known_by_its_word(string json, RequestTier tier)
    {
        string body = $$"""{"model":"m",{{Messages}},"service_tier":{{json}} }""";
        RequestFacts facts = Scan(body);
        facts.Tier.ShouldBe(tier);
        Slice(body, facts.TierStart, facts.TierLength).ShouldBe($",\"service_tier\":{json}");
    }

    [Fact]
    public void A_tier_that_comes_first_is_cut_with_the_comma_after_it()
    {
        string body = $$"""{ "service_tier" : "flex" , "model":"m",{{Messages}}}""";
        RequestFacts facts = Scan(body);
        Slice(body, facts.TierStart, facts.TierLength).ShouldBe("""
            "service_tier" : "flex" ,
            """);
    }

    [Theory]
    [InlineData("""{"type":"text"}""", AnswerFormat.Text)]
    [InlineData("""{"type":"json_object"}""", AnswerFormat.JsonObject)]
    [InlineData("""{"json_schema":{"type":"json_object"},"type":"json_schema"}""", AnswerFormat.JsonSchema)]
    [InlineData("""{"type":"json\u005fschema"}""", AnswerFormat.JsonSchema)]
    [InlineData("""{"type":"grammar"}""", AnswerFormat.Text)]
    [InlineData("null", AnswerFormat.Text)]
    public void The_answers_form_is_told_by_its_type(string json, AnswerFormat format) =>
        Scan($$"""{"model":"m",{{Messages}},"response_format":{{json}} }""").Format.ShouldBe(format);

    [Fact]
    public void Payloads_are_not_prompt_text_and_images_are_counted()
    {
        string image = "data:image/png;base64," + new string('A', 5_000);
        RequestFacts facts = Scan($$"""
            {"model":"m","messages":[{"role":"user","content":[
              {"type":"text","text":"what is this?"},
              {"type":"image_url","image_url":{"url":"{{image}}","detail":"low"} },
              {"type":"image_url","image_url":"{{image}}"},
              {"type":"input_audio","input_audio":{"data":"{{new string('B', 3_000)}}","format":"wav"} },
              {"type":"file","file":{"file_data":"{{new string('C', 2_000)}}","filename":"a.pdf"} }]}]}
            """);
        facts.ImageCount.ShouldBe(2);
        facts.HasImages.ShouldBeTrue();
        facts.HasAudio.ShouldBeTrue();
        facts.HasFiles.ShouldBeTrue();
        facts.PromptBytes.ShouldBeInRange(300, 600);
    }

    [Fact]
    public void Text_that_looks_like_a_part_is_text()
    {
        RequestFacts facts = Scan(
            """{"model":"m","messages":[{"role":"user","content":"{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:\"}}"}]}""");
        facts.HasImages.ShouldBeFalse();
    }

    [Fact]
    public void Tools_count_as_prompt()
    {
        int without = Scan($$"""{"model":"m",{{Messages}}}""").PromptBytes;
        RequestFacts facts = Scan($$"""{"model":"m",{{Messages}},"tools":[{"type":"function"}],"functions":[{"name":"f"}]}""");
        facts.PromptBytes.ShouldBe(without + """[{"type":"function"}]""".Length + """[{"name":"f"}]""".Length);
        Scan($$"""{"model":"m",{{Messages}},"tools":[]}""").HasTools.ShouldBeFalse();
        Scan($$"""{"model":"m",{{Messages}},"tools":null}""").HasTools.ShouldBeFalse();
    }

    [Theory]
    [InlineData("\"text\"", 1, 0)]
    [InlineData("[\"a\",\"b\",\"c\"]", 3, 0)]
    [InlineData("[1,2,3,4]", 1, 4)]
    [InlineData("[[1,2],[3]]", 2, 3)]
    [InlineData("[\"a\",[3,4]]", 2, 2)]
    public void Prompts_and_token_ids_are_counted(string json, int prompts, int ids)
    {
        RequestFacts completion = Scan($$"""{"model":"m","prompt":{{json}} }""", ApiOperation.Completions);
        completion.PromptCount.ShouldBe(prompts);
        completion.PromptTokenIds.ShouldBe(ids);
        RequestFacts embedding = Scan($$"""{"model":"m","input":{{json}} }""", ApiOperation.Embeddings);
        embedding.PromptCount.ShouldBe(prompts);
        embedding.PromptTokenIds.ShouldBe(ids);
        embedding.PrefixHash.ShouldBe(0ul);
    }

    [Fact]
    public void Completions_ask_for_probabilities_with_a_count_and_may_generate_more_than_they_return()
    {
        RequestFacts facts = Scan(
            """{"model":"m","prompt":"x","logprobs":0,"n":2,"best_of":5,"max_tokens":0,"echo":true}""",
            ApiOperation.Completions);
        facts.Logprobs.ShouldBeTrue();
        facts.N.ShouldBe(2);
        facts.BestOf.ShouldBe(5);
        Scan("""{"model":"m","prompt":"x","logprobs":null}""", ApiOperation.Completions).Logprobs.ShouldBeFalse();
    }

    [Theory]
    [InlineData("\"float\"", EmbeddingEncoding.Float)]
    [InlineData("\"base64\"", EmbeddingEncoding.Base64)]
    [InlineData("null", EmbeddingEncoding.Absent)]
    public void The_encoding_of_embeddings_is_told(string json, EmbeddingEncoding encoding) =>
        Scan($$"""{"input":"x","model":"m","encoding_format":{{json}} }""", ApiOperation.Embeddings)
            .Encoding.ShouldBe(encoding);

    [Fact]
    public void Members_of_another_operation_are_nobodys_business()
    {
        Scan("""{"model":"m","input":"x","stream":"yes","messages":3,"n":"many"}""", ApiOperation.Embeddings);
        Scan($$"""{"model":"m",{{Messages}},"prompt":3,"encoding_format":[],"best_of":"x"}""");
        Scan("""{"model":"m","prompt":"x","messages":3,"tools":4}""", ApiOperation.Completions);
    }

    [Theory]
    [InlineData("\"a\"", "a")]
    [InlineData("\"a\\/b\"", "a/b")]
    [InlineData("\"\\u0061\"", "a")]
    [InlineData("\"\\ud83d\\udc2a\"", "🐪")]
    [InlineData("\"雲/雲\"", "雲/雲")]
    public void A_model_is_read_as_its_name(string json, string name)
    {
        byte[] body = Encoding.UTF8.GetBytes($$"""{"model":{{json}},{{Messages}}}""");
        RequestScanner.TryScan(body, ApiOperation.ChatCompletions, out RequestFacts facts, out _).ShouldBeTrue();
        Encoding.UTF8.GetString(facts.ReadModel(body, new byte[RequestFacts.MaxModelBytes])).ShouldBe(name);
    }

    [Fact]
    public void A_member_written_with_escapes_is_the_same_member()
    {
        RequestFacts facts = Scan($$"""{"mod\u0065l":"m",{{Messages}},"str\u0065am":true}""");
        facts.Stream.ShouldBeTrue();
        Refuse($$"""{"model":"a",{{Messages}},"mod\u0065l":"b"}""").Code.ShouldBe("duplicate_parameter");
    }

    [Fact]
    public void The_prefix_hash_follows_the_beginning_of_the_prompt_and_nothing_behind_it()
    {
        string head = new('x', 2_000);
        ulong hash = PrefixHash(head + "one");
        PrefixHash(head + "two").ShouldBe(hash);
        PrefixHash("y" + head).ShouldNotBe(hash);
        PrefixHash(head + "one", """ ,"prompt_cache_key":"k" """).ShouldNotBe(hash);
        PrefixHash(head + "one", """ ,"tools":[{"type":"function"}] """).ShouldNotBe(hash);
        PrefixHash(head + "one", """ ,"temperature":1 """).ShouldBe(hash);

        static ulong PrefixHash(string text, string more = "") =>
            Scan($$"""{"model":"m","messages":[{"role":"user","content":"{{text}}"}]{{more}}}""").PrefixHash;
    }

    [Fact]
    public void The_hash_is_xxh64_so_that_every_node_and_version_agrees()
    {
        StableHash.Compute([], 0).ShouldBe(0xEF46DB3751D8E999ul);
        StableHash.Compute("a"u8, 0).ShouldBe(0xD24EC4F1A98C6E5Bul);
        StableHash.Compute("abc"u8, 0).ShouldBe(0x44BC2CF5AD770999ul);
    }

    [Theory]
    [InlineData("""{"messages":[{}]}""", "model", "missing_required_parameter")]
    [InlineData("""{"model":"m"}""", "messages", "missing_required_parameter")]
    [InlineData("""{"model":"","messages":[{}]}""", "model", "empty_string")]
    [InlineData("""{"model":7,"messages":[{}]}""", "model", "invalid_type")]
    [InlineData("""{"model":null,"messages":[{}]}""", "model", "invalid_type")]
    [InlineData("""{"model":"\ud83d","messages":[{}]}""", "model", "invalid_value")]
    [InlineData("""{"model":"m","messages":[]}""", "messages", "empty_array")]
    [InlineData("""{"model":"m","messages":"hi"}""", "messages", "invalid_type")]
    [InlineData("""{"model":"m","messages":null}""", "messages", "invalid_type")]
    [InlineData("""{"model":"m","messages":[{},"hi"]}""", "messages[1]", "invalid_type")]
    [InlineData("""{"model":"m","messages":[{}],"stream":"true"}""", "stream", "invalid_type")]
    [InlineData("""{"model":"m","messages":[{}],"stream":1}""", "stream", "invalid_type")]
    [InlineData("""{"model":"m","messages":[{}],"n":0}""", "n", "integer_below_min_value")]
    [InlineData("""{"model":"m","messages":[{}],"n":-1}""", "n", "integer_below_min_value")]
    [InlineData("""{"model":"m","messages":[{}],"n":129}""", "n", "integer_above_max_value")]
    [InlineData("""{"model":"m","messages":[{}],"n":1.5}""", "n", "invalid_type")]
    [InlineData("""{"model":"m","messages":[{}],"n":1e1}""", "n", "invalid_type")]
    [InlineData("""{"model":"m","messages":[{}],"n":"2"}""", "n", "invalid_type")]
    [InlineData("""{"model":"m","messages":[{}],"max_tokens":0}""", "max_tokens", "integer_below_min_value")]
    [InlineData("""{"model":"m","messages":[{}],"max_tokens":99999999999999999999}""", "max_tokens", "integer_above_max_value")]
    [InlineData("""{"model":"m","messages":[{}],"max_tokens":-99999999999999999999}""", "max_tokens", "integer_below_min_value")]
    [InlineData("""{"model":"m","messages":[{}],"stream_options":{}}""", "stream_options", "invalid_value")]
    [InlineData("""{"model":"m","messages":[{}],"stream":false,"stream_options":{}}""", "stream_options", "invalid_value")]
    [InlineData("""{"model":"m","messages":[{}],"stream":true,"stream_options":[]}""", "stream_options", "invalid_type")]
    [InlineData("""{"model":"m","messages":[{}],"stream":true,"stream_options":{"include_usage":1}}""", "stream_options.include_usage", "invalid_type")]
    [InlineData("""{"model":"m","messages":[{}],"service_tier":"gold"}""", "service_tier", "invalid_value")]
    [InlineData("""{"model":"m","messages":[{}],"service_tier":3}""", "service_tier", "invalid_type")]
    [InlineData("""{"model":"m","messages":[{}],"tools":{}}""", "tools", "invalid_type")]
    [InlineData("""{"model":"m","messages":[{}],"response_format":"json"}""", "response_format", "invalid_type")]
    [InlineData("""{"model":"m","messages":[{}],"logprobs":3}""", "logprobs", "invalid_type")]
    [InlineData("""{"model":"m","messages":[{}],"model":"o"}""", "model", "duplicate_parameter")]
    [InlineData("""{"model":"m","messages":[{}],"stream":true,"stream":false}""", "stream", "duplicate_parameter")]
    [InlineData("""{"model":"m","messages":[{}],"stream":true,"stream_options":{"include_usage":true,"include_usage":false}}""", "stream_options.include_usage", "duplicate_parameter")]
    [InlineData("""[]""", null, "invalid_type")]
    [InlineData("\"text\"", null, "invalid_type")]
    [InlineData("", null, "invalid_json")]
    [InlineData("""{"model":"m","messages":[{}]} x""", null, "invalid_json")]
    [InlineData("""{"model":"m","messages":[{}],"x":{"y":[1,]}}""", null, "invalid_json")]
    public void A_wrong_chat_request_is_refused_with_its_parameter(string body, string? param, string code)
    {
        RequestFault fault = Refuse(body);
        fault.Param.ShouldBe(param);
        fault.Code.ShouldBe(code);
        fault.Message.Length.ShouldBeGreaterThan(20);
    }

    [Theory]
    [InlineData("""{"model":"m","prompt":{}}""", "prompt")]
    [InlineData("""{"model":"m","prompt":[]}""", "prompt")]
    [InlineData("""{"model":"m","prompt":["a",1]}""", "prompt[1]")]
    [InlineData("""{"model":"m","prompt":[1,"a"]}""", "prompt[1]")]
    [InlineData("""{"model":"m","prompt":["a",[1,"b"]]}""", "prompt[1]")]
    [InlineData("""{"model":"m","prompt":[{}]}""", "prompt[0]")]
    [InlineData("""{"model":"m","prompt":"x","n":3,"best_of":2}""", "best_of")]
    [InlineData("""{"model":"m","prompt":"x","logprobs":true}""", "logprobs")]
    public void A_wrong_completion_request_is_refused_with_its_parameter(string body, string param) =>
        Refuse(body, ApiOperation.Completions).Param.ShouldBe(param);

    [Fact]
    public void A_syntax_error_is_told_by_line_and_column_and_what_would_be_right()
    {
        RequestFault fault = Refuse("{\n  \"model\": \"m\",\n  \"messages\": [{}],\n}");
        fault.Message.ShouldContain("byte 38 (line 4, column 1)");
        fault.Message.ShouldContain("no comma may come before");
        Refuse("{'model':1}").Message.ShouldContain("byte 1 (line 1, column 2)");
        Refuse("{\"model\":\"m\"").Message.ShouldContain("was it sent whole?");
        Refuse("\uFEFF{}").Message.ShouldContain("byte order mark");
    }

    [Fact]
    public void Bytes_that_are_not_utf8_are_refused_where_they_are()
    {
        byte[] body = [.. "{\"model\":\""u8, 0xC3, 0x28, .. "\"}"u8];
        RequestScanner.TryScan(body, ApiOperation.ChatCompletions, out _, out RequestFault fault).ShouldBeFalse();
        fault.Message.ShouldContain("not valid UTF-8 at byte 10");
    }

    [Fact]
    public void A_model_name_of_256_bytes_is_taken_and_a_longer_one_refused()
    {
        Scan($$"""{"model":"{{new string('m', 256)}}",{{Messages}}}""");
        Refuse($$"""{"model":"{{new string('m', 257)}}",{{Messages}}}""").Message.ShouldContain("256 bytes");
        string escaped = string.Concat(Enumerable.Repeat("\\u006d", 257));
        Refuse($$"""{"model":"{{escaped}}",{{Messages}}}""").Param.ShouldBe("model");
        Scan($$"""{"model":"{{escaped[6..]}}",{{Messages}}}""");
    }

    [Fact]
    public void Nesting_has_a_bound()
    {
        string Nested(int depth) =>
            $$"""{"model":"m",{{Messages}},"x":{{new string('[', depth)}}{{new string(']', depth)}}}""";
        Scan(Nested(RequestScanner.MaxDepth - 1));
        Refuse(Nested(RequestScanner.MaxDepth)).Message.ShouldContain("nested more than 128 deep");
        Refuse(Nested(1_000_000)).Code.ShouldBe("invalid_json");
    }

    static RequestFacts Scan(string body, ApiOperation operation = ApiOperation.ChatCompletions)
    {
        bool good = RequestScanner.TryScan(
            Encoding.UTF8.GetBytes(body), operation, out RequestFacts facts, out RequestFault fault);
        good.ShouldBeTrue(fault.Message);
        fault.ShouldBe(default);
        return facts;
    }

    static RequestFault Refuse(string body, ApiOperation operation = ApiOperation.ChatCompletions)
    {
        RequestScanner.TryScan(Encoding.UTF8.GetBytes(body), operation, out _, out RequestFault fault)
            .ShouldBeFalse();
        return fault;
    }

    static string Slice(string body, int start, int length) => body.Substring(start, length);
}
