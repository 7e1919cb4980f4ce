using System.Buffers;
using System.Globalization;

namespace Sahab.Wire.OpenAI;

/// <summary>Reads how long a provider asks us to wait.</summary>
public static class RetryAfter
{
    /// <summary>
    /// The longest wait that is reported, in milliseconds: seven days. The caller has a bound of its own.
    /// </summary>
    public const long MaxMs = 7L * 24 * 60 * 60 * 1_000;

    static readonly SearchValues<char> NumberLetters = SearchValues.Create("0123456789.");

    static readonly string[] DateForms =
    [
        "ddd, dd MMM yyyy HH':'mm':'ss 'GMT'",
        "dddd, dd-MMM-yy HH':'mm':'ss 'GMT'",
        "ddd MMM d HH':'mm':'ss yyyy",
    ];

    /// <summary>Reads the two headers, the finer one first, as the official clients do.</summary>
    /// <param name="retryAfterMs"><c>retry-after-ms</c>: milliseconds.</param>
    /// <param name="retryAfter"><c>Retry-After</c>: seconds, or a date of HTTP in any of its three forms.</param>
    /// <param name="nowUtc">The time now.</param>
    /// <returns>
    /// Milliseconds to wait, rounded up, 0 to <see cref="MaxMs"/>; 0 for a date that has passed. Null when neither
    /// header says anything that can be read.
    /// </returns>
    public static long? Parse(string? retryAfterMs, string? retryAfter, DateTimeOffset nowUtc) =>
        Count(retryAfterMs, scale: 1) ?? Count(retryAfter, scale: 1_000) ?? Until(retryAfter, nowUtc);

    /// <summary>
    /// Reads a duration such as those of <c>x-ratelimit-reset-tokens</c>: <c>12ms</c>, <c>1s</c>, <c>6m0s</c>,
    /// <c>1h30m</c>; a bare number is seconds.
    /// </summary>
    /// <param name="text">The header's value.</param>
    /// <returns>Milliseconds, rounded up, 0 to <see cref="MaxMs"/>; null when it cannot be read.</returns>
    public static long? ParseDuration(string? text)
    {
        ReadOnlySpan<char> rest = text.AsSpan().Trim();
        if (rest.IsEmpty)
        {
            return null;
        }

        if (Count(text, scale: 1_000) is { } seconds)
        {
            return seconds;
        }

        double total = 0;
        while (!rest.IsEmpty)
        {
            int digits = rest.IndexOfAnyExcept(NumberLetters);
            if (digits <= 0 || !TryNumber(rest[..digits], out double value))
            {
                return null;
            }

            rest = rest[digits..];
            int letters = rest.IndexOfAny(NumberLetters);
            ReadOnlySpan<char> unit = letters < 0 ? rest : rest[..letters];
            double scale = unit switch
            {
                "us" or "µs" => 0.001,
                "ms" => 1,
                "s" => 1_000,
                "m" => 60_000,
                "h" => 3_600_000,
                "d" => 86_400_000,
                _ => -1,
            };
            if (scale < 0)
            {
                return null;
            }

            total += value * scale;
            rest = rest[unit.Length..];
        }

        return Bound(total);
    }

    static long? Count(string? text, double scale) =>
        TryNumber(text.AsSpan().Trim(), out double count) ? Bound(count * scale) : null;

    static bool TryNumber(ReadOnlySpan<char> text, out double number) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number)
        && double.IsFinite(number);

    static long? Until(string? text, DateTimeOffset nowUtc) =>
        DateTimeOffset.TryParseExact(
            text,
            DateForms,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AllowWhiteSpaces,
            out DateTimeOffset date)
            ? Bound((date - nowUtc).TotalMilliseconds)
            : null;

    static long Bound(double ms) => ms <= 0 ? 0 : ms >= MaxMs ? MaxMs : (long)Math.Ceiling(ms);
}
