using System.Text.Json;
using static Sahab.Emulator.Tests.Clouds;

namespace Sahab.Emulator.Tests.Dialects;

public class ToolTests
{
    const string Tools = """
        "tools":[{"type":"function","function":{"name":"get_weather","parameters":{"type":"object","required":["city"],
        "properties":{"city":{"type":"string"}}}}},{"type":"function","function":{"name":"get_time"}}]
        """;

    [Theory]
    [InlineData("tell me a story", "\"auto\"", "")]
    [InlineData("use GET_WEATHER", "\"auto\"", "get_weather")]
    [InlineData("use get_time and get_weather", "\"auto\"", "get_weather,get_time")]
    [InlineData("use get_time", "\"none\"", "")]
    [InlineData("tell me a story", "\"required\"", "get_weather")]
    [InlineData("tell me", """{"type":"function","function":{"name":"get_time"}}""", "get_time")]
    public async Task Tools_are_called_by_a_plain_rule(string content, string choice, string called)
    {
        await using var clouds = await StartAsync();
        var answer = await clouds.AskAsync("openai", $$"""
            {"model":"chat",{{Tools}},"tool_choice":{{choice}},"messages":[{"role":"user","content":"{{content}}"}]}
            """);
        var picked = answer.GetProperty("choices")[0];
        var calls = picked.GetProperty("message").TryGetProperty("tool_calls", out var list)
            ? list.EnumerateArray().Select(c => c.GetProperty("function")).ToList()
            : [];
        string.Join(',', calls.Select(c => c.GetProperty("name").GetString())).ShouldBe(called);
        picked.GetProperty("finish_reason").GetString().ShouldBe(called.Length > 0 ? "tool_calls" : "stop");
        foreach (var call in calls)
        {
            JsonDocument.Parse(call.GetProperty("arguments").GetString()!).RootElement.ValueKind
                .ShouldBe(JsonValueKind.Object);
        }
    }

    [Fact]
    public async Task After_a_tools_answer_the_model_speaks()
    {
        await using var clouds = await StartAsync();
        var answer = await clouds.AskAsync("openai", $$"""
            {"model":"chat",{{Tools}},"messages":[{"role":"user","content":"use get_time"},
            {"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function",
            "function":{"name":"get_time","arguments":"{}"} }]},
            {"role":"tool","tool_call_id":"c","content":"get_time says noon"}]}
            """);
        answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString().ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Streamed_calls_begin_with_id_type_and_name_and_count_a_token_per_delta()
    {
        await using var clouds = await StartAsync();
        var stream = await clouds.StreamAsync("vllm", $$"""
            {"model":"chat","stream":true,"stream_options":{"include_usage":true},{{Tools}},
            "messages":[{"role":"user","content":"use get_weather and get_time"}]}
            """);
        var deltas = stream.Choices.Select(c => c.GetProperty("delta"))
            .Where(d => d.TryGetProperty("tool_calls", out _)).Select(d => d.GetProperty("tool_calls")[0]).ToList();
        stream.LastUsage!.Value.Output.ShouldBe(deltas.Count);
        foreach (var call in deltas.GroupBy(d => d.GetProperty("index").GetInt32()))
        {
            call.First().GetProperty("type").GetString().ShouldBe("function");
            call.First().GetProperty("id").GetString().ShouldNotBeEmpty();
            call.First().GetProperty("function").GetProperty("name").GetString().ShouldStartWith("get_");
            var arguments = string.Concat(
                call.Select(d => d.GetProperty("function").GetProperty("arguments").GetString()));
            JsonDocument.Parse(arguments).RootElement.ValueKind.ShouldBe(JsonValueKind.Object);
        }
    }
}
