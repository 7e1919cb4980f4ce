using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using Sahab.Wire.Bedrock;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Tests.Wire.Bedrock;

public sealed class ConverseAnswersTests
{
    static readonly AnswerTerms Terms = new("chatcmpl-1", 1, "m", 1);

    [Fact]
    public void An_answer_with_all_that_there_is_becomes_a_chat_completion()
    {
        JsonNode answer = Translate("""
            {"output":{"message":{"role":"assistant","content":[
            {"reasoningContent":{"reasoningText":{"text":"hm","signature":"c2ln"}}},
            {"reasoningContent":{"redactedContent":"aGk="}},{"text":"Hel"},{"text":"lo"},
            {"citationsContent":{"content":[{"text":"!"}],"citations":[]}},
            {"toolUse":{"toolUseId":"t1","name":"f","input":{"a":[1, 2]}}},{"toolUse":{"toolUseId":"t2","name":"g"}},
            {"somethingNew":{}}]}},
            "stopReason":"tool_use","metrics":{"latencyMs":3},
            "usage":{"inputTokens":9,"outputTokens":4,"totalTokens":13,"cacheReadInputTokens":2,"cacheWriteInputTokens":1}}
            """).ShouldNotBeNull();
        JsonNode choice = answer["choices"]![0]!;
        ((string?)choice["finish_reason"]).ShouldBe("tool_calls");
        ((string?)choice["message"]!["content"]).ShouldBe("Hello!");
        ((string?)choice["message"]!["reasoning_content"]).ShouldBe("hm");
        choice["message"]!["thinking_blocks"]!.AsArray().Count.ShouldBe(2);
        choice["message"]!["tool_calls"]!.AsArray()
            .Select(call => ((string?)call!["id"], (string?)call["function"]!["arguments"]))
            .ShouldBe([("t1", "{\"a\":[1, 2]}"), ("t2", "{}")]);
        JsonNode usage = answer["usage"]!;
        ((long)usage["prompt_tokens"]!, (long)usage["completion_tokens"]!, (long)usage["total_tokens"]!)
            .ShouldBe((12, 4, 16));
        ((long)usage["prompt_tokens_details"]!["cached_tokens"]!).ShouldBe(2);
    }

    [Fact]
    public void What_was_written_to_a_cache_for_an_hour_is_told_apart()
    {
        JsonNode usage = Translate("""
            {"output":{"message":{"role":"assistant","content":[{"text":"a"}]}},"stopReason":"end_turn",
            "usage":{"inputTokens":9,"outputTokens":4,"totalTokens":43,"cacheWriteInputTokens":30,
            "cacheDetails":[{"ttl":"5m","inputTokens":10},{"ttl":"1h","inputTokens":20},{"inputTokens":9}]}}
            """).ShouldNotBeNull()["usage"]!;
        ((long)usage["prompt_tokens"]!).ShouldBe(39);
        usage["prompt_tokens_details"]!.ToJsonString().ShouldBe(
            """{"cached_tokens":0,"cache_write_tokens":30,"cache_write_1h_tokens":20}""");
    }

