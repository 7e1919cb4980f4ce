using Sahab.Routing.Decisions;

namespace Sahab.Tests.Routing;

public sealed class RandomSourceTests
{
    [Fact]
    public void The_sequence_of_a_seed_is_that_of_SplitMix64()
    {
        var random = new RandomSource(1234567);
        random.NextUInt64().ShouldBe(6457827717110365317UL);
        random.NextUInt64().ShouldBe(3203168211198807973UL);
    }

    [Fact]
    public void Numbers_stay_in_range_and_spread_evenly()
    {
        var random = new RandomSource(0);
        var counts = new int[7];
        for (var draw = 0; draw < 70_000; draw++)
        {
            counts[random.NextInt32(7)]++;
            random.NextDouble().ShouldBeInRange(0, 0.9999999999999999);
        }

        counts.ShouldAllBe(count => count > 9_600 && count < 10_400);
        random.NextInt32(1).ShouldBe(0);
        Should.Throw<ArgumentOutOfRangeException>(() => new RandomSource(1).NextInt32(0));
    }
}
