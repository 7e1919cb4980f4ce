using System.Globalization;
using System.Text.Json.Nodes;
using Sahab.Emulator.Configuration;
using Sahab.Server.Serve.Gateway;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Scenarios;

/// <summary>
/// The real server and emulated clouds over real sockets, on one clock that goes on only as fast as they keep up: it
/// takes a small step, and the next only when each call is at a cloud again, in the server's queue, or back with its
/// client. A machine that stands still makes a run longer and not different.
/// </summary>
internal sealed class LockstepHouse : IAsyncDisposable
{
    /// <summary>Twice the slot of the clouds' own timers.</summary>
    static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);

    /// <summary>Looks at what a step has set off, before it is held to hang.</summary>
    const int MostLooks = 50_000;

    readonly HandTime _time;
    readonly TestHouse _house;
    readonly FrontDoor _door;
    readonly Placement _queues;
    readonly string[] _cloudIds;
    readonly HttpClient _server;
    readonly HttpClient _clouds;
    int _open;

    LockstepHouse(HandTime time, TestHouse house, IEnumerable<string> cloudIds)
    {
        _time = time;
        _house = house;
        _door = house.Get<FrontDoor>();
        _queues = house.Get<Placement>();
        _cloudIds = [.. cloudIds];
        _server = house.Client(TestHouse.AdminKey);
        _clouds = new HttpClient { BaseAddress = house.Clouds.ControlAddress };
    }

    public TestHouse House => _house;

    public static async Task<LockstepHouse> StartAsync(string yaml, EmulatorConfig clouds)
    {
        var time = new HandTime();
        var house = await TestHouse.StartAsync(yaml, clouds, time, cloudTime: time);
        return new LockstepHouse(time, house, clouds.Clouds.Keys);
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
                Interlocked.Increment(ref _open);
                running.Add(Task.Run(() => CallAsync(client, plan)));
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

    bool IsSettled
    {
        get
        {
            var inHouse = _door.InHouse;
            return Volatile.Read(ref _open) == inHouse
                && _cloudIds.Sum(_house.Clouds.RunningCalls) + _queues.Waiting == inHouse;
        }
    }

    async Task<CallEnd> CallAsync(LoadClient client, CallPlan plan)
    {
        try
        {
            return await client.CallAsync(plan);
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    // What the step has set off in the clouds has begun when they answer, and what came of it at the server when that
    // answers: an answer comes after the work that was there before the question.
    async Task StepAsync()
    {
        _time.Pass(Step);
        for (var looks = 0; looks == 0 || !IsSettled; looks++)
        {
            looks.ShouldBeLessThan(MostLooks, "a call is neither at a cloud nor in the queue nor with its client");
            (await _clouds.GetStringAsync("/faults")).ShouldNotBeNull();
            (await _server.GetStringAsync("/healthz")).ShouldNotBeNull();
        }
    }
}
