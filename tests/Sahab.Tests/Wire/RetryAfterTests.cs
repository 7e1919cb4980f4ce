using FsCheck;
using FsCheck.Fluent;
using Sahab.Wire.OpenAI;

namespace Sahab.Tests.Wire;

public sealed class RetryAfterTests
{
    static readonly DateTimeOffset Now = new(2026, 11, 22, 4, 13, 53, TimeSpan.Zero);

    [Theory]
    [InlineData(null, null, null)]
    [InlineData(null, "", null)]
    [InlineData(null, "soon", null)]
    [InlineData(null, "-5", null)]
    [InlineData(null, "NaN", null)]
    [InlineData(null, "0", 0L)]
    [InlineData(null, "7", 7_000L)]
    [InlineData(null, " 7 ", 7_000L)]
    [InlineData(null, "1.5", 1_500L)]
    [InlineData(null, "0.0001", 1L)]
    [InlineData(null, "86400", 86_400_000L)]
    [InlineData(null, "99999999999999999999999", RetryAfter.MaxMs)]
    [InlineData("250", "7", 250L)]
    [InlineData("250.2", null, 251L)]
    [InlineData("x", "7", 7_000L)]
    [InlineData(null, "Sun, 22 Nov 2026 04:14:03 GMT", 10_000L)]
    [InlineData(null, "Sunday, 22-Nov-26 04:14:03 GMT", 10_000L)]
    [InlineData(null, "Sun Nov 22 04:14:03 2026", 10_000L)]
    [InlineData(null, "Sun, 22 Nov 2026 04:13:00 GMT", 0L)]
    [InlineData(null, "Mon, 22 Nov 2126 04:13:00 GMT", null)]
    [InlineData(null, "Fri, 22 Nov 2126 04:13:00 GMT", RetryAfter.MaxMs)]
    public void Headers_say_how_long_to_wait(string? ms, string? seconds, long? expected) =>
        RetryAfter.Parse(ms, seconds, Now).ShouldBe(expected);

    [Theory]
    [InlineData("12ms", 12L)]
    [InlineData("1s", 1_000L)]
    [InlineData("6m0s", 360_000L)]
    [InlineData("1h30m", 5_400_000L)]
    [InlineData("1.5s", 1_500L)]
    [InlineData("2d", 172_800_000L)]
    [InlineData("3", 3_000L)]
    [InlineData("900us", 1L)]
    [InlineData("", null)]
    [InlineData(null, null)]
    [InlineData("s", null)]
    [InlineData("5x", null)]
    [InlineData("1s2", null)]
    [InlineData("1..2s", null)]
    public void Durations_of_the_rate_headers_are_read(string? text, long? expected) =>
        RetryAfter.ParseDuration(text).ShouldBe(expected);

    [Fact]
    public void A_duration_reads_back_as_it_was_written() =>
        Check.QuickThrowOnFailure(Prop.ForAll<byte, byte, ushort>((minutes, seconds, ms) =>
        {
            long total = (((60L + minutes) * 60) + seconds) * 1_000 + ms;
            RetryAfter.ParseDuration($"1h{minutes}m{seconds}s{ms}ms").ShouldBe(total);
        }));

    [Fact]
    public void No_header_whatever_it_says_makes_it_throw() =>
        Check.QuickThrowOnFailure(Prop.ForAll<string, string>((ms, seconds) =>
        {
            long? wait = RetryAfter.Parse(ms, seconds, Now);
            long? duration = RetryAfter.ParseDuration(seconds);
            return wait is null or >= 0 and <= RetryAfter.MaxMs && duration is null or >= 0 and <= RetryAfter.MaxMs;
        }));
}