    [Theory]
    [InlineData("end_turn", "stop")]
    [InlineData("stop_sequence", "stop")]
    [InlineData("max_tokens", "length")]
    [InlineData("model_context_window_exceeded", "length")]
    [InlineData("content_filtered", "content_filter")]
    [InlineData("guardrail_intervened", "content_filter")]
    [InlineData("malformed_tool_use", "stop")]
    [InlineData("something_new", "stop")]
    public void Each_reason_to_stop_has_its_word(string reason, string expected) => ((string?)Translate(
        $$"""{"output":{"message":{"content":[{"text":"a"}]} },"stopReason":"{{reason}}"}""")!["choices"]![0]![
            "finish_reason"]).ShouldBe(expected);

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{\"message\":\"The server had an error.\"}")]
    [InlineData("{\"output\":null}")]
    [InlineData("{\"output\":{\"message\":{\"content\":\"text\"}}}")]
    [InlineData("{\"output\":{\"message\":{\"content\":[{\"text\":1}]}}}")]
    [InlineData("{\"output\":{\"message\":{\"content\":[{\"text\":\"\\ud83d\"}]}}}")]
    [InlineData("{\"output\":{\"message\":{\"content\":[7]}}}")]
    [InlineData("{\"output\":{\"message\":{\"content\":[{\"toolUse\":{}}]}}}")]
    [InlineData("{\"output\":{\"message\":{\"content\":[]}},\"stopReason\":1}")]
    public void What_is_no_answer_is_not_taken_for_one(string body) => Translate(body).ShouldBeNull();

    [Fact]
    public void Damaged_answers_never_throw()
    {
        var random = new RandomJson(seed: 11);
        byte[] whole = """
            {"output":{"message":{"content":[{"text":"h\u00e9 雲"},{"toolUse":{"toolUseId":"t","name":"f","input":{}}}]}},
            "stopReason":"tool_use","usage":{"inputTokens":9,"outputTokens":4}}
            """u8.ToArray();
        for (var i = 0; i < 20_000; i++)
        {
            ConverseAnswers.Instance.TryWriteAnswer(random.Break(whole), Terms, new ArrayBufferWriter<byte>());
        }
    }

    [Theory]
    [InlineData(403, "AccessDeniedException:http://x", "No access.", ErrorClass.Forbidden)]
    [InlineData(403, "UnrecognizedClientException", "Unknown.", ErrorClass.Unauthorized)]
    [InlineData(403, "InvalidSignatureException", "Wrong.", ErrorClass.Unauthorized)]
    [InlineData(403, "ExpiredTokenException", "Over.", ErrorClass.Unauthorized)]
    [InlineData(400, "ValidationException", "Blank text.", ErrorClass.InvalidRequest)]
    [InlineData(400, "ValidationException", "Input is too long for requested model.", ErrorClass.ContextLengthExceeded)]
    [InlineData(400, "ValidationException", "The provided model identifier is invalid.", ErrorClass.ModelNotFound)]
    [InlineData(400, "ServiceQuotaExceededException", "Too much.", ErrorClass.QuotaExhausted)]
    [InlineData(404, "ResourceNotFoundException", "None.", ErrorClass.ModelNotFound)]
    [InlineData(408, "ModelTimeoutException", "Slow.", ErrorClass.Timeout)]
    [InlineData(424, "ModelErrorException", "Broken.", ErrorClass.ServerError)]
    [InlineData(424, null, "Broken.", ErrorClass.ServerError)]
    [InlineData(429, "ThrottlingException", "Too fast.", ErrorClass.RateLimited)]
    [InlineData(429, "ModelNotReadyException", "Warming up.", ErrorClass.RateLimited)]
    [InlineData(500, "InternalServerException", "Oh.", ErrorClass.ServerError)]
    [InlineData(503, "ServiceUnavailableException", "Full.", ErrorClass.Overloaded)]
    [InlineData(418, "SomethingNew", "?", null)]
    public void An_error_is_what_its_name_says(int status, string? type, string message, ErrorClass? expected)
    {
        UpstreamError error = ConverseAnswers.Instance.ReadError(
            status, Encoding.UTF8.GetBytes($$"""{"message":"{{message}}"}"""), type);
        error.Class.ShouldBe(expected);
        error.Message.ShouldBe(message);
    }

    [Theory]
    [InlineData("""{"__type":"com.amazon.coral.service#ThrottlingException","Message":"Slow down."}""", ErrorClass.RateLimited)]
    [InlineData("""{"__type":7}""", null)]
    [InlineData("<html>", null)]
    [InlineData("", null)]
    public void A_name_in_the_body_serves_where_no_header_is(string body, ErrorClass? expected) =>
        BedrockErrors.Read(400, Encoding.UTF8.GetBytes(body), null).Class.ShouldBe(expected);

    [Fact]
    public void A_wrong_signature_is_told_without_the_request_that_was_signed()
    {
        UpstreamError error = BedrockErrors.Read(
            403,
            """{"message":"The request signature does not match.\n\nThe Canonical String for this request should have been\n'POST x-amz-security-token:secret'"}"""u8,
            "InvalidSignatureException");
        error.Message.ShouldBe("The request signature does not match.");
    }

    static JsonNode? Translate(string body)
    {
        var output = new ArrayBufferWriter<byte>();
        return ConverseAnswers.Instance.TryWriteAnswer(Encoding.UTF8.GetBytes(body), Terms, output)
            ? JsonNode.Parse(output.WrittenSpan)
            : null;
    }
}
