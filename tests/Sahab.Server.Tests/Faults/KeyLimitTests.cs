using System.Diagnostics;
using Sahab.Ledger.Rating;
using Sahab.Routing.Decisions;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Tests.House;
using Xunit.Abstractions;

namespace Sahab.Server.Tests.Faults;

/// <summary>A key of 100 requests and 50,000 tokens per minute, driven at ten times that by 200 connections.</summary>
public sealed class KeyLimitTests(ITestOutputHelper output)
{
    const int Connections = 200;
    const int RequestLimit = 100;
    const long TokenLimit = 50_000;

    static readonly string Yaml = Samples.TwoCloudsYaml.Replace(
        "demo: { secret: { env: DEMO_KEY } }",
        "demo: { secret: { env: DEMO_KEY }, limits: { requests_per_minute: 100, tokens_per_minute: 50000 } }",
        StringComparison.Ordinal);

    [Fact]
    public async Task Small_calls_are_admitted_to_the_last_request_of_the_limit_and_no_further()
    {
        var events = await DriveAsync(minutes: 3, (ref RandomSource random) => new CallPlan(
            10 + random.NextInt32(30), 5 + random.NextInt32(10), Stream: random.NextInt32(4) == 0));

        var most = MostInAnyMinute(events, usage => 1);
        output.WriteLine($"{events.Count} calls admitted in 3 minutes, at most {most} in 60 s");
        most.ShouldBe(RequestLimit);
        events.Count.ShouldBeInRange((int)(0.99 * 3 * RequestLimit), 3 * RequestLimit);
    }

    [Fact]
    public async Task Large_calls_are_admitted_to_one_per_cent_of_the_token_limit_by_what_they_really_used()
    {
        // One in four is small, so that the last tokens of the limit find a taker, as in real traffic.
        var events = await DriveAsync(minutes: 3, (ref RandomSource random) => random.NextInt32(4) == 0
            ? new CallPlan(20 + random.NextInt32(40), 8, Stream: false)
            : new CallPlan(700 + random.NextInt32(300), 60 + random.NextInt32(40), Stream: random.NextInt32(4) == 0));

        var most = MostInAnyMinute(events, usage => usage.Usage.TotalTokens);
        var total = events.Sum(usage => usage.Usage.TotalTokens);
        output.WriteLine($"{total} tokens of {events.Count} calls admitted in 3 minutes, at most {most} in 60 s");
        // The documented bound: what calls turned out to use beyond their estimates comes on top, and only that.
        most.ShouldBeInRange((long)(0.99 * TokenLimit), (long)(1.01 * TokenLimit));
        total.ShouldBeInRange((long)(0.99 * 3 * TokenLimit), (long)(1.01 * 3 * TokenLimit));
        MostInAnyMinute(events, usage => 1).ShouldBeLessThanOrEqualTo(RequestLimit);
    }

    [Fact]
    [Trait("Suite", "All")]
    public async Task In_real_time_two_hundred_connections_get_the_limit_and_no_more()
    {
        await using var house = await TestHouse.StartAsync(Yaml);
        using var client = new LoadClient(house.Address, connections: Connections);
        var began = Stopwatch.GetTimestamp();
        var length = TimeSpan.FromSeconds(150);
        await Task.WhenAll(Enumerable.Range(0, Connections).Select(async caller =>
        {
            var random = new RandomSource((ulong)caller);
            while (Stopwatch.GetElapsedTime(began) < length)
            {
                var call = await client.CallAsync(new CallPlan(10 + random.NextInt32(30), 8, Stream: false));
                call.Status.ShouldBeOneOf(200, 429);
                await Task.Delay(TimeSpan.FromSeconds(12));
            }
        }));
        var events = await ReadAsync(house);
        var most = MostInAnyMinute(events, usage => 1);
        output.WriteLine($"{events.Count} calls admitted in 150 s, at most {most} in 60 s");
        // An attempt begins a moment after its admission, so that one may seem to fall into the next window.
        most.ShouldBeInRange((long)(0.99 * RequestLimit), RequestLimit + 1);
    }

    delegate CallPlan Planner(ref RandomSource random);

    /// <summary>Time stands still while calls run, so that when each was admitted is known exactly.</summary>
    static async Task<List<UsageEvent>> DriveAsync(int minutes, Planner plan)
    {
        var time = new HandTime();
        await using var house = await TestHouse.StartAsync(Yaml, time: time);
        using var client = new LoadClient(house.Address, connections: Connections);
        var random = new RandomSource(5);
        // Experience with the model's tokens per byte, as a running server has it.
        await LearnAsync(house, client, time);
        var from = time.GetUtcNow();
        var step = TimeSpan.FromMilliseconds(500);
        var perStep = 10 * RequestLimit / 120;
        for (var moment = 0; moment < minutes * 120; moment++)
        {
            // Now and then all connections call at once.
            var calls = moment % 60 == 30 ? Connections : perStep;
            var plans = Enumerable.Range(0, calls).Select(_ => plan(ref random)).ToList();
            var ends = await Task.WhenAll(plans.Select(client.CallAsync));
            ends.ShouldAllBe(end => end.Status == 200 || (end.Status == 429 && end.RetryAfter != null));
            time.Pass(step);
        }

        time.Pass(TimeSpan.FromSeconds(1));
        return [.. (await ReadAsync(house)).Where(usage => usage.StartedAt >= from)];
    }

    static async Task LearnAsync(TestHouse house, LoadClient client, HandTime time)
    {
        for (var call = 0; call < 40; call++)
        {
            (await client.CallAsync(new CallPlan(800, 8, Stream: false))).Status.ShouldBe(200);
        }

        house.Clouds.ClearBills();
        time.Pass(TimeSpan.FromMinutes(2));
    }

    static async Task<List<UsageEvent>> ReadAsync(TestHouse house)
    {
        await house.DrainLedgerAsync();
        var events = await Books.ReadEventsAsync(house.Get<UsageStore>());
        events.Sort((left, right) => left.StartedAt.CompareTo(right.StartedAt));
        return events;
    }

    /// <summary>The greatest sum in any 60 seconds, the last moment of which is not included.</summary>
    static long MostInAnyMinute(List<UsageEvent> events, Func<UsageEvent, long> amount)
    {
        long most = 0, sum = 0;
        var first = 0;
        foreach (var usage in events)
        {
            sum += amount(usage);
            while (events[first].StartedAt <= usage.StartedAt - TimeSpan.FromMinutes(1))
            {
                sum -= amount(events[first++]);
            }

            most = Math.Max(most, sum);
        }

        return most;
    }
}
