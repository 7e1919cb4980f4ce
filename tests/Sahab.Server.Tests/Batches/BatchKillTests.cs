using Sahab.Emulator;
using Sahab.Emulator.Configuration;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Batches;

/// <summary>The real executable, killed without warning while it runs a batch, again and again.</summary>
public sealed class BatchKillTests : IAsyncLifetime
{
    const int Lines = 120;

    readonly string _folder = Directory.CreateTempSubdirectory("sahab-batch-").FullName;

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return Task.CompletedTask;
    }

    [Fact]
    public async Task A_killed_server_goes_on_with_its_batch_and_tells_each_line_once()
    {
        var clouds = Samples.TwoClouds() with { Latency = Latency.Realistic, Speed = 20 };
        await using var emulator = await EmulatorHost.StartAsync(clouds);
        var config = Path.Combine(_folder, "sahab.yaml");
        await File.WriteAllTextAsync(
            config, Samples.AtAddresses(Samples.TwoCloudsYaml, emulator, clouds.Clouds.Keys));
        string? id = null;
        for (var kill = 0; kill < 3; kill++)
        {
            await using var server = await ServerProcess.StartAsync(config, Path.Combine(_folder, "data"));
            using var http = ClientOf(server);
            var client = new BatchClient(http);
            id ??= await client.StartAsync(BatchClient.Lines(Lines, tokens: 12));
            var before = await DoneAsync(client, id);
            await client.UntilAsync(id, batch => Done(batch) >= Math.Min(Lines, before + 8));
            server.Kill();
        }

        var answered = await FinishAsync(config, id!);
        var events = await ReadLedgerAsync(config);
        var known = events.Select(usage => usage.CallId.ToString()).ToHashSet(StringComparer.Ordinal);
        known.IsSupersetOf(answered).ShouldBeTrue("every result's call is in the ledger");
        events.ShouldAllBe(usage => usage.ServiceTier == "batch");
    }

    /// <summary>The ids of the calls of all results, which must be there once each.</summary>
    async Task<List<string>> FinishAsync(string config, string id)
    {
        await using var server = await ServerProcess.StartAsync(config, Path.Combine(_folder, "data"));
        using var http = ClientOf(server);
        var client = new BatchClient(http);
        var batch = await client.EndAsync(id);
        ((string)batch["status"]!).ShouldBe("completed");
        Done(batch).ShouldBe(Lines);
        batch["error_file_id"].ShouldBeNull();
        var output = await client.ResultsAsync(batch["output_file_id"]);
        output.Select(line => (string)line["custom_id"]!).Order()
            .ShouldBe(Enumerable.Range(1, Lines).Select(number => $"line-{number}").Order());
        (await server.StopAsync()).ShouldBe(0);
        return [.. output.Select(line => (string)line["response"]!["request_id"]!)];
    }

    async Task<List<Sahab.Ledger.Rating.UsageEvent>> ReadLedgerAsync(string config)
    {
        var reading = new ConfigReader(name => name == "CLOUD_KEY" ? TestHouse.CloudKey : name).Read(config);
        await using var server = await SahabServer.StartAsync(
            new SahabServerOptions
            {
                Configuration = new ConfigurationState(reading, TimeProvider.System),
                DataFolder = Path.Combine(_folder, "data"),
                Listen = "127.0.0.1:0",
                LogLevel = Microsoft.Extensions.Logging.LogLevel.Warning,
            },
            CancellationToken.None);
        await ((UsageLoop)server.Services.GetService(typeof(UsageLoop))!).DrainAsync(CancellationToken.None);
        return await Books.ReadEventsAsync((UsageStore)server.Services.GetService(typeof(UsageStore))!);
    }

    static HttpClient ClientOf(ServerProcess server)
    {
        var client = new HttpClient { BaseAddress = server.Address, Timeout = TimeSpan.FromMinutes(2) };
        client.DefaultRequestHeaders.Authorization = new("Bearer", TestHouse.DemoKey);
        return client;
    }

    static async Task<int> DoneAsync(BatchClient client, string id) => Done(await client.FindAsync(id));

    static int Done(System.Text.Json.Nodes.JsonNode batch) => (int)batch["request_counts"]!["completed"]!;
}
