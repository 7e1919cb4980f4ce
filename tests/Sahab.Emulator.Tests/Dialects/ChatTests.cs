using System.Net;
using System.Text.Json;
using static Sahab.Emulator.Tests.Clouds;

namespace Sahab.Emulator.Tests.Dialects;

public class ChatTests
{
    [Theory]
    [InlineData("openai")]
    [InlineData("vllm")]
    public async Task A_stream_and_a_whole_answer_say_the_same(string cloud)
    {
        await using var clouds = await StartAsync();
        var whole = await clouds.AskAsync(cloud, Chat(stream: false));
        var stream = await clouds.StreamAsync(cloud, Chat());
        stream.Done.ShouldBeTrue();
        stream.Tokens.ShouldBe(12);
        stream.Text.ShouldBe(whole.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
        stream.LastUsage.ShouldBe((3, 12));
        whole.GetProperty("usage").GetProperty("completion_tokens").GetInt32().ShouldBe(12);
        stream.Choices.First().GetProperty("delta").GetProperty("role").GetString().ShouldBe("assistant");
        stream.Choices.Last().GetProperty("finish_reason").GetString().ShouldBe("length");
        stream.Events[^1].GetProperty("choices").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task Usage_comes_only_where_it_was_asked_for()
    {
        await using var clouds = await StartAsync();
        var plain = await clouds.StreamAsync(
            "vllm", """{"model":"chat","stream":true,"max_tokens":4,"messages":[{"role":"user","content":"x"}]}""");
        plain.Events.ShouldAllBe(e => !HasUsage(e));
        (await clouds.StreamAsync("openai", Chat())).Events.Count(HasUsage).ShouldBe(1);
        (await clouds.StreamAsync("vllm", Chat())).Events.ShouldAllBe(e => HasUsage(e));
    }

    [Fact]
    public async Task A_model_that_thinks_counts_it_and_only_vllm_shows_it()
    {
        await using var clouds = await StartAsync();
        var chat = Chat(40).Replace("\"chat\"", "\"thinker\"", StringComparison.Ordinal);
        var shown = await clouds.StreamAsync("vllm", chat);
        var hidden = await clouds.StreamAsync("openai", chat);
        var usage = hidden.Events[^1].GetProperty("usage");
        var reasoning = usage.GetProperty("completion_tokens_details").GetProperty("reasoning_tokens").GetInt32();
        reasoning.ShouldBe(12);
        usage.GetProperty("completion_tokens").GetInt32().ShouldBe(40);
        hidden.Tokens.ShouldBe(28);
        shown.Tokens.ShouldBe(40);
        shown.Choices.Count(c => c.GetProperty("delta").TryGetProperty("reasoning_content", out _)).ShouldBe(12);
        var none = await clouds.AskAsync("openai", """
            {"model":"thinker","reasoning_effort":"none","messages":[{"role":"user","content":"x"}]}
            """);
        none.GetProperty("usage").GetProperty("completion_tokens_details").GetProperty("reasoning_tokens")
            .GetInt32().ShouldBe(0);
    }

    [Fact]
    public async Task Choices_logprobs_stop_and_tier_are_honoured()
    {
        await using var clouds = await StartAsync();
        var answer = await clouds.AskAsync("openai", Chat(
            9, stream: false, "\"n\":3,\"logprobs\":true,\"top_logprobs\":2,\"service_tier\":\"flex\","));
        answer.GetProperty("choices").GetArrayLength().ShouldBe(3);
        answer.GetProperty("service_tier").GetString().ShouldBe("flex");
        answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32().ShouldBe(27);
        var choice = answer.GetProperty("choices")[1];
        var logprobs = choice.GetProperty("logprobs").GetProperty("content").EnumerateArray().ToList();
        logprobs.Count.ShouldBe(9);
        logprobs.ShouldAllBe(l => l.GetProperty("top_logprobs").GetArrayLength() == 2);
        var text = choice.GetProperty("message").GetProperty("content").GetString()!;
        string.Concat(logprobs.Select(l => l.GetProperty("token").GetString())).ShouldBe(text);

        var whole = await clouds.AskAsync("openai", Chat(30, stream: false));
        text = whole.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;
        var stop = text.Substring(text.Length / 2, 4);
        var stopped = await clouds.AskAsync("openai", Chat(30, stream: false, $"\"stop\":[\"{stop}\"],"));
        stopped.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()
            .ShouldBe(text[..text.IndexOf(stop, StringComparison.Ordinal)]);
        stopped.GetProperty("choices")[0].GetProperty("finish_reason").GetString().ShouldBe("stop");
    }

    [Fact]
    public async Task The_second_prompt_with_the_same_beginning_is_read_from_the_cache()
    {
        await using var clouds = await StartAsync();
        var content = new string('p', 4 * 1300);
        (await Cached("openai")).ShouldBe(0);
        (await Cached("openai")).ShouldBe(1280);
        (await Cached("vllm")).ShouldBe(0);
        (await Cached("vllm")).ShouldBe(1296);
        (await Cached("vllm", "south/v1/chat/completions")).ShouldBe(0);

        async Task<int> Cached(string cloud, string path = "v1/chat/completions") =>
            (await clouds.AskAsync(cloud, Chat(2, stream: false, content: content), path))
            .GetProperty("usage").GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32();
    }

    [Fact]
    public async Task Json_answers_follow_their_schema()
    {
        await using var clouds = await StartAsync();
        var answer = await clouds.AskAsync("azure", """
            {"model":"chat","messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema",
            "json_schema":{"name":"n","schema":{"type":"object","required":["city"],
            "properties":{"city":{"type":"string"}}}}}}
            """);
        var content = answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;
        JsonDocument.Parse(content).RootElement.GetProperty("city").ValueKind.ShouldBe(JsonValueKind.String);
        var loose = await clouds.AskAsync("azure", """
            {"model":"chat","messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_object"}}
            """);
        JsonDocument.Parse(loose.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!)
            .RootElement.ValueKind.ShouldBe(JsonValueKind.Object);
    }

    [Fact]
    public async Task Images_cost_a_fixed_number_of_tokens()
    {
        await using var clouds = await StartAsync();
        var answer = await clouds.AskAsync("openai", """
            {"model":"chat","max_tokens":1,"messages":[{"role":"user","content":[{"type":"text","text":"1234"},
            {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]}]}
            """);
        answer.GetProperty("usage").GetProperty("prompt_tokens").GetInt32().ShouldBe(257);
    }

    [Theory]
    [InlineData("openai", "v1/chat/completions", "{", 400, null)]
    [InlineData("openai", "v1/chat/completions", """{"model":"chat","messages":[]}""", 400, null)]
    [InlineData("openai", "v1/chat/completions", """{"model":"none","messages":[]}""", 404, "model_not_found")]
    [InlineData("openai", "v1/chat/completions",
        """{"model":"chat","temperature":3,"messages":[{"role":"user","content":"x"}]}""", 400, "invalid_value")]
    [InlineData("openai", "v1/chat/completions",
        """{"model":"chat","max_tokens":9000,"messages":[{"role":"user","content":"x"}]}""", 400,
        "context_length_exceeded")]
    [InlineData("openai", "v1/embeddings", """{"model":"chat","input":"x"}""", 400, "unsupported_model")]
    [InlineData("openai", "elsewhere/v1/embeddings", "{}", 404, "unknown_url")]
    public async Task Mistakes_are_told_as_openai_tells_them(
        string cloud, string path, string body, int status, string? code)
    {
        await using var clouds = await StartAsync();
        var error = (await clouds.AskAsync(cloud, body, path, status)).GetProperty("error");
        error.EnumerateObject().Select(p => p.Name).ShouldBe(["message", "type", "param", "code"]);
        error.GetProperty("code").GetString().ShouldBe(code);
    }

    [Fact]
    public async Task A_wrong_key_is_refused_in_each_vendors_words()
    {
        await using var clouds = await StartAsync();
        foreach (var cloud in (string[])["openai", "azure", "google", "vllm"])
        {
            using var request = clouds.Request(cloud, "v1/chat/completions", Chat(), "wrong");
            using var answer = await clouds.Http.SendAsync(request);
            answer.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
            var error = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("error");
            (error.ValueKind == JsonValueKind.String ? error.GetString() : error.GetProperty("code").ToString())
                .ShouldBe(cloud switch
                {
                    "azure" or "google" => "401",
                    "vllm" => "Unauthorized",
                    _ => "invalid_api_key",
                });
        }
        clouds.Host.ReadBill().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_body_beyond_the_limit_is_refused()
    {
        await using var clouds = await StartAsync();
        using var request = clouds.Request(
            "openai", "v1/chat/completions", new string(' ', (int)EmulatorHost.MaxBodyBytes + 1));
        // The connection is closed on whoever sends it all the same.
        request.Headers.ExpectContinue = true;
        using var answer = await clouds.Http.SendAsync(request);
        answer.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
    }

    static bool HasUsage(JsonElement e) =>
        e.TryGetProperty("usage", out var usage) && usage.ValueKind == JsonValueKind.Object;
}
