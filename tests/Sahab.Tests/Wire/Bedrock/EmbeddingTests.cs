using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using Sahab.Wire.Bedrock;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Tests.Wire.Bedrock;

public sealed class EmbeddingTests
{
    const string Titan = "amazon.titan-embed-text-v2:0";
    const string Cohere = "cohere.embed-multilingual-v3";

    [Fact]
    public void Titan_gets_one_text_at_a_time() => Write(
        """{"model":"m","input":["a","b"],"dimensions":256,"encoding_format":"base64","user":"u"}""", Titan)
        .ShouldBe(["""{"inputText":"a","dimensions":256}""", """{"inputText":"b","dimensions":256}"""]);

    [Fact]
    public void Cohere_gets_ninety_six_at_a_time_and_hears_what_for()
    {
        string texts = string.Join(',', Enumerable.Range(0, 100).Select(i => $"\"t{i}\""));
        string[] bodies = Write($$"""{"model":"m","input":[{{texts}}]}""", Cohere);
        bodies.Select(body => JsonNode.Parse(body)!["texts"]!.AsArray().Count).ShouldBe([96, 4]);
        bodies.ShouldAllBe(body => (string?)JsonNode.Parse(body)!["input_type"]! == "search_document");
        Write("""{"model":"m","input":"a","input_type":"search_query"}""", Cohere)
            .ShouldBe(["""{"texts":["a"],"input_type":"search_query"}"""]);
        Write("""{"model":"m","input":"a","dimensions":512}""", "cohere.embed-v4:0")
            .ShouldBe(["""{"texts":["a"],"input_type":"search_document","output_dimension":512}"""]);
    }

    [Theory]
    [InlineData(Titan, "\"input\":[1,2]", "input")]
    [InlineData(Titan, "\"input\":\"a\",\"input_type\":\"search_query\"", "input_type")]
    [InlineData(Titan, "\"input\":\"a\",\"something\":1", "something")]
    [InlineData(Cohere, "\"input\":\"a\",\"dimensions\":5", "dimensions")]
    [InlineData("meta.llama", "\"input\":\"a\"", "model")]
    [InlineData(Titan, "\"input\":[]", "input")]
    [InlineData(Titan, "\"user\":\"a\"", "input")]
    public void What_cannot_be_expressed_is_refused_by_its_name(string model, string members, string param)
    {
        EmbeddingRequests.TryWrite(
            Encoding.UTF8.GetBytes($$"""{"model":"m",{{members}} }"""), new BedrockModel(model, "x"), out _,
            out RequestFault fault).ShouldBeFalse();
        fault.Param.ShouldBe(param);
    }

    [Fact]
    public void Answers_are_joined_in_order_and_their_tokens_summed()
    {
        JsonNode answer = Translate(
            ("""{"embedding":[0.5,1],"inputTextTokenCount":3}""", -1),
            ("""{"embeddings":[[1,2],[3,4]]}""", 4),
            ("""{"embeddings":{"float":[[5,6]]}}""", 5)).ShouldNotBeNull();
        answer["data"]!.AsArray().Select(item => ((int)item!["index"]!, item["embedding"]!.ToJsonString()))
            .ShouldBe([(0, "[0.5,1]"), (1, "[1,2]"), (2, "[3,4]"), (3, "[5,6]")]);
        ((long)answer["usage"]!["prompt_tokens"]!, (long)answer["usage"]!["total_tokens"]!).ShouldBe((12, 12));
        ((string?)answer["model"]).ShouldBe("m");
    }

    [Fact]
    public void Tokens_that_nobody_told_are_not_made_up() =>
        Translate(("""{"embeddings":[[1]]}""", 4), ("""{"embeddings":[[1]]}""", -1))!["usage"].ShouldBeNull();

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"embeddings\":{}}")]
    [InlineData("{\"embeddings\":[]}")]
    [InlineData("{\"embedding\":7}")]
    [InlineData("{\"message\":\"The server had an error.\"}")]
    public void What_is_no_answer_is_not_taken_for_one(string body) => Translate((body, 1)).ShouldBeNull();

    static string[] Write(string json, string model)
    {
        EmbeddingRequests.TryWrite(
            Encoding.UTF8.GetBytes(json), new BedrockModel(model, "x"), out IReadOnlyList<ReadOnlyMemory<byte>> bodies,
            out RequestFault fault).ShouldBeTrue(fault.Message);
        return [.. bodies.Select(body => Encoding.UTF8.GetString(body.Span))];
    }

    static JsonNode? Translate(params (string Body, long Tokens)[] answers)
    {
        var joined = new ArrayBufferWriter<byte>();
        EmbeddingAnswers.Join(
            answers.Select(answer => ((ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(answer.Body), answer.Tokens)), joined);
        var output = new ArrayBufferWriter<byte>();
        return EmbeddingAnswers.Instance.TryWriteAnswer(joined.WrittenSpan, new AnswerTerms("x", 1, "m", 1), output)
            ? JsonNode.Parse(output.WrittenSpan)
            : null;
    }
}
