using Sahab.Emulator;
using Sahab.Emulator.Configuration;
using Sahab.Ledger.Rating;
using Sahab.Routing.Decisions;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Tests.House;
using Xunit.Abstractions;

namespace Sahab.Server.Tests.Faults;

/// <summary>The real executable under load, killed without warning, again and again, on the same data folder.</summary>
public sealed class KillTests(ITestOutputHelper output) : IAsyncLifetime
{
    readonly string _folder = Directory.CreateTempSubdirectory("sahab-kill-").FullName;

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return Task.CompletedTask;
    }

    [Fact]
    public Task A_killed_server_loses_no_call_that_it_had_answered_and_counts_none_twice() => RunAsync(kills: 6);

    [Fact]
    [Trait("Suite", "All")]
    public Task Fifty_kills_lose_no_call_that_had_been_answered_and_count_none_twice() => RunAsync(kills: 50);

    async Task RunAsync(int kills)
    {
        var clouds = Samples.TwoClouds() with { Latency = Latency.Realistic, Speed = 20 };
        await using var emulator = await EmulatorHost.StartAsync(clouds);
        var config = WriteConfiguration(clouds, emulator);
        var random = new RandomSource(4);
        var answered = new List<CallEnd>();
        for (var kill = 0; kill < kills; kill++)
        {
            var uptime = TimeSpan.FromMilliseconds(100 + random.NextInt32(1500));
            answered.AddRange(await LoadUntilKilledAsync(config, uptime));
        }

        var events = await ReadLedgerAsync(config);
        output.WriteLine($"{kills} kills, {answered.Count} calls answered, {events.Count} attempts in the ledger");
        answered.Count.ShouldBeGreaterThan(kills * 5);
        var byCall = events.Where(usage => usage.Outcome == AttemptOutcome.Succeeded)
            .ToLookup(usage => usage.CallId.ToString(), StringComparer.Ordinal);
        foreach (var call in answered)
        {
            var usage = byCall[call.RequestId!].ShouldHaveSingleItem($"call {call.RequestId}");
            usage.Usage.PromptTokens.ShouldBe(call.PromptTokens, call.ToString());
            usage.Usage.OutputTokens.ShouldBe(call.OutputTokens, call.ToString());
        }
    }

    string WriteConfiguration(EmulatorConfig clouds, EmulatorHost emulator)
    {
        var file = Path.Combine(_folder, "sahab.yaml");
        File.WriteAllText(file, Samples.AtAddresses(Samples.TwoCloudsYaml, emulator, clouds.Clouds.Keys));
        return file;
    }

    /// <summary>One life of the server: the calls whose response had ended when it died.</summary>
    async Task<List<CallEnd>> LoadUntilKilledAsync(string config, TimeSpan uptime)
    {
        await using var server = await ServerProcess.StartAsync(config, Path.Combine(_folder, "data"));
        using var client = new LoadClient(server.Address);
        using var dead = new CancellationTokenSource();
        // A process that has just started needs a while for its first call; it is killed at work.
        var atWork = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var callers = Enumerable.Range(0, 12)
            .Select(caller => KeepCallingAsync(client, caller, atWork, dead.Token)).ToList();
        await atWork.Task.WaitAsync(TimeSpan.FromMinutes(3));
        await Task.Delay(uptime);
        server.Kill();
        await dead.CancelAsync();
        return [.. (await Task.WhenAll(callers)).SelectMany(calls => calls)];
    }

    static async Task<List<CallEnd>> KeepCallingAsync(
        LoadClient client, int caller, TaskCompletionSource atWork, CancellationToken dead)
    {
        var answered = new List<CallEnd>();
        for (var turn = 0; !dead.IsCancellationRequested; turn++)
        {
            var plan = new CallPlan(20 + caller, 3 + (turn % 20), Stream: (caller + turn) % 2 == 0);
            var call = await client.CallAsync(plan);
            if (call is { Status: 200, IsWhole: true })
            {
                answered.Add(call);
                atWork.TrySetResult();
            }
        }

        return answered;
    }

    async Task<List<UsageEvent>> ReadLedgerAsync(string config)
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
        var services = server.Services;
        await ((UsageLoop)services.GetService(typeof(UsageLoop))!).DrainAsync(CancellationToken.None);
        return await Books.ReadEventsAsync((UsageStore)services.GetService(typeof(UsageStore))!);
    }
}
