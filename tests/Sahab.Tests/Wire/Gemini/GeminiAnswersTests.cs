using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using Sahab.Wire.Gemini;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Tests.Wire.Gemini;

public class GeminiAnswersTests
{
    static readonly AnswerTerms Terms = new("chatcmpl-0123456789abcdef0123456789abcdef", 1, "gemini", 1);

    [Fact]
    public void Thoughts_text_and_calls_go_where_they_belong_and_usage_is_added_up_as_Google_bills_it()
    {
        var answer = Translate("""
            {"candidates":[{"content":{"role":"model","parts":[{"text":"hm","thought":true},{"text":"Look: "},
              {"text":"here"},{"functionCall":{"name":"f","args":{"a":"ü"}},"thoughtSignature":"AQID"},
              {"functionCall":{"name":"g"}}]},"finishReason":"STOP","index":0,"avgLogprobs":-0.1,
              "logprobsResult":{"chosenCandidates":[{"token":"Look","logProbability":-0.5}],
              "topCandidates":[{"candidates":[{"token":"Look","logProbability":-0.5}]}]}}],
             "usageMetadata":{"promptTokenCount":5,"toolUsePromptTokenCount":3,"candidatesTokenCount":4,
              "thoughtsTokenCount":7,"cachedContentTokenCount":2,"totalTokenCount":19},"responseId":"r9"}
            """)!;
        var message = answer["choices"]![0]!["message"]!;
        ((string)message["content"]!).ShouldBe("Look: here");
        ((string)message["reasoning_content"]!).ShouldBe("hm");
        var calls = message["tool_calls"]!.AsArray();
        calls.Select(call => (string)call!["function"]!["name"]!).ShouldBe(["f", "g"]);
        ((string)calls[1]!["function"]!["arguments"]!).ShouldBe("{}");
        calls.Select(call => (string)call!["id"]!).ShouldBeUnique();
        calls.ShouldAllBe(call => ((string)call!["id"]!).Length <= 40);
        ((string)calls[0]!["extra_content"]!["google"]!["thought_signature"]!).ShouldBe("AQID");
        ((string)answer["choices"]![0]!["finish_reason"]!).ShouldBe("tool_calls");
        ((double)answer["choices"]![0]!["logprobs"]!["content"]![0]!["logprob"]!).ShouldBe(-0.5);
        var usage = answer["usage"]!;
        ((long)usage["prompt_tokens"]!).ShouldBe(8);
        ((long)usage["prompt_tokens_details"]!["cached_tokens"]!).ShouldBe(2);
        ((long)usage["completion_tokens"]!).ShouldBe(11);
        ((long)usage["completion_tokens_details"]!["reasoning_tokens"]!).ShouldBe(7);
        new GeminiAnswers().ReadRequestId("""{"responseId":"r9"}"""u8).ShouldBe("r9");
    }

    [Theory]
    [InlineData("STOP", "stop")]
    [InlineData("MAX_TOKENS", "length")]
    [InlineData("SAFETY", "content_filter")]
    [InlineData("RECITATION", "content_filter")]
    [InlineData("PROHIBITED_CONTENT", "content_filter")]
    [InlineData("SPII", "content_filter")]
    [InlineData("MALFORMED_FUNCTION_CALL", "stop")]
    [InlineData("A_NEW_ONE", "stop")]
    public void Reasons_become_OpenAI_s(string reason, string finish)
    {
        var answer = Translate($$"""{"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"{{reason}}"}]}""")!;
        ((string)answer["choices"]![0]!["finish_reason"]!).ShouldBe(finish);
    }

    [Fact]
    public void A_blocked_prompt_is_an_answer_that_was_filtered()
    {
        var answer = Translate("""
            {"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":4,"totalTokenCount":4}}
            """)!;
        ((string)answer["choices"]![0]!["finish_reason"]!).ShouldBe("content_filter");
        ((long)answer["usage"]!["total_tokens"]!).ShouldBe(4);
    }

    [Fact]
    public void An_error_with_status_200_is_an_error()
    {
        var answer = Translate("""[{"error":{"code":500,"message":"broken","status":"INTERNAL"}}]""")!;
        ((string)answer["error"]!["message"]!).ShouldBe("broken");
    }

