using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Tests.Engine;

public class TextTests
{
    [Theory]
    [InlineData(0, 0, 1)]
    [InlineData(1, 0, 1)]
    [InlineData(4, 0, 1)]
    [InlineData(5, 0, 2)]
    [InlineData(4000, 0, 1000)]
    [InlineData(4, 2, 513)]
    public void Four_bytes_are_one_prompt_token(long bytes, int images, int tokens) =>
        Tokenizer.CountPrompt(bytes, images).ShouldBe(tokens);

    [Fact]
    public void Sliced_tokens_lose_nothing_and_are_valid_text() =>
        Check.QuickThrowOnFailure(Prop.ForAll<NonNull<string>>(text =>
        {
            var clean = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text.Get));
            var tokens = SlicedTokens.Of(Encoding.UTF8.GetBytes(clean), atLeast: 0);
            var pieces = Enumerable.Range(0, tokens.Count).Select(i => Encoding.UTF8.GetString(tokens.At(i)));
            string.Concat(pieces).ShouldBe(clean);
            tokens.Count.ShouldBeLessThanOrEqualTo(Tokenizer.CountPrompt(Encoding.UTF8.GetByteCount(clean), 0));
        }));

    [Fact]
    public void Prose_is_decided_by_its_seed() =>
        Check.QuickThrowOnFailure(Prop.ForAll<ulong, byte>((seed, length) =>
        {
            new WordTokens(seed, length).ReadAll().ShouldBe(new WordTokens(seed, length).ReadAll());
            new WordTokens(seed, length).ReadAll().ShouldStartWith(new WordTokens(seed, length / 2).ReadAll());
        }));

    [Fact]
    public void Text_ends_right_before_the_first_stop_string() =>
        Check.QuickThrowOnFailure(Prop.ForAll<ulong, byte, byte>((seed, start, size) =>
        {
            var whole = new WordTokens(seed, 60).ReadAll();
            var stop = whole.Substring(
                start % whole.Length, Math.Min(1 + size % 9, whole.Length - start % whole.Length));
            var tokens = new WordTokens(seed, 60);
            tokens.StopAt([Encoding.UTF8.GetBytes(stop)]).ShouldBeTrue();
            tokens.ReadAll().ShouldBe(whole[..whole.IndexOf(stop, StringComparison.Ordinal)]);
        }));

    [Fact]
    public void A_text_without_the_stop_string_stays_whole()
    {
        var tokens = new WordTokens(3, 40);
        tokens.StopAt(["zzz"u8.ToArray()]).ShouldBeFalse();
        tokens.Count.ShouldBe(40);
    }

    [Fact]
    public void Lognormal_draws_have_the_mean_that_was_asked_for()
    {
        var random = new SeededRandom(11);
        var mean = Enumerable.Range(0, 20_000).Average(_ => random.NextLognormal(100, 0.5));
        mean.ShouldBe(100, tolerance: 2);
    }

    [Fact]
    public void First_token_and_steps_take_longer_with_the_prompt_and_the_load()
    {
        var pace = new Pace(
            new() { FirstTokenMs = 100, PromptTokensPerSecond = 1000, TokensPerSecond = 50, Sigma = 0 }, 1);
        var random = new SeededRandom(1);
        pace.FirstTokenMs(0, 0, ref random).ShouldBe(100);
        pace.FirstTokenMs(500, 0, ref random).ShouldBe(600);
        pace.FirstTokenMs(500, 1, ref random).ShouldBe(1200);
        pace.StepMs(0, ref random).ShouldBe(20);
        pace.StepMs(0.5, ref random).ShouldBe(30);
    }
}
