using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using Sahab.Wire.Anthropic;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Tests.Wire.Anthropic;

/// <summary>Anthropic's answers and errors in OpenAI's form.</summary>
public class AnthropicAnswerTests
{
    const string Answer = """
        {"id":"msg_1","type":"message","role":"assistant","model":"c","content":[
        {"type":"thinking","thinking":"hm","signature":"s"},{"type":"redacted_thinking","data":"ZZ"},{"type":"text","text":"Hé"},
        {"type":"text","text":"llo"},{"type":"tool_use","id":"toolu_1","name":"f","input":{"a":1}}],"stop_reason":"tool_use",
        "stop_sequence":null,"usage":{"input_tokens":9,"cache_creation_input_tokens":1,"cache_read_input_tokens":2,
        "output_tokens":7,"output_tokens_details":{"thinking_tokens":3}}}
        """;

    [Fact]
    public void An_answer_keeps_its_words_its_thoughts_its_calls_and_its_figures()
    {
        var chat = JsonNode.Parse(Translate(Answer)!)!;
        ((string)chat["object"]!).ShouldBe("chat.completion");
        var choice = chat["choices"]![0]!;
        ((string)choice["finish_reason"]!).ShouldBe("tool_calls");
        choice["message"]!.ToJsonString(Relaxed).ShouldBe(
            """
            {"role":"assistant","content":"Héllo","refusal":null,"reasoning_content":"hm","thinking_blocks":[
            {"type":"thinking","thinking":"hm","signature":"s"},{"type":"redacted_thinking","data":"ZZ"}],"tool_calls":[
            {"id":"toolu_1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]}
            """.ReplaceLineEndings(""));
        chat["usage"]!.ToJsonString().ShouldBe(
            """
            {"prompt_tokens":12,"completion_tokens":7,"total_tokens":19,"prompt_tokens_details":{"cached_tokens":2,
            "cache_write_tokens":1},"completion_tokens_details":{"reasoning_tokens":3}}
            """.ReplaceLineEndings(""));
    }

    [Fact]
    public void What_was_written_to_a_cache_for_an_hour_is_told_apart()
    {
        var chat = JsonNode.Parse(Translate(
            """
            {"type":"message","content":[],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1,
            "cache_creation_input_tokens":30,"cache_creation":{"ephemeral_5m_input_tokens":10,"ephemeral_1h_input_tokens":20}}}
            """)!)!;
        chat["usage"]!["prompt_tokens_details"]!.ToJsonString().ShouldBe(
            """{"cached_tokens":0,"cache_write_tokens":30,"cache_write_1h_tokens":20}""");
    }

    [Theory]
    [InlineData("end_turn", "stop")]
    [InlineData("stop_sequence", "stop")]
    [InlineData("pause_turn", "stop")]
    [InlineData("max_tokens", "length")]
    [InlineData("model_context_window_exceeded", "length")]
    [InlineData("tool_use", "tool_calls")]
    [InlineData("refusal", "content_filter")]
    public void Each_reason_to_stop_has_its_word(string reason, string finish)
    {
        var chat = JsonNode.Parse(Translate(
            $$$"""{"type":"message","content":[],"stop_reason":"{{{reason}}}","stop_sequence":"x","usage":{"input_tokens":1,"output_tokens":1}}""")!)!;
        ((string)chat["choices"]![0]!["finish_reason"]!).ShouldBe(finish);
        ((string?)chat["choices"]![0]!["stop_reason"]).ShouldBe("x");
    }

