using System.Text;
using Sahab.Wire.OpenAI;

namespace Sahab.Tests.Wire;

public sealed class ErrorReaderTests
{
    [Theory]
    [InlineData("""{"error":{"message":"Bad n","type":"invalid_request_error","param":"n","code":"invalid_value"}}""", "Bad n", "invalid_request_error", "invalid_value", "n")]
    [InlineData("""{"error":{"message":"This model's maximum context length is 4096 tokens.","type":"BadRequestError","param":null,"code":400}}""", "This model's maximum context length is 4096 tokens.", "BadRequestError", "400", null)]
    [InlineData("""{"object":"error","message":"The model `x` does not exist.","type":"NotFoundError","param":null,"code":404}""", "The model `x` does not exist.", "NotFoundError", "404", null)]
    [InlineData("""{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}""", "Loading model", "unavailable_error", "503", null)]
    [InlineData("""{"error":{"code":400,"message":"too long","type":"exceed_context_size_error","n_prompt_tokens":9000,"n_ctx":4096}}""", "too long", "exceed_context_size_error", "400", null)]
    [InlineData("""{"error":{"message":"model 'x' not found","type":"not_found_error","param":null,"code":null}}""", "model 'x' not found", "not_found_error", null, null)]
    [InlineData("""{"error":"model 'x' not found"}""", "model 'x' not found", null, null, null)]
    [InlineData("""{"detail":"Not Found"}""", "Not Found", null, null, null)]
    [InlineData("""{"detail":[{"loc":["body","messages",0,"role"],"msg":"field required","type":"missing"},{"loc":["body","n"],"msg":"not an int","type":"int"}]}""", "messages.0.role: field required; n: not an int", null, null, "messages.0.role")]
    [InlineData("""[{"error":{"code":429,"message":"Resource exhausted.","status":"RESOURCE_EXHAUSTED"}}]""", "Resource exhausted.", null, "RESOURCE_EXHAUSTED", null)]
    [InlineData("""{"error":{"code":401,"message":"Request had invalid credentials.","status":"UNAUTHENTICATED","details":[]}}""", "Request had invalid credentials.", null, "UNAUTHENTICATED", null)]
    [InlineData("""{"code":500,"message":"Internal error","status":"INTERNAL"}""", "Internal error", null, "INTERNAL", null)]
    [InlineData("""{"message":"Forbidden"}""", "Forbidden", null, null, null)]
    [InlineData("\"just a string\"", "just a string", null, null, null)]
    [InlineData("upstream connect error\nreset reason: overflow", "upstream connect error", null, null, null)]
    [InlineData("<html>\n<head><title>502 Bad Gateway</title></head><body>x</body></html>", "502 Bad Gateway", null, null, null)]
    [InlineData("<p>oops</p>\n<p>more</p>", "<p>oops</p>", null, null, null)]
    [InlineData("{\"error\":{\"message\":\"cut", "{\"error\":{\"message\":\"cut", null, null, null)]
    [InlineData("""{"error":{"message":{"deep":"x"}}}""", """{"deep":"x"}""", null, null, null)]
    [InlineData("\uFEFF{\"error\":\"with a mark\"}", "with a mark", null, null, null)]
    public void An_error_is_understood_in_every_form(string body, string message, string? type, string? code, string? param)
    {
        UpstreamError error = Read(500, body);
        error.Message.ShouldBe(message);
        error.Type.ShouldBe(type);
        error.Code.ShouldBe(code);
        error.Param.ShouldBe(param);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \r\n ")]
    public void A_provider_that_says_nothing_is_quoted_by_its_status(string body)
    {
        Read(502, body).Message.ShouldBe("The provider answered with status 502 and said nothing more.");
        Read(0, body).Message.ShouldBe("The provider reported an error and did not say which.");
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"error\":{}}")]
    [InlineData("{\"error\":null}")]
    [InlineData("{\"detail\":[]}")]
    [InlineData("[]")]
    [InlineData("[[]]")]
    [InlineData("[{\"error\":\"\\ud83d\"}]")]
    [InlineData("{\"error\":{\"message\":\"\",\"type\":\"\",\"code\":\"\",\"param\":\"\"}}")]
    [InlineData("{\"detail\":[[],{},{\"loc\":3,\"msg\":4}]}")]
    public void No_form_leaves_it_without_words(string body) => Read(500, body).Message.ShouldNotBeEmpty();

