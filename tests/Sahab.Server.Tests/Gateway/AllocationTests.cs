using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using Sahab.Emulator.Configuration;
using Sahab.Server.Tests.House;
using Xunit.Abstractions;

namespace Sahab.Server.Tests.Gateway;

/// <summary>
/// What a call allocates in the server, everything on, held to the figures of bench/allocations.json. The server runs
/// in a process of its own, so that neither clients nor clouds are counted. (The routing decision's zero is held by the
/// tests of Sahab.Routing.)
/// </summary>
public sealed class AllocationTests(ITestOutputHelper output) : IAsyncLifetime
{
    const int WarmUp = 400;
    const int Calls = 400;
    const int MostRounds = 16;
    const int ChunksPerStream = 200;

    /// <summary>How far above its figure a scenario may come: background work differs from run to run.</summary>
    const double Tolerance = 1.1;

    const string ChatPath = "/v1/chat/completions";

    static readonly string Prompt = new('a', 800);

    readonly Dictionary<string, double> _allowed = ReadRatchet();
    ProcessHouse _house = null!;
    HttpClient _client = null!;

    public async Task InitializeAsync()
    {
        // Which tier the code has reached must not decide what is measured.
        _house = await ProcessHouse.StartAsync(
            environment: new Dictionary<string, string> { ["DOTNET_TieredPGO"] = "0" }, config: Clouds());
        _client = _house.Client();
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _house.DisposeAsync();
    }

    [Fact]
    public async Task A_call_allocates_no_more_than_the_ratchet_allows()
    {
        Check("small_request", await PerCallAsync(
            ChatPath, Body(promptBytes: 800, stream: false, tokens: 20), Allowed("small_request")));
        Check("prompt_8k", await PerCallAsync(
            ChatPath, Body(promptBytes: 8000, stream: false, tokens: 20), Allowed("prompt_8k")));
        Check("streamed_chunk", await PerChunkAsync(
            ChatPath, tokens => Body(promptBytes: 800, stream: true, tokens)));
    }

    [Fact]
    public async Task A_chunk_at_another_door_allocates_no_more_than_the_ratchet_allows()
    {
        Check("messages_chunk", await PerChunkAsync("/v1/messages", tokens => JsonSerializer.SerializeToUtf8Bytes(new
        {
            model = "small",
            messages = new[] { new { role = "user", content = Prompt } },
            max_tokens = tokens,
            stream = true,
        })));
        Check("responses_chunk", await PerChunkAsync("/v1/responses", tokens => JsonSerializer.SerializeToUtf8Bytes(new
        {
            model = "small",
            input = Prompt,
            max_output_tokens = tokens,
            stream = true,
            store = false,
        })));
        Check("gemini_chunk", await PerChunkAsync(
            "/v1beta/models/small:streamGenerateContent?alt=sse", tokens => JsonSerializer.SerializeToUtf8Bytes(new
            {
                contents = new[] { new { parts = new[] { new { text = Prompt } } } },
                generationConfig = new { maxOutputTokens = tokens },
            })));
    }

    /// <summary>Clouds whose answers are cut by the limit of tokens, and never end before.</summary>
    static EmulatorConfig Clouds()
    {
        var clouds = Samples.TwoClouds();
        var endless = clouds.Models["small"] with { Profile = new ProfileConfig { MeanOutputTokens = 1_000_000 } };
        return clouds with { Models = new(clouds.Models) { ["small"] = endless } };
    }

    void Check(string scenario, double bytes)
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{scenario} {bytes:0}"));
        bytes.ShouldBeLessThan(Allowed(scenario), scenario);
    }

    double Allowed(string scenario) => _allowed[scenario] * Tolerance;

    async Task<double> PerChunkAsync(string path, Func<int, byte[]> body)
    {
        var shortStream = await PerCallAsync(path, body(1), enough: 0, rounds: 4);
        var longStream = await PerCallAsync(path, body(1 + ChunksPerStream), enough: 0, rounds: 4);
        return Math.Max(0, longStream - shortStream) / ChunksPerStream;
    }

    static byte[] Body(int promptBytes, bool stream, int tokens) => JsonSerializer.SerializeToUtf8Bytes(new
    {
        model = "small",
        messages = new[] { new { role = "user", content = new string('a', promptBytes) } },
        max_tokens = tokens,
        ignore_eos = true,
        stream,
    });

    /// <summary>
    /// The least of some rounds, until one is low enough: what the server does beside the calls only adds to what they
    /// allocate themselves, and adds the more to each the longer a busy machine takes over them.
    /// </summary>
    async Task<double> PerCallAsync(string path, byte[] body, double enough, int rounds = MostRounds)
    {
        await CallAsync(path, body, WarmUp);
        var least = double.MaxValue;
        for (var round = 0; round < rounds && least >= enough; round++)
        {
            least = Math.Min(least, await RoundAsync(path, body));
        }

        return least;
    }

    async Task<double> RoundAsync(string path, byte[] body)
    {
        // A scrape allocates too: what two of them in a row tell apart is what one costs.
        var idle = await AllocatedAsync();
        var before = await AllocatedAsync();
        await CallAsync(path, body, Calls);
        var after = await AllocatedAsync();
        return (after - before - (before - idle)) / Calls;
    }

    async Task CallAsync(string path, byte[] body, int calls)
    {
        for (var call = 0; call < calls; call++)
        {
            using var content = new ByteArrayContent(body);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var response = await _client.PostAsync(path, content);
            response.EnsureSuccessStatusCode();
            await response.Content.ReadAsByteArrayAsync();
        }
    }

    async Task<double> AllocatedAsync()
    {
        const string Name = "dotnet_gc_heap_total_allocated_bytes_total ";
        var metrics = await _client.GetStringAsync("/metrics");
        var line = metrics.Split('\n').First(line => line.StartsWith(Name, StringComparison.Ordinal));
        return double.Parse(line[Name.Length..], CultureInfo.InvariantCulture);
    }

    static Dictionary<string, double> ReadRatchet()
    {
        using var file = JsonDocument.Parse(File.ReadAllText(Repository.PathOf("bench/allocations.json")));
        return file.RootElement.EnumerateObject()
            .Where(member => member.Value.ValueKind == JsonValueKind.Number)
            .ToDictionary(member => member.Name, member => member.Value.GetDouble());
    }
}
