using FsCheck;
using FsCheck.Fluent;
using Sahab.Planning.Simulation;

namespace Sahab.Server.Tests.Replay;

public class LatencyHistogramTests
{
    [Fact]
    public void Every_percentile_is_within_a_fifth_of_a_percent_of_that_of_the_sorted_times()
    {
        var times = Gen.Choose(0, 2_000_000_000).NonEmptyListOf().ToArbitrary();
        var shares = Gen.Elements(0.0, 0.01, 0.5, 0.9, 0.99, 1.0).ToArbitrary();
        Check.QuickThrowOnFailure(Prop.ForAll(times, shares, (microseconds, share) =>
        {
            var histogram = new LatencyHistogram();
            foreach (var time in microseconds)
            {
                histogram.Add(TimeSpan.FromMicroseconds(time));
            }

            var rank = Math.Max(1, (int)Math.Ceiling(share * microseconds.Count));
            var exact = microseconds.Order().ElementAt(rank - 1);
            var found = histogram.Percentile(share).TotalMicroseconds;
            return found >= exact && found <= exact * (1 + (1 / 512.0));
        }));
    }

    [Fact]
    public void The_largest_is_exact_however_large()
    {
        var histogram = new LatencyHistogram();
        histogram.Add(TimeSpan.FromDays(40));
        histogram.Add(TimeSpan.FromMicroseconds(3));

        histogram.Max.ShouldBe(TimeSpan.FromDays(40));
        histogram.Percentile(0.5).ShouldBe(TimeSpan.FromMicroseconds(3));
        histogram.Count.ShouldBe(2);
    }

    [Fact]
    public void Without_times_every_percentile_is_zero()
    {
        new LatencyHistogram().Percentile(0.99).ShouldBe(TimeSpan.Zero);
    }
}