    [Fact]
    public void Words_have_a_bound_and_are_never_cut_through_a_letter()
    {
        UpstreamError error = Read(500, $$"""{"error":{"message":"{{new string('x', 1_998)}}🐪🐪🐪","type":"{{new string('t', 999)}}"} }""");
        error.Message.Length.ShouldBeLessThanOrEqualTo(UpstreamError.MaxMessageLength);
        error.Message.ShouldEndWith("x…");
        error.Type!.Length.ShouldBe(UpstreamError.MaxWordLength);
        Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(error.Message)).ShouldBe(error.Message);
        Read(500, new string('y', 50_000)).Message.Length.ShouldBe(UpstreamError.MaxMessageLength);
        Read(500, $$"""{"error":"{{new string('z', 300_000)}}"}""").Message.Length.ShouldBe(UpstreamError.MaxMessageLength);
    }

    [Theory]
    [InlineData("Incorrect API key provided: sk-abcd************wxyz. You can find", "Incorrect API key provided: [redacted]. You can find")]
    [InlineData("key sk-proj-abcDEF1234567890_x-y is not valid", "key [redacted] is not valid")]
    [InlineData("header was Bearer abcdef0123456789.xyz", "header was Bearer [redacted]")]
    [InlineData("Authorization: bearer eyJhbGciOi.eyJzdWIiOi.c2ln failed", "Authorization: bearer [redacted] failed")]
    [InlineData("https://x/v1?api_key=0123456789abcdef&model=m", "https://x/v1?api_key=[redacted]&model=m")]
    [InlineData("{\"api-key\": \"0123456789abcdef\"}", "{\"api-key\": \"[redacted]\"}")]
    [InlineData("token=abcdef123456", "token=[redacted]")]
    [InlineData("AIzaSyA1234567890abcdefg used", "[redacted] used")]
    [InlineData("AKIAIOSFODNN7EXAMPLE used", "[redacted] used")]
    [InlineData("hf_abcdefghijklmnop used", "[redacted] used")]
    public void What_looks_like_a_secret_is_redacted(string text, string clean)
    {
        SecretRedaction.Redact(text).ShouldBe(clean);
        Read(401, text).Message.ShouldBe(clean);
    }

    [Theory]
    [InlineData("""{"error":{"message":"no such key: correct horse-battery+staple.","type":"x","code":"c"}}""")]
    [InlineData("""{"error":{"message":"m","param":"Correct Horse-Battery+Staple"}}""")]
    [InlineData("""{"error":{"message":"m","code":"correct horse-battery\u002bstaple"}}""")]
    [InlineData("Authorization: Bearer correct horse-battery+staple")]
    [InlineData("""{"detail":[{"loc":["header"],"msg":"correct horse-battery+staple?"}]}""")]
    public void The_secret_that_was_sent_does_not_come_through_whatever_it_looks_like(string body)
    {
        var error = ErrorReader.Read(401, Encoding.UTF8.GetBytes(body), ["another one", "correct horse-battery+staple"]);

        error.ToString().ShouldNotContain("horse", Case.Insensitive);
        error.ToString().ShouldContain(SecretRedaction.Replacement);
    }

    [Fact]
    public void The_secret_that_was_sent_does_not_come_through_at_a_cut()
    {
        for (var before = 1_950; before < 2_010; before++)
        {
            var body = Encoding.UTF8.GetBytes($$"""{"error":"{{new string('x', before)}} horse-battery"}""");
            ErrorReader.Read(401, body, ["horse-battery"]).Message.ShouldNotContain("hor");
        }
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("nothing", "nothing")]
    [InlineData("horse-battery", "[redacted]")]
    [InlineData("a horse-battery, horse-batteryhorse-battery☁", "a [redacted], [redacted][redacted]☁")]
    public void The_secret_that_was_sent_is_taken_out_of_bytes_that_nobody_has_read_yet(string text, string clean) =>
        Encoding.UTF8.GetString(SecretRedaction.Remove(Encoding.UTF8.GetBytes(text), ["EMPTY", "horse-battery"]))
            .ShouldBe(clean);

    [Fact]
    public void A_word_too_short_for_a_secret_stays() =>
        ErrorReader.Read(400, "the list is EMPTY"u8, ["EMPTY"]).Message.ShouldBe("the list is EMPTY");

    [Theory]
    [InlineData("Bearer authentication required")]
    [InlineData("a risk-free task-force at the desk-lamp")]
    [InlineData("max_tokens: 100000000 is too large, tokens: 5")]
    [InlineData("This model's maximum context length is 4096 tokens. However, you requested 5000 tokens.")]
    public void What_does_not_look_like_a_secret_stays(string text) => SecretRedaction.Redact(text).ShouldBe(text);

    [Fact]
    public void A_secret_at_the_cut_does_not_come_through()
    {
        string secret = "sk-" + new string('s', 40);
        for (var before = 1_950; before < 2_010; before++)
        {
            Read(401, new string('x', before) + " " + secret).Message.ShouldNotContain("sss");
        }
    }

    static UpstreamError Read(int status, string body) => ErrorReader.Read(status, Encoding.UTF8.GetBytes(body));
}