    [Theory]
    [InlineData("")]
    [InlineData("no json")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"candidates":{}}""")]
    [InlineData("""{"candidates":[1]}""")]
    [InlineData("""{"candidates":[]}""")]
    [InlineData("""{"candidates":[{"content":{"parts":[{"functionCall":{"args":{}}}]}}]}""")]
    [InlineData("""{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":[]}}]}}]}""")]
    [InlineData("""{"candidates":[{"content":{"parts":[{"text":"\ud800"}]}}]}""")]
    [InlineData("""{"candidates":[{"content":{"parts":[{"text":"x"}]}}]} and more""")]
    public void What_the_protocol_does_not_allow_is_refused_and_nothing_is_thrown(string answer) =>
        Translate(answer).ShouldBeNull();

    [Theory]
    [InlineData(400, "INVALID_ARGUMENT", "bad", ErrorClass.InvalidRequest)]
    [InlineData(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", ErrorClass.Unauthorized)]
    [InlineData(400, "INVALID_ARGUMENT", "The input token count (9) exceeds the maximum number of tokens allowed (8).", ErrorClass.ContextLengthExceeded)]
    [InlineData(400, "FAILED_PRECONDITION", "User location is not supported for the API use.", ErrorClass.ServerError)]
    [InlineData(401, "UNAUTHENTICATED", "no", ErrorClass.Unauthorized)]
    [InlineData(403, "PERMISSION_DENIED", "no", ErrorClass.Forbidden)]
    [InlineData(404, "NOT_FOUND", "no", ErrorClass.ModelNotFound)]
    [InlineData(429, "RESOURCE_EXHAUSTED", "Resource exhausted, please try again later.", ErrorClass.RateLimited)]
    [InlineData(429, "RESOURCE_EXHAUSTED", "Too many requests. Exceeded the Provisioned Throughput.", ErrorClass.RateLimited)]
    [InlineData(429, "RESOURCE_EXHAUSTED", "Quota exceeded for requests per day", ErrorClass.QuotaExhausted)]
    [InlineData(500, "INTERNAL", "no", ErrorClass.ServerError)]
    [InlineData(503, "UNAVAILABLE", "no", ErrorClass.Overloaded)]
    [InlineData(504, "DEADLINE_EXCEEDED", "no", ErrorClass.Timeout)]
    public void Errors_are_told_apart_by_their_word(int status, string word, string message, ErrorClass expected)
    {
        var body = $$$"""{"error":{"code":{{{status}}},"message":"{{{message}}}","status":"{{{word}}}"}}""";
        foreach (var form in (string[])[body, $"[{body}]"])
        {
            var error = GeminiErrors.Read(status, Encoding.UTF8.GetBytes(form));
            error.Class.ShouldBe(expected);
            error.Message.ShouldBe(message);
        }
    }

    [Fact]
    public void An_error_without_a_word_goes_by_its_status() =>
        GeminiErrors.Read(429, "<html>slow down</html>"u8).Class.ShouldBe(ErrorClass.RateLimited);

    [Fact]
    public void Embeddings_of_either_call_are_OpenAI_s()
    {
        var predicted = Embed(GeminiEmbeddingCall.Predict, """
            {"predictions":[{"embeddings":{"values":[0.5,-1],"statistics":{"token_count":3,"truncated":false}}},
             {"embeddings":{"values":[1,0],"statistics":{"token_count":2,"truncated":false}}}]}
            """)!;
        predicted["data"]!.AsArray().Select(item => (double)item!["embedding"]![0]!).ShouldBe([0.5, 1]);
        ((long)predicted["usage"]!["prompt_tokens"]!).ShouldBe(5);

        var embedded = Embed(GeminiEmbeddingCall.EmbedContent, """
            {"embedding":{"values":[0.25]},"usageMetadata":{"promptTokenCount":4,"totalTokenCount":4}}
            """)!;
        ((double)embedded["data"]![0]!["embedding"]![0]!).ShouldBe(0.25);
        ((long)embedded["usage"]!["total_tokens"]!).ShouldBe(4);
        Embed(GeminiEmbeddingCall.EmbedContent, """{"embedding":{}}""").ShouldBeNull();
        Embed(GeminiEmbeddingCall.Predict, """{"predictions":[]}""").ShouldBeNull();
    }

    static JsonNode? Embed(GeminiEmbeddingCall call, string answer)
    {
        var output = new ArrayBufferWriter<byte>();
        return new GeminiEmbeddingAnswers(call).TryWriteAnswer(Encoding.UTF8.GetBytes(answer), Terms, output)
            ? JsonNode.Parse(output.WrittenSpan)
            : null;
    }

    static JsonNode? Translate(string answer)
    {
        var output = new ArrayBufferWriter<byte>();
        return new GeminiAnswers().TryWriteAnswer(Encoding.UTF8.GetBytes(answer), Terms, output)
            ? JsonNode.Parse(output.WrittenSpan)
            : null;
    }
}
