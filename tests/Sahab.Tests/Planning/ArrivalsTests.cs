using Sahab.Planning.Scenarios;
using Sahab.Planning.Traces;
using Sahab.Planning.Traffic;

namespace Sahab.Tests.Planning;

public sealed class ArrivalsTests
{
    [Fact]
    public void The_same_seed_gives_the_same_calls_and_another_gives_others()
    {
        var calls = All(Small.Eventful());

        All(Small.Eventful()).ShouldBe(calls);
        All(Small.Eventful(seed: 2)).ShouldNotBe(calls);
    }

    [Fact]
    public void As_many_come_as_the_rate_says_whatever_day_and_week_do()
    {
        var scenario = Small.Scenario();
        scenario = scenario with
        {
            Length = TimeSpan.FromHours(14),
            Traffic = [scenario.Traffic[0] with { GrowthPerWeek = 0, DailySwing = 1, WeekendDrop = 0.8 }],
        };

        ((double)All(scenario).Count).ShouldBe(14 * 7_200, 14 * 7_200 * 0.01);
    }

    [Fact]
    public void They_come_in_order_and_each_within_the_length()
    {
        var calls = All(Small.Eventful());

        calls.Zip(calls.Skip(1)).ShouldAllBe(pair => pair.First.AtMs <= pair.Second.AtMs);
        calls.ShouldAllBe(call => call.AtMs >= 0 && call.AtMs < Small.Scenario().Length.TotalMilliseconds);
    }

    [Fact]
    public void A_spike_multiplies_what_comes_and_the_day_has_its_peak_where_it_should()
    {
        var plain = Small.Scenario();
        plain = plain with { Traffic = [plain.Traffic[0] with { GrowthPerWeek = 0, Peak = 0.25 }] };
        var spike = plain with { Spikes = [new Spike("t", TimeSpan.FromMinutes(30), TimeSpan.FromMinutes(10), 4)] };

        ((double)Between(spike, 30, 40)).ShouldBe(4 * Between(plain, 30, 40), 0.2 * 4 * Between(plain, 30, 40));
        ((double)Between(plain, 10, 20)).ShouldBe(3 * Between(plain, 40, 50), 3 * Between(plain, 40, 50) * 0.25);
    }

    [Fact]
    public void Bursts_of_the_trace_stay_bursts()
    {
        // Pairs of calls that come together, a second apart from the next pair.
        var trace = TraceSample.From(Enumerable.Range(0, 100)
            .Select(i => new TraceRequest(TimeSpan.FromSeconds(i / 2), 100, 10)));
        var scenario = Small.Scenario();
        scenario = scenario with { Traffic = [scenario.Traffic[0] with { Trace = trace }] };
        var calls = All(scenario);

        var together = calls.Zip(calls.Skip(1)).Count(pair => pair.Second.AtMs - pair.First.AtMs < 1);

        ((double)together / calls.Count).ShouldBe(0.5, 0.02);
    }

    [Fact]
    public void Time_compressed_to_a_half_has_half_the_calls_at_the_same_rate()
    {
        var whole = Small.Scenario();
        var half = whole.Compressed(0.5);

        half.Length.ShouldBe(whole.Length / 2);
        half.Commitments[0].UsdPerPeriod.ShouldBe(whole.Commitments[0].UsdPerPeriod / 2);
        half.Tiers[0].MaxWait.ShouldBe(whole.Tiers[0].MaxWait);
        half.Tiers[2].MaxWait.ShouldBe(whole.Tiers[2].MaxWait / 2);
        ((double)All(half).Count).ShouldBe(All(whole).Count / 2.0, All(whole).Count * 0.02);
    }

    static List<Arrival> All(Scenario scenario)
    {
        var (stream, calls) = (new Arrivals(scenario), new List<Arrival>());
        while (stream.TryNext(out var arrival))
        {
            calls.Add(arrival);
        }

        return calls;
    }

    static int Between(Scenario scenario, int fromMinutes, int toMinutes) => All(scenario)
        .Count(call => call.AtMs >= fromMinutes * 60_000 && call.AtMs < toMinutes * 60_000);
}
