using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Serve.Gateway;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Faults;

/// <summary>Clocks that jump, configurations that change and servers that stop, while calls are in the house.</summary>
public sealed class UpheavalTests
{
    [Fact]
    public async Task A_clock_that_jumps_by_hours_loses_nothing_and_stalls_nobody()
    {
        var time = new JumpingTime();
        await using var house = await TestHouse.StartAsync(time: time);
        using var client = new LoadClient(house.Address);
        var calls = new List<CallEnd>();
        foreach (var hours in new[] { 0, 5, -3, 30, 0 })
        {
            var running = Enumerable.Range(0, 40)
                .Select(call => client.CallAsync(new CallPlan(20, 5, Stream: call % 2 == 0))).ToList();
            time.SetClock(TimeSpan.FromHours(hours));
            calls.AddRange(await Task.WhenAll(running));
            await house.DrainLedgerAsync();
        }

        calls.ShouldAllBe(call => call.Status == 200 && call.IsWhole);
        var books = await Books.CloseAsync(house);
        books.ShouldAgree();
        books.Events.Select(usage => usage.CallId.ToString()).ShouldBe(
            calls.Select(call => call.RequestId!), ignoreOrder: true);
        // Ids go on rising, whatever the wall clock says, and no time that was measured is negative.
        books.Events.ShouldAllBe(usage => usage.Duration >= TimeSpan.Zero && usage.Duration < TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task A_limiter_goes_on_after_time_has_leapt_forward()
    {
        var time = new HandTime();
        await using var house = await TestHouse.StartAsync(
            Samples.TwoCloudsYaml.Replace(
                "demo: { secret: { env: DEMO_KEY } }",
                "demo: { secret: { env: DEMO_KEY }, limits: { requests_per_minute: 5 } }", StringComparison.Ordinal),
            time: time);
        using var client = new LoadClient(house.Address);
        foreach (var leap in new[] { TimeSpan.FromHours(7), TimeSpan.FromDays(40), TimeSpan.FromMinutes(1.1) })
        {
            for (var call = 0; call < 5; call++)
            {
                (await client.CallAsync(new CallPlan(20, 5, Stream: false))).Status.ShouldBe(200);
            }

            (await client.CallAsync(new CallPlan(20, 5, Stream: false))).Status.ShouldBe(429);
            time.SetClock(TimeSpan.FromHours(-9));
            (await client.CallAsync(new CallPlan(20, 5, Stream: false))).Status.ShouldBe(429);
            time.Pass(leap);
        }

        var books = await Books.CloseAsync(house);
        books.ShouldAgree();
        books.Events.Count.ShouldBe(15);
    }

    [Fact]
    public async Task Reloads_under_load_drop_no_call()
    {
        await using var house = await TestHouse.StartAsync(clouds: Slow());
        using var client = new LoadClient(house.Address);
        using var ended = new CancellationTokenSource();
        var callers = Enumerable.Range(0, 16).Select(caller => KeepCallingAsync(client, caller, ended.Token)).ToList();
        for (var reload = 0; reload < 12; reload++)
        {
            await Task.Delay(120);
            house.Configuration.TryApply(Changed(house, reload)).ShouldBeTrue();
        }

        await ended.CancelAsync();
        var calls = (await Task.WhenAll(callers)).SelectMany(list => list).ToList();
        calls.Count.ShouldBeGreaterThan(30);
        calls.ShouldAllBe(call => call.Status == 200 && call.IsWhole && !call.IsBroken);
        var books = await Books.CloseAsync(house);
        books.ShouldAgree();
        books.Events.Count.ShouldBe(calls.Count);
    }

    [Fact]
    public async Task A_server_that_is_told_to_stop_first_finishes_the_calls_in_the_house()
    {
        await using var house = await TestHouse.StartAsync(clouds: Slow());
        using var client = new LoadClient(house.Address);
        var store = house.Get<UsageStore>();
        var door = house.Get<FrontDoor>();
        var running = Enumerable.Range(0, 20)
            .Select(call => client.CallAsync(new CallPlan(50, 60, Stream: call % 2 == 0))).ToList();
        while (door.InHouse < running.Count)
        {
            running.ShouldAllBe(call => !call.IsCompleted);
            await Task.Delay(5);
        }

        await house.StopServerAsync();

        var calls = await Task.WhenAll(running);
        calls.ShouldAllBe(call => call.Status == 200 && call.IsWhole);
        var events = await Books.ReadEventsAsync(store);
        events.Select(usage => usage.CallId.ToString()).ShouldBe(
            calls.Select(call => call.RequestId!), ignoreOrder: true);
        var billed = house.Clouds.ReadBill().Aggregate(
            default(Tokens), (sum, entry) => sum + Tokens.Of(entry.Billed));
        events.Aggregate(default(Tokens), (sum, usage) => sum + Tokens.Of(usage)).ShouldBe(billed);
    }

    static Emulator.Configuration.EmulatorConfig Slow() => Samples.TwoClouds() with
    {
        Latency = Emulator.Configuration.Latency.Realistic,
        Speed = 2,
    };

    /// <summary>Other limits, weights, policies, timeouts and connection pools; the same deployments.</summary>
    static ConfigReading Changed(TestHouse house, int round)
    {
        var config = house.Configuration.Current;
        return new ConfigReading
        {
            Source = $"reload {round}",
            Config = config with
            {
                Routing = config.Routing with { Policy = (PolicyName)(round % 6) },
                Providers =
                [
                    .. config.Providers.Select(provider => provider with { MaxConnections = 512 + (round % 3) }),
                ],
                Deployments =
                [
                    .. config.Deployments.Select(deployment => deployment with
                    {
                        Weight = 1 + (round % 5),
                        Limits = deployment.Limits with { Concurrency = 50 + round },
                    }),
                ],
            },
            Problems = [],
            Files = [],
            Hash = "",
        };
    }

    static async Task<List<CallEnd>> KeepCallingAsync(LoadClient client, int caller, CancellationToken ended)
    {
        var calls = new List<CallEnd>();
        for (var turn = 0; !ended.IsCancellationRequested; turn++)
        {
            calls.Add(await client.CallAsync(
                new CallPlan(20, 5 + ((caller + turn) % 15), Stream: (caller + turn) % 2 == 0)));
        }

        return calls;
    }
}
