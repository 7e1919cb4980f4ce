using System.Buffers.Binary;
using System.Net.Http.Headers;
using System.Text.Json;
using static Sahab.Emulator.Tests.Clouds;

namespace Sahab.Emulator.Tests.Dialects;

public class OtherOperationTests
{
    [Fact]
    public async Task Base64_and_float_embeddings_are_the_same_numbers()
    {
        await using var clouds = await StartAsync();
        const string Input = "\"input\":[\"one\",\"two\",\"one\"],\"model\":\"vectors\"";
        var floats = await clouds.AskAsync("openai", $$"""{{{Input}}}""", "v1/embeddings");
        var coded = await clouds.AskAsync("openai", $$"""{{{Input}},"encoding_format":"base64"}""", "v1/embeddings");
        var vectors = floats.GetProperty("data").EnumerateArray()
            .Select(d => d.GetProperty("embedding").EnumerateArray().Select(v => v.GetSingle()).ToArray()).ToList();
        for (var i = 0; i < 3; i++)
        {
            var bytes = coded.GetProperty("data")[i].GetProperty("embedding").GetBytesFromBase64();
            bytes.Chunk(4).Select(b => BinaryPrimitives.ReadSingleLittleEndian(b)).ShouldBe(vectors[i]);
            vectors[i].Length.ShouldBe(64);
            vectors[i].Sum(v => v * v).ShouldBe(1, tolerance: 1e-4);
        }
        vectors[0].ShouldBe(vectors[2]);
        vectors[0].ShouldNotBe(vectors[1]);
        floats.GetProperty("usage").GetProperty("prompt_tokens").GetInt32().ShouldBe(3);
        var bill = clouds.Host.ReadBill("openai").ShouldHaveSingleItem();
        (bill.Requests, bill.Billed.Prompt, bill.Billed.Output).ShouldBe((2, 6, 0));
    }

    [Fact]
    public async Task Embeddings_may_be_shorter_and_of_token_ids()
    {
        await using var clouds = await StartAsync();
        var answer = await clouds.AskAsync(
            "vllm", """{"model":"vectors","dimensions":8,"input":[[1,2,3],[4]]}""", "v1/embeddings");
        answer.GetProperty("data")[0].GetProperty("embedding").GetArrayLength().ShouldBe(8);
        answer.GetProperty("usage").GetProperty("total_tokens").GetInt32().ShouldBe(4);
    }

    [Fact]
    public async Task Plain_completions_echo_and_take_several_prompts()
    {
        await using var clouds = await StartAsync();
        var answer = await clouds.AskAsync("openai", """
            {"model":"chat","prompt":["abcd","efgh"],"n":2,"echo":true,"max_tokens":5,"ignore_eos":true,"logprobs":1}
            """, "v1/completions");
        var choices = answer.GetProperty("choices").EnumerateArray().ToList();
        choices.Select(c => c.GetProperty("index").GetInt32()).ShouldBe([0, 1, 2, 3]);
        choices[0].GetProperty("text").GetString().ShouldStartWith("abcd");
        choices[3].GetProperty("text").GetString().ShouldStartWith("efgh");
        choices[0].GetProperty("logprobs").GetProperty("tokens").GetArrayLength().ShouldBe(5);
        answer.GetProperty("usage").GetProperty("prompt_tokens").GetInt32().ShouldBe(2);
        answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32().ShouldBe(20);
    }

    [Fact]
    public async Task A_streamed_plain_completion_says_what_the_whole_one_says()
    {
        await using var clouds = await StartAsync();
        const string Body = "\"model\":\"chat\",\"prompt\":\"abcd\",\"echo\":true,\"max_tokens\":6,\"ignore_eos\":true";
        var whole = await clouds.AskAsync("openai", $$"""{{{Body}}}""", "v1/completions");
        var stream = await clouds.StreamAsync("openai", $$"""{{{Body}},"stream":true}""", "v1/completions");
        string.Concat(stream.Choices.Select(c => c.GetProperty("text").GetString()))
            .ShouldBe(whole.GetProperty("choices")[0].GetProperty("text").GetString());
        stream.Done.ShouldBeTrue();
    }

    [Fact]
    public async Task Models_are_listed_by_region()
    {
        await using var clouds = await StartAsync();
        clouds.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "secret");
        var list = await GetAsync("south/v1/models");
        list.GetProperty("data").EnumerateArray().Select(m => m.GetProperty("id").GetString())
            .ShouldBe(["chat", "thinker", "vectors"]);
        (await GetAsync("v1/models/chat")).GetProperty("id").GetString().ShouldBe("chat");
        (await GetAsync("v1/models/none")).GetProperty("error").GetProperty("code").GetString()
            .ShouldBe("model_not_found");

        async Task<JsonElement> GetAsync(string path)
        {
            using var answer = await clouds.Http.GetAsync(new Uri(clouds.Host.CloudAddress("openai"), path));
            return JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
        }
    }
}
