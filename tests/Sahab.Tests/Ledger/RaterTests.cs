using System.Numerics;
using FsCheck;
using FsCheck.Fluent;
using Sahab.Ledger.Money;
using Sahab.Ledger.Rating;

namespace Sahab.Tests.Ledger;

public class RaterTests
{
    [Theory]
    [InlineData(1_000_000, 0, 0, 3_000_000_000, 0, 0, 3_000_000_000)]
    [InlineData(1000, 400, 500, 2_500_000_000, 250_000_000, 10_000_000_000, 6_600_000)]
    [InlineData(0, 0, 0, 2_500_000_000, 250_000_000, 10_000_000_000, 0)]
    [InlineData(7, 7, 0, 1_000_000, 0, 0, 0)]
    public void Each_kind_of_token_has_its_own_price(
        long prompt, long cached, long output, long promptPrice, long cachedPrice, long outputPrice, long expected) =>
        Rater.Rate(new TokenUsage(prompt, cached, output, 0), new PriceTerms(promptPrice, cachedPrice, outputPrice))
            .ShouldBe(new NanoUsd(expected));

    [Theory]
    [InlineData(499_999, 0)]
    [InlineData(500_000, 0)]
    [InlineData(500_001, 1)]
    [InlineData(1_499_999, 1)]
    [InlineData(1_500_000, 2)]
    [InlineData(2_500_000, 2)]
    [InlineData(3_500_000, 4)]
    public void A_half_goes_to_the_even_neighbour(long nanoPerMillion, long expected) =>
        Rater.Rate(new TokenUsage(1, 0, 0, 0), new PriceTerms(nanoPerMillion, 0, 0)).Value.ShouldBe(expected);

    [Fact]
    public void Rounding_happens_once_on_the_sum_and_not_on_each_part()
    {
        // Three parts of 0.4 nano-USD: rounded one by one they would vanish.
        var prices = new PriceTerms(400_000, 400_000, 400_000);
        Rater.Rate(new TokenUsage(2, 1, 1, 0), prices).Value.ShouldBe(1);
    }

    [Fact]
    public void Reasoning_is_part_of_the_output_and_costs_nothing_more()
    {
        var prices = new PriceTerms(1, 1, 7_000_000);
        Rater.Rate(new TokenUsage(0, 0, 10, 10), prices).ShouldBe(Rater.Rate(new TokenUsage(0, 0, 10, 0), prices));
    }

    [Theory]
    [InlineData(-1, 0, 0, 0)]
    [InlineData(1, 2, 0, 0)]
    [InlineData(0, 0, -1, 0)]
    [InlineData(0, 0, 1, 2)]
    [InlineData(1, -1, 0, 0)]
    [InlineData(0, 0, 1, -1)]
    public void Inconsistent_usage_is_not_rated(long prompt, long cached, long output, long reasoning) =>
        Should.Throw<ArgumentException>(
            () => Rater.Rate(new TokenUsage(prompt, cached, output, reasoning), new PriceTerms(1, 1, 1)));

    [Theory]
    [InlineData(-1, 0, 0)]
    [InlineData(0, -1, 0)]
    [InlineData(0, 0, -1)]
    public void A_negative_price_is_not_rated(long prompt, long cached, long output) =>
        Should.Throw<ArgumentException>(
            () => Rater.Rate(new TokenUsage(1, 0, 1, 0), new PriceTerms(prompt, cached, output)));

    [Fact]
    public void The_greatest_representable_cost_is_rated_and_one_more_overflows()
    {
        Rater.Rate(new TokenUsage(1_000_000, 0, 0, 0), new PriceTerms(long.MaxValue, 0, 0)).Value
            .ShouldBe(long.MaxValue);
        Should.Throw<OverflowException>(
            () => Rater.Rate(new TokenUsage(1_000_000, 0, 1_000_000, 0), new PriceTerms(long.MaxValue, 0, 1)));
        Should.Throw<OverflowException>(
            () => Rater.Rate(
                new TokenUsage(long.MaxValue, 0, long.MaxValue, 0),
                new PriceTerms(long.MaxValue, long.MaxValue, long.MaxValue)));
    }

    [Fact]
    public void Rating_equals_exact_arithmetic_for_all_usage_and_prices()
    {
        var part = Gen.OneOf(
            Gen.Choose(0, 3).Select(value => (long)value),
            Gen.Choose(0, 2_000_000).Select(value => (long)value),
            Gen.Choose(0, int.MaxValue).Select(value => (long)value * 4_000_000_007L));
        var usages = from cached in part
                     from uncached in part
                     from output in part
                     select new TokenUsage(SaturatingSum(cached, uncached), cached, output, output / 2);
        var halves = Gen.Choose(0, 40).Select(value => value * 250_000L);
        var price = Gen.OneOf(part, halves);
        var prices = from prompt in price
                     from cached in price
                     from output in price
                     select new PriceTerms(prompt, cached, output);

        Prop.ForAll(usages.ToArbitrary(), prices.ToArbitrary(), RatesAsTheOracleDoes)
            .Check(Config.QuickThrowOnFailure.WithMaxTest(5000));
    }

    static bool RatesAsTheOracleDoes(TokenUsage usage, PriceTerms prices)
    {
        var expected = Oracle(usage, prices);
        try
        {
            return Rater.Rate(usage, prices).Value == expected;
        }
        catch (OverflowException)
        {
            return expected > long.MaxValue;
        }
    }

    /// <summary>By another way: whole nano-USD and a remainder, whose distance to a half decides.</summary>
    static BigInteger Oracle(TokenUsage usage, PriceTerms prices)
    {
        var exact = (new BigInteger(usage.PromptTokens) - usage.CachedTokens) * prices.PromptNanoPerMillion
            + new BigInteger(usage.CachedTokens) * prices.CachedNanoPerMillion
            + new BigInteger(usage.OutputTokens) * prices.OutputNanoPerMillion;
        var whole = BigInteger.DivRem(exact, 1_000_000, out var remainder);
        return remainder.CompareTo(500_000) switch
        {
            < 0 => whole,
            > 0 => whole + 1,
            _ => whole.IsEven ? whole : whole + 1,
        };
    }

    static long SaturatingSum(long left, long right) => left > long.MaxValue - right ? long.MaxValue : left + right;
}
