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
    [InlineData(0, 0, 1_000_000)]
    [InlineData(300_000, 0, 1_075_000)]
    [InlineData(300_000, 100_000, 1_150_000)]
    [InlineData(600_000, 600_000, 1_600_000)]
    public void What_is_written_to_a_cache_has_its_own_prices_by_how_long_it_is_kept(
        long written, long writtenForAnHour, long expected) =>
        Rater.Rate(
            new TokenUsage(1_000_000, 0, 0, 0) { CacheWriteTokens = written, CacheWrite1hTokens = writtenForAnHour },
            new PriceTerms(1_000_000, 100_000, 1_250_000, 2_000_000, 5_000_000)).Value.ShouldBe(expected);

    [Fact]
    public void Without_prices_of_its_own_what_is_written_to_a_cache_costs_what_a_prompt_costs()
    {
        var usage = new TokenUsage(1_000_000, 100_000, 0, 0);
        var written = usage with { CacheWriteTokens = 900_000, CacheWrite1hTokens = 300_000 };
        var prices = PriceTerms.FromUsdPerMillion(3m, 0.3m, 15m);
        prices.ChargesCacheWritesAsPrompt.ShouldBeTrue();
        Rater.Rate(written, prices).ShouldBe(Rater.Rate(usage, prices));
        PriceTerms.FromUsdPerMillion(3m, 0.3m, 15m, cacheWrite: 3.75m).CacheWrite1hNanoPerMillion
            .ShouldBe(3_750_000_000);
    }

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
    [InlineData(10, 5, 6, 0)]
    [InlineData(10, 0, 11, 0)]
    [InlineData(10, 0, -1, 0)]
    [InlineData(10, 0, 5, 6)]
    [InlineData(10, 0, 5, -1)]
    [InlineData(long.MaxValue, long.MaxValue, 1, 0)]
    public void Usage_whose_parts_exceed_its_prompt_is_not_rated(
        long prompt, long cached, long written, long writtenForAnHour) =>
        Should.Throw<ArgumentException>(() => Rater.Rate(
            new TokenUsage(prompt, cached, 0, 0) { CacheWriteTokens = written, CacheWrite1hTokens = writtenForAnHour },
            new PriceTerms(1, 1, 1)));

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(0, -1)]
    public void A_negative_price_of_cache_writes_is_not_rated(long written, long writtenForAnHour) =>
        Should.Throw<ArgumentException>(
            () => Rater.Rate(default, new PriceTerms(1, 1, written, writtenForAnHour, 1)));

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
                     from written in Gen.Choose(0, 4)
                     from kept in Gen.Choose(0, 4)
                     select Usage(cached, uncached, output, written, kept);
        var halves = Gen.Choose(0, 40).Select(value => value * 250_000L);
        var price = Gen.OneOf(part, halves);
        var prices = from prompt in price
                     from cached in price
                     from written in price
                     from kept in price
                     from output in price
                     select new PriceTerms(prompt, cached, written, kept, output);

        Prop.ForAll(usages.ToArbitrary(), prices.ToArbitrary(), RatesAsTheOracleDoes)
            .Check(Config.QuickThrowOnFailure.WithMaxTest(5000));
    }

    /// <summary>
    /// Usage of which so many quarters of the uncached prompt were written, and of those so many kept.
    /// </summary>
    static TokenUsage Usage(long cached, long uncached, long output, int written, int kept)
    {
        var prompt = SaturatingSum(cached, uncached);
        var quarters = (prompt - cached) / 4 * written;
        return new TokenUsage(prompt, cached, output, output / 2)
        {
            CacheWriteTokens = quarters,
            CacheWrite1hTokens = quarters / 4 * kept,
        };
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
        var plain = new BigInteger(usage.PromptTokens) - usage.CachedTokens - usage.CacheWriteTokens;
        var minutes = new BigInteger(usage.CacheWriteTokens) - usage.CacheWrite1hTokens;
        var exact = plain * prices.PromptNanoPerMillion
            + new BigInteger(usage.CachedTokens) * prices.CachedNanoPerMillion
            + minutes * prices.CacheWriteNanoPerMillion
            + new BigInteger(usage.CacheWrite1hTokens) * prices.CacheWrite1hNanoPerMillion
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
