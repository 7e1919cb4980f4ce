using Sahab.Server.Serve.Gateway;

namespace Sahab.Server.Tests.Telemetry;

public sealed class LatencyBucketsTests
{
    [Fact]
    public void Quantiles_are_right_to_a_tenth_whatever_their_size()
    {
        foreach (var scale in new[] { 3.0, 250, 40_000 })
        {
            var buckets = new LatencyBuckets();
            for (var index = 1; index <= 1000; index++)
            {
                buckets.Add(scale * index / 1000);
            }

            var counts = Copy(buckets);
            LatencyBuckets.Quantile(new long[LatencyBuckets.Count], counts, 0.5).ShouldBe(scale * 0.5, scale * 0.06);
            LatencyBuckets.Quantile(new long[LatencyBuckets.Count], counts, 0.95).ShouldBe(scale * 0.95, scale * 0.1);
        }
    }

    [Fact]
    public void Only_what_came_after_the_earlier_copy_counts()
    {
        var buckets = new LatencyBuckets();
        buckets.Add(10_000);
        var earlier = Copy(buckets);
        LatencyBuckets.Quantile(earlier, earlier, 0.5).ShouldBe(double.NaN);

        buckets.Add(20);

        LatencyBuckets.Quantile(earlier, Copy(buckets), 0.5).ShouldBe(20, 4);
    }

    [Fact]
    public void What_lies_beyond_the_buckets_is_counted_in_the_outermost()
    {
        var buckets = new LatencyBuckets();
        buckets.Add(0);
        buckets.Add(double.MaxValue);

        var counts = Copy(buckets);
        counts[0].ShouldBe(1);
        counts[^1].ShouldBe(1);
    }

    static long[] Copy(LatencyBuckets buckets)
    {
        var counts = new long[LatencyBuckets.Count];
        buckets.CopyTo(counts);
        return counts;
    }
}
