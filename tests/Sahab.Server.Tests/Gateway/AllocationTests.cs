using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using Sahab.Emulator;
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
    const int Rounds = 4;
    const int ChunksPerStream = 200;

    /// <summary>How far above its figure a scenario may come: background work differs from run to run.</summary>
    const double Tolerance = 1.1;

    readonly string _folder = Directory.CreateTempSubdirectory("sahab-allocations-").FullName;
    EmulatorHost _clouds = null!;
    Process _server = null!;
    HttpClient _client = null!;

    public async Task InitializeAsync()
    {
        var config = Samples.TwoClouds();
        _clouds = await EmulatorHost.StartAsync(config);
        var yaml = Samples.TwoCloudsYaml;
        foreach (var cloud in config.Clouds.Keys)
        {
            yaml = yaml.Replace(
                $"{{{cloud}}}", _clouds.CloudAddress(cloud).ToString().TrimEnd('/'), StringComparison.Ordinal);
        }

        var file = Path.Combine(_folder, "sahab.yaml");
        await File.WriteAllTextAsync(file, yaml);
        var port = FreePort();
        _server = Start(file, port);
        _client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromSeconds(30) };
        _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", TestHouse.DemoKey);
        await WhenReadyAsync();
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        _server.Kill();
        await _server.WaitForExitAsync();
        _server.Dispose();
        await _clouds.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_call_allocates_no_more_than_the_ratchet_allows()
    {
        var small = await PerCallAsync(Body(promptBytes: 800, stream: false, tokens: 20));
        var large = await PerCallAsync(Body(promptBytes: 8000, stream: false, tokens: 20));
        var shortStream = await PerCallAsync(Body(promptBytes: 800, stream: true, tokens: 1));
        var longStream = await PerCallAsync(Body(promptBytes: 800, stream: true, tokens: 1 + ChunksPerStream));
        var chunk = Math.Max(0, longStream - shortStream) / ChunksPerStream;

        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"small_request {small:0}, prompt_8k {large:0}, stream {shortStream:0}, streamed_chunk {chunk:0}"));
        var allowed = ReadRatchet();
        small.ShouldBeLessThan(allowed["small_request"] * Tolerance);
        large.ShouldBeLessThan(allowed["prompt_8k"] * Tolerance);
        chunk.ShouldBeLessThan(allowed["streamed_chunk"] * Tolerance);
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
    /// The least of a few rounds: what the machine does beside the calls only adds to what they allocate themselves.
    /// </summary>
    async Task<double> PerCallAsync(byte[] body)
    {
        await CallAsync(body, WarmUp);
        var least = double.MaxValue;
        for (var round = 0; round < Rounds; round++)
        {
            least = Math.Min(least, await RoundAsync(body));
        }

        return least;
    }

    async Task<double> RoundAsync(byte[] body)
    {
        // A scrape allocates too: what two of them in a row tell apart is what one costs.
        var idle = await AllocatedAsync();
        var before = await AllocatedAsync();
        await CallAsync(body, Calls);
        var after = await AllocatedAsync();
        return (after - before - (before - idle)) / Calls;
    }

    async Task CallAsync(byte[] body, int calls)
    {
        for (var call = 0; call < calls; call++)
        {
            using var content = new ByteArrayContent(body);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var response = await _client.PostAsync("/v1/chat/completions", content);
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

    Process Start(string config, int port) => Process.Start(new ProcessStartInfo("dotnet")
    {
        ArgumentList =
        {
            Path.Combine(AppContext.BaseDirectory, "sahab.dll"), "serve", "--config", config,
            "--listen", $"127.0.0.1:{port}", "--data", Path.Combine(_folder, "data"), "--quiet",
        },
        Environment =
        {
            ["DEMO_KEY"] = TestHouse.DemoKey, ["ADMIN_KEY"] = TestHouse.AdminKey, ["CLOUD_KEY"] = TestHouse.CloudKey,
            // Which tier the code has reached must not decide what is measured.
            ["DOTNET_TieredPGO"] = "0",
        },
    })!;

    async Task WhenReadyAsync()
    {
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(60))
        {
            _server.HasExited.ShouldBeFalse("the server ended by itself");
            try
            {
                using var response = await _client.GetAsync("/readyz");
                if (response.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                await Task.Delay(50);
            }
        }

        throw new TimeoutException("The server did not get ready within 60 s.");
    }

    static int FreePort()
    {
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }
}
