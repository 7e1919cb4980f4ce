using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Sahab.Emulator.Configuration;

namespace Sahab.Emulator.Tests;

/// <summary>A running emulator with one cloud per style, and a plain HTTP client to it.</summary>
internal sealed class Clouds : IAsyncDisposable
{
    public const string Model = "chat";
    public const string Embedder = "vectors";

    Clouds(EmulatorHost host) => Host = host;

    public EmulatorHost Host { get; }

    /// <summary>A client whose connections are not shared between tests.</summary>
    public HttpClient Http { get; } = new(new SocketsHttpHandler { MaxConnectionsPerServer = 512 })
    {
        Timeout = TimeSpan.FromSeconds(30),
    };

    public static EmulatorConfig Config(CapacityConfig? capacity = null, ProfileConfig? profile = null) => new()
    {
        Seed = 7,
        Latency = profile is null ? Latency.None : Latency.Realistic,
        Models = new()
        {
            [Model] = new()
            {
                Capacity = capacity ?? new(),
                Profile = profile ?? new() { MeanOutputTokens = 20 },
                ContextTokens = 8192,
            },
            ["thinker"] = new() { Reasoning = true, Profile = profile ?? new() },
            [Embedder] = new() { Kind = ModelKind.Embedding, Dimensions = 64, ContextTokens = 100 },
        },
        Clouds = new()
        {
            ["openai"] = Cloud(CloudStyle.OpenAI),
            ["azure"] = Cloud(CloudStyle.Azure),
            ["google"] = Cloud(CloudStyle.Google),
            ["vllm"] = Cloud(CloudStyle.Vllm) with { RunningUsage = true, BillsBrokenStreams = true },
        },
    };

    public static async Task<Clouds> StartAsync(CapacityConfig? capacity = null, ProfileConfig? profile = null) =>
        new(await EmulatorHost.StartAsync(Config(capacity, profile)));

    public HttpRequestMessage Request(string cloud, string path, string json, string key = "secret") => new(
        HttpMethod.Post, new Uri(Host.CloudAddress(cloud), path))
    {
        Content = new StringContent(json, Encoding.UTF8, "application/json"),
        Headers = { Authorization = new AuthenticationHeaderValue("Bearer", key) },
    };

    public Task<HttpResponseMessage> PostAsync(string cloud, string json, string path = "v1/chat/completions") =>
        Http.SendAsync(Request(cloud, path, json));

    /// <summary>Posts, expects the status, and reads the JSON answer.</summary>
    public async Task<JsonElement> AskAsync(
        string cloud, string json, string path = "v1/chat/completions", int status = 200)
    {
        using var answer = await PostAsync(cloud, json, path);
        var body = await answer.Content.ReadAsStringAsync();
        ((int)answer.StatusCode).ShouldBe(status, body);
        return JsonDocument.Parse(body).RootElement;
    }

    /// <summary>Streams a chat to its end, whatever kind of end.</summary>
    public async Task<StreamedAnswer> StreamAsync(
        string cloud, string json, string path = "v1/chat/completions", string key = "secret")
    {
        using var request = Request(cloud, path, json, key);
        using var answer = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return await StreamedAnswer.ReadAsync(answer);
    }

    /// <summary>A streamed chat request of exactly so many tokens.</summary>
    public static string Chat(int tokens = 12, bool stream = true, string more = "", string content = "hello there") =>
        $$"""
        {"model":"chat","stream":{{(stream ? "true" : "false")}},"max_tokens":{{tokens}},"ignore_eos":true,
        {{(stream ? "\"stream_options\":{\"include_usage\":true,\"continuous_usage_stats\":true}," : "")}}{{more}}
        "messages":[{"role":"user","content":"{{content}}"}]}
        """;

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Host.DisposeAsync();
    }

    static CloudConfig Cloud(CloudStyle style) => new()
    {
        Style = style,
        Keys = new() { ["demo"] = "secret", ["other"] = "other-secret" },
        Regions = new() { ["north"] = new() { Country = "NO" }, ["south"] = new() { Country = "ES" } },
        Models = new() { [Model] = new(), ["thinker"] = new(), [Embedder] = new() },
    };
}

/// <summary>What a client got of a stream.</summary>
internal sealed record StreamedAnswer(List<JsonElement> Events, bool Done, bool Broken)
{
    public static async Task<StreamedAnswer> ReadAsync(HttpResponseMessage answer)
    {
        var events = new List<JsonElement>();
        try
        {
            using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
            while (await reader.ReadLineAsync() is { } line)
            {
                if (line == "data: [DONE]")
                {
                    return new StreamedAnswer(events, true, (await reader.ReadToEndAsync()).Trim().Length > 0);
                }
                if (line.StartsWith("data: ", StringComparison.Ordinal))
                {
                    events.Add(JsonDocument.Parse(line[6..]).RootElement);
                }
            }
            return new StreamedAnswer(events, false, false);
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            return new StreamedAnswer(events, false, true);
        }
    }

    public IEnumerable<JsonElement> Choices => Events
        .Where(e => e.TryGetProperty("choices", out var choices) && choices.GetArrayLength() > 0)
        .Select(e => e.GetProperty("choices")[0]);

    /// <summary>Deltas that carry a token: everything but the role and the finish.</summary>
    public int Tokens => Choices.Count(c => c.GetProperty("finish_reason").ValueKind == JsonValueKind.Null
        && !c.GetProperty("delta").TryGetProperty("role", out _));

    public string Text => string.Concat(Choices.Select(c =>
        c.GetProperty("delta").TryGetProperty("content", out var content) ? content.GetString() : ""));

    public (long Prompt, long Output)? LastUsage => Events
        .Where(e => e.TryGetProperty("usage", out var usage) && usage.ValueKind == JsonValueKind.Object)
        .Select(e => e.GetProperty("usage"))
        .Select(u => ((long, long)?)(
            u.GetProperty("prompt_tokens").GetInt64(), u.GetProperty("completion_tokens").GetInt64()))
        .LastOrDefault();
}
