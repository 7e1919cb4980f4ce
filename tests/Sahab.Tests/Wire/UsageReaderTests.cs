using System.Text;
using Sahab.Wire.OpenAI;

namespace Sahab.Tests.Wire;

public sealed class UsageReaderTests
{
    [Fact]
    public void A_chat_reply_states_what_it_used_and_how_it_ended()
    {
        ReplyFacts facts = Read("""
            {"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m",
             "choices":[{"index":0,"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"},
                        {"index":1,"message":{"role":"assistant","content":null},"finish_reason":"content_filter"}],
             "usage":{"prompt_tokens":12,"completion_tokens":5,"total_tokens":17,
                      "prompt_tokens_details":{"cached_tokens":8},"completion_tokens_details":{"reasoning_tokens":2}}}
            """);
        facts.Usage.ShouldBe(new UsageFigures
        {
            Present = true,
            Prompt = 12,
            Cached = 8,
            Output = 5,
            Reasoning = 2,
            Total = 17,
            IsConsistent = true,
        });
        facts.Choices.ShouldBe(2);
        facts.FinishedChoices.ShouldBe(2);
        facts.Finish.ShouldBe(FinishReason.ContentFilter);
        facts.ContentChoices.ShouldBe(1);
        facts.ContentBytes.ShouldBe(5);
        facts.HasError.ShouldBeFalse();
    }

    [Fact]
    public void An_embeddings_reply_states_only_a_prompt()
    {
        ReplyFacts facts = Read("""
            {"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.1,-2e-3]},{"index":1,"embedding":"AAAA"}],
             "model":"e","usage":{"prompt_tokens":8,"total_tokens":8}}
            """);
        facts.Usage.IsConsistent.ShouldBeTrue();
        facts.Usage.Prompt.ShouldBe(8);
        facts.Usage.Output.ShouldBe(0);
        facts.Embeddings.ShouldBe(2);
    }

    [Theory]
    [InlineData("""{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}""", true)]
    [InlineData("""{"prompt_tokens":3,"completion_tokens":2}""", true)]
    [InlineData("""{"prompt_tokens":3,"completion_tokens":2,"total_tokens":null,"prompt_tokens_details":null}""", true)]
    [InlineData("""{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}""", true)]
    [InlineData("""{"prompt_tokens":3,"completion_tokens":2,"total_tokens":6}""", false)]
    [InlineData("""{"prompt_tokens":3}""", false)]
    [InlineData("""{"prompt_tokens":3,"total_tokens":5}""", false)]
    [InlineData("""{"completion_tokens":3,"total_tokens":3}""", false)]
    [InlineData("""{"prompt_tokens":-3,"completion_tokens":2}""", false)]
    [InlineData("""{"prompt_tokens":3,"completion_tokens":-1}""", false)]
    [InlineData("""{"prompt_tokens":3.5,"completion_tokens":2}""", false)]
    [InlineData("""{"prompt_tokens":3e2,"completion_tokens":2}""", false)]
    [InlineData("""{"prompt_tokens":"3","completion_tokens":2}""", false)]
    [InlineData("""{"prompt_tokens":99999999999999999999,"completion_tokens":2}""", false)]
    [InlineData("""{"prompt_tokens":1000000000001,"completion_tokens":2}""", false)]
    [InlineData("""{"prompt_tokens":3,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":4}}""", false)]
    [InlineData("""{"prompt_tokens":3,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":-1}}""", false)]
    [InlineData("""{"prompt_tokens":3,"completion_tokens":2,"prompt_tokens_details":[]}""", false)]
    [InlineData("""{"prompt_tokens":3,"completion_tokens":2,"completion_tokens_details":{"reasoning_tokens":3}}""", false)]
    [InlineData("{}", false)]
    [InlineData(
        """{"prompt_tokens":9,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":2,"cache_write_tokens":7}}""",
        true)]
    [InlineData(
        """{"prompt_tokens":9,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":3,"cache_write_tokens":7}}""",
        false)]
    [InlineData(
        """
        {"prompt_tokens":9,"completion_tokens":2,"prompt_tokens_details":{"cache_write_tokens":7,"cache_write_1h_tokens":8}}
        """,
        false)]
    [InlineData(
        """{"prompt_tokens":9,"completion_tokens":2,"prompt_tokens_details":{"cache_write_1h_tokens":"2"}}""", false)]
    [InlineData("[]", false)]
    [InlineData("\"none\"", false)]
    public void Figures_that_cannot_be_true_are_told_and_never_thrown(string usage, bool consistent)
    {
        UsageFigures figures = Read($$"""{"choices":[],"usage":{{usage}} }""").Usage;
        figures.Present.ShouldBeTrue();
        figures.IsConsistent.ShouldBe(consistent);
        long[] counts = [figures.Prompt, figures.Cached, figures.Output, figures.Reasoning, figures.Total];
        counts.ShouldAllBe(count => count >= 0 && count <= UsageFigures.MaxTokens);
    }

    [Theory]
    [InlineData("""{"choices":[],"usage":null}""")]
    [InlineData("""{"choices":[]}""")]
    public void No_usage_is_no_usage(string body) => Read(body).HasUsage.ShouldBeFalse();

    [Theory]
    [InlineData("""{"error":{"message":"inside a 200","type":"server_error","param":null,"code":null}}""", "inside a 200")]
    [InlineData("""{"error":"out of memory"}""", "out of memory")]
    [InlineData("""[{"error":{"code":500,"message":"Internal","status":"INTERNAL"}}]""", "Internal")]
    public void An_error_inside_a_reply_that_had_begun_well_is_found(string body, string message)
    {
        ReplyFacts facts = Read(body);
        facts.HasError.ShouldBeTrue();
        facts.Error.Message.ShouldBe(message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html></html>")]
    [InlineData("[]")]
    [InlineData("""{"choices":[{"message":{"content":"cut""")]
    [InlineData("""{"choices":[]}{}""")]
    public void A_reply_that_is_not_whole_json_is_refused(string body)
    {
        var facts = default(ReplyFacts);
        UsageReader.Read(Encoding.UTF8.GetBytes(body), ref facts).ShouldBeFalse();
        facts.ShouldBe(default);
    }

    static ReplyFacts Read(string body)
    {
        var facts = default(ReplyFacts);
        UsageReader.Read(Encoding.UTF8.GetBytes(body), ref facts).ShouldBeTrue(body);
        return facts;
    }
}