    [Theory]
    [InlineData("""{"input_tokens":-1,"output_tokens":1}""")]
    [InlineData("""{"input_tokens":1,"output_tokens":"many"}""")]
    [InlineData("""{"input_tokens":1,"output_tokens":1,"cache_creation":{"ephemeral_1h_input_tokens":-1}}""")]
    [InlineData("""{"input_tokens":1,"output_tokens":1,"cache_creation":{"ephemeral_1h_input_tokens":5}}""")]
    [InlineData("""{"input_tokens":1.5,"output_tokens":1}""")]
    [InlineData("""{"input_tokens":1,"output_tokens":1,"output_tokens_details":{"thinking_tokens":9}}""")]
    [InlineData("""{"input_tokens":1}""")]
    public void Figures_that_cannot_be_are_not_believed(string usage)
    {
        var chat = Translate($$"""{"type":"message","content":[],"stop_reason":"end_turn","usage":{{usage}}}""")!;
        ReplyFacts facts = default;
        UsageReader.Read(Encoding.UTF8.GetBytes(chat), ref facts).ShouldBeTrue();
        facts.Usage.IsConsistent.ShouldBeFalse();
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"type":"message","content":[]}""")]
    [InlineData("""{"type":"message","content":"x","stop_reason":"end_turn"}""")]
    [InlineData("""{"type":"message","content":[{"type":"tool_use","id":"1"}],"stop_reason":"tool_use"}""")]
    [InlineData("""{"type":"message","content":[],"stop_reason":"end_turn"} more""")]
    [InlineData("""{"type":"message","content":[{"type":"text","text":"\ud800"}],"stop_reason":"end_turn"}""")]
    public void What_is_no_answer_is_not_taken_for_one(string body) => Translate(body).ShouldBeNull();

    [Fact]
    public void An_error_in_the_place_of_an_answer_stays_one()
    {
        ReplyFacts facts = default;
        UsageReader.Read(Encoding.UTF8.GetBytes(Translate(
            """{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}""")!), ref facts).ShouldBeTrue();
        facts.HasError.ShouldBeTrue();
        facts.Error.Message.ShouldBe("Overloaded");
    }

    [Theory]
    [InlineData(400, "invalid_request_error", "x: bad", ErrorClass.InvalidRequest)]
    [InlineData(400, "invalid_request_error", "prompt is too long: 9 tokens > 8 maximum", ErrorClass.ContextLengthExceeded)]
    [InlineData(400, "invalid_request_error", "Your credit balance is too low", ErrorClass.QuotaExhausted)]
    [InlineData(401, "authentication_error", "invalid x-api-key", ErrorClass.Unauthorized)]
    [InlineData(402, "billing_error", "pay", ErrorClass.QuotaExhausted)]
    [InlineData(403, "permission_error", "no", ErrorClass.Forbidden)]
    [InlineData(404, "not_found_error", "model: c", ErrorClass.ModelNotFound)]
    [InlineData(413, "request_too_large", "big", ErrorClass.TooLarge)]
    [InlineData(429, "rate_limit_error", "slow down", ErrorClass.RateLimited)]
    [InlineData(500, "api_error", "oh", ErrorClass.ServerError)]
    [InlineData(504, "timeout_error", "late", ErrorClass.Timeout)]
    [InlineData(529, "overloaded_error", "Overloaded", ErrorClass.Overloaded)]
    public void Each_error_is_of_its_kind(int status, string type, string message, ErrorClass kind)
    {
        var error = Read(status, $$$"""{"type":"error","error":{"type":"{{{type}}}","message":"{{{message}}}"},"request_id":"r"}""");
        (error.Class, error.Type, error.Message).ShouldBe((kind, type, message));
    }

    [Fact]
    public void A_limit_of_money_is_no_limit_of_pace()
    {
        var error = Read(
            429,
            """{"type":"error","error":{"type":"rate_limit_error","message":"m","details":{"error_code":"enforced_spend_limit_reached"}}}""");
        (error.Class, error.Code).ShouldBe((ErrorClass.QuotaExhausted, "enforced_spend_limit_reached"));
    }

    [Theory]
    [InlineData(502, "<html><title>Bad gateway</title></html>", ErrorClass.ServerError)]
    [InlineData(429, "", ErrorClass.RateLimited)]
    [InlineData(529, "{", ErrorClass.Overloaded)]
    [InlineData(500, "{\"error\":{\"details\":[]}}", ErrorClass.ServerError)]
    public void Whoever_else_answers_is_understood_by_the_status(int status, string body, ErrorClass kind) =>
        Read(status, body).Class.ShouldBe(kind);

    [Fact]
    public void A_broken_answer_never_throws()
    {
        var random = new RandomJson(seed: 202);
        var whole = Encoding.UTF8.GetBytes(Answer);
        var output = new ArrayBufferWriter<byte>();
        for (var i = 0; i < 30_000; i++)
        {
            output.ResetWrittenCount();
            var broken = random.Break(whole);
            if (AnthropicAnswers.Instance.TryWriteAnswer(broken, Terms, output))
            {
                ReplyFacts facts = default;
                UsageReader.Read(output.WrittenSpan, ref facts).ShouldBeTrue(Encoding.UTF8.GetString(broken));
            }
        }
    }

    static readonly AnswerTerms Terms = new("chatcmpl-1", 1, "c", 1);

    static readonly System.Text.Json.JsonSerializerOptions Relaxed = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    static UpstreamError Read(int status, string body) =>
        AnthropicAnswers.Instance.ReadError(status, Encoding.UTF8.GetBytes(body), null);

    static string? Translate(string body)
    {
        var output = new ArrayBufferWriter<byte>();
        return AnthropicAnswers.Instance.TryWriteAnswer(Encoding.UTF8.GetBytes(body), Terms, output)
            ? Encoding.UTF8.GetString(output.WrittenSpan)
            : null;
    }
}
