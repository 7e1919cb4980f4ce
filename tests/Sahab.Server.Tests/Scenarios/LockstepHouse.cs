using System.Globalization;
using System.Text.Json.Nodes;
using Sahab.Emulator.Configuration;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Scenarios;

/// <summary>
/// The real server and emulated clouds over real sockets, on one clock that goes on only as fast as they keep up: it
/// takes a small step, then both must answer before it takes the next. A machine that stands still makes a run longer
/// and changes nothing in it.
/// </summary>
internal sealed class LockstepHouse : IAsyncDisposable
{
    /// <summary>Twice the slot of the clouds' own timers.</summary>
    static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);

    readonly HandTime _time;
    readonly TestHouse _house;
    readonly HttpClient _server;
    readonly HttpClient _clouds;

    LockstepHouse(HandTime time, TestHouse house)
    {
        _time = time;
        _house = house;
        _server = house.Client(TestHouse.AdminKey);
        _clouds = new HttpClient { BaseAddress = house.Clouds.ControlAddress };
    }

    public TestHouse House => _house;

    public static async Task<LockstepHouse> StartAsync(string yaml, EmulatorConfig clouds)
    {
        var time = new HandTime();
        return new LockstepHouse(time, await TestHouse.StartAsync(yaml, clouds, time, cloudTime: time));
    }

    /// <summary>Makes each call when it is due, and returns when all have ended.</summary>
    /// <param name="calls">In the order of their times, with the client that makes them.</param>
    /// <param name="patience">How long, by this clock, calls may take after the last has begun.</param>
    public async Task<CallEnd[]> PlayAsync(
        IReadOnlyList<(TimeSpan At, LoadClient Client, CallPlan Plan)> calls, TimeSpan patience)
    {
        var running = new List<Task<CallEnd>>(calls.Count);
        var began = _time.GetTimestamp();
        while (running.Count < calls.Count)
        {
            while (running.Count < calls.Count && calls[running.Count].At <= _time.GetElapsedTime(began))
            {
                var (_, client, plan) = calls[running.Count];
                running.Add(Task.Run(() => client.CallAsync(plan)));
            }

            await StepAsync();
        }

        var ended = Task.WhenAll(running);
        for (var end = _time.GetElapsedTime(began) + patience; !ended.IsCompleted;)
        {
            _time.GetElapsedTime(began).ShouldBeLessThan(end, "calls go on for longer than any may take");
            await StepAsync();
        }

        return await ended;
    }

    /// <summary>What the ledger has posted for each deployment, in US dollars.</summary>
    public async Task<Dictionary<string, decimal>> CostsAsync()
    {
        var draining = _house.DrainLedgerAsync();
        while (!draining.IsCompleted)
        {
            await StepAsync();
        }

        await draining;
        var usage = JsonNode.Parse(await _server.GetStringAsync("/api/usage?by=deployment"))!;
        return usage["data"]!.AsArray().ToDictionary(
            row => row!["deployment"]!.ToString(),
            row => decimal.Parse(row!["cost_usd"]!.ToString(), CultureInfo.InvariantCulture),
            StringComparer.Ordinal);
    }

    /// <summary>How the only commitment stands: what counts toward it in US dollars, and λ.</summary>
    public async Task<(decimal DrawnUsd, double Lambda)> CommitmentAsync()
    {
        var steering = JsonNode.Parse(await _server.GetStringAsync("/api/steering"))!;
        var commitment = steering["commitments"]!.AsArray().ShouldHaveSingleItem()!;
        return ((decimal)commitment["drawn_usd"]!, (double)commitment["lambda"]!);
    }

    public async ValueTask DisposeAsync()
    {
        _server.Dispose();
        _clouds.Dispose();
        var disposing = _house.DisposeAsync().AsTask();
        while (!disposing.IsCompleted)
        {
            // Nobody answers any more; what waits for time to pass has to be let go all the same.
            _time.Pass(Step);
            await Task.WhenAny(disposing, Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System));
        }

        await disposing;
    }

    // What the step has set off in the clouds is on its way when they answer; what came of it at the server is when
    // that answers.
    async Task StepAsync()
    {
        _time.Pass(Step);
        (await _clouds.GetStringAsync("/faults")).ShouldNotBeNull();
        (await _server.GetStringAsync("/healthz")).ShouldNotBeNull();
    }
}
