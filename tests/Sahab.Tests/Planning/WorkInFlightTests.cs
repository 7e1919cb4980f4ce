using Sahab.Planning.Optimum;
using Sahab.Routing.Decisions;

namespace Sahab.Tests.Planning;

public sealed class WorkInFlightTests
{
    [Theory]
    [InlineData(1UL)]
    [InlineData(2UL)]
    [InlineData(3UL)]
    public void The_bound_is_that_of_the_largest_calls_that_can_be_in_flight_and_at_most_a_tenth_more(ulong seed)
    {
        const int Buckets = 20;
        var random = new RandomSource(seed);
        var (places, reach) = (1 + random.NextInt32(30), random.NextInt32(4));
        var bound = new WorkInFlight(Buckets, places, reach);
        var calls = new List<double>[Buckets];
        for (var bucket = 0; bucket < Buckets; bucket++)
        {
            calls[bucket] = [.. Enumerable.Range(0, random.NextInt32(40)).Select(_ => 0.002 + (random.NextDouble() * 30))];
            calls[bucket].ForEach(seconds => bound.Add(bucket, seconds));
        }

        for (var bucket = 0; bucket < Buckets; bucket++)
        {
            var exact = calls[Math.Max(0, bucket - reach)..(bucket + 1)].SelectMany(each => each)
                .OrderDescending().Take(places).Sum();
            bound.MostAtEndOf(bucket).ShouldBeInRange(exact, (exact * 1.1) + 1e-9);
        }
    }

    [Fact]
    public void Calls_without_any_work_and_beyond_all_sizes_are_counted_too()
    {
        var bound = new WorkInFlight(buckets: 1, places: 2, reach: 0);
        bound.Add(0, 0);
        bound.Add(0, 2_000);

        bound.MostAtEndOf(0).ShouldBeGreaterThanOrEqualTo(2_000);
    }
}
