using Sahab.Ledger.Rating;
using Sahab.Routing.Decisions;
using Sahab.Routing.Snapshot;

namespace Sahab.Tests.Routing;

public sealed class ModelHistoryTests
{
    [Fact]
    public void Before_anything_is_known_the_estimates_are_the_stated_priors()
    {
        var route = Route();
        route.EstimatePromptTokens(1_000).ShouldBe(280);
        route.EstimatePromptTokens(0).ShouldBe(1);
        route.EstimatePromptTokens(long.MaxValue).ShouldBe(1_000_000_000);
        route.EstimateOutputTokens(maxTokens: 0, choices: 1).ShouldBe(512);
        route.EstimateOutputTokens(maxTokens: 100, choices: 3).ShouldBe(300);
        route.EstimateOutputTokens(int.MaxValue, int.MaxValue).ShouldBe(1_000_000_000);
    }

    [Theory]
    [InlineData(0.18)]
    [InlineData(0.5)]
    public void Tokens_for_a_byte_follow_real_usage_within_five_percent(double truth)
    {
        var route = Route();
        var random = new RandomSource(4);
        for (var call = 0; call < 400; call++)
        {
            var bytes = 200 + random.NextInt32(20_000);
            var noise = 0.8 + (0.4 * random.NextDouble());
            route.History.Learn(bytes, new TokenUsage((long)(bytes * truth * noise), 0, 10, 0), 1);
        }

        route.History.TokensPerByte.ShouldBe(truth, truth * 0.05);
    }

    [Fact]
    public void The_high_estimate_covers_about_nine_outputs_of_ten_and_the_mean_is_the_mean()
    {
        var route = Route();
        var random = new RandomSource(11);
        var (covered, mean) = (0, 0.0);
        for (var call = 0; call < 6_000; call++)
        {
            var output = 1 + (long)(-300 * Math.Log(1 - random.NextDouble())); // exponential, mean about 300
            if (call >= 1_000)
            {
                covered += output <= route.History.HighOutputTokens ? 1 : 0;
                mean += route.History.MeanOutputTokens / 5_000;
            }

            route.History.Learn(1_000, new TokenUsage(280, 0, output, 0), 1);
        }

        covered.ShouldBeInRange(4_350, 4_650);
        mean.ShouldBe(300, 15);
        route.ExpectOutputTokens(100, 0, 1).ShouldBeLessThan(route.EstimateOutputTokens(0, 1));
    }

    [Fact]
    public void Several_choices_teach_the_length_of_one()
    {
        var route = Route();
        for (var call = 0; call < 200; call++)
        {
            route.History.Learn(1_000, new TokenUsage(280, 0, 800, 0), choices: 4);
        }

        route.ExpectOutputTokens(100, 0, 1).ShouldBe(200);
        route.ExpectOutputTokens(100, 50, 2).ShouldBe(100);
    }

    private static ModelRoute Route()
    {
        new RoutingSnapshotBuilder().AddModel("m").Build().TryGetModel("m", out var route).ShouldBeTrue();
        return route!;
    }
}
