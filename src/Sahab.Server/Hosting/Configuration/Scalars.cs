using System.Globalization;

namespace Sahab.Server.Hosting.Configuration;

/// <summary>How numbers, durations and sizes are written in the file.</summary>
internal static class Scalars
{
    static readonly (string Unit, long Milliseconds)[] Durations =
        [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

    static readonly (string Unit, long Bytes)[] Sizes =
        [("GiB", 1L << 30), ("MiB", 1L << 20), ("KiB", 1L << 10)];

    public const string DurationHint = "a whole number and its unit: 250ms, 5s, 2m, 1h or 30d";

    public const string BytesHint = "a whole number of bytes, or of KiB, MiB or GiB: 20MiB";

    public static bool TryInteger(string text, out long value) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);

    public static bool TryDecimal(string text, out decimal value) =>
        decimal.TryParse(
            text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture,
            out value);

    public static bool TryDuration(string text, out TimeSpan value)
    {
        value = default;
        var digits = text.AsSpan().IndexOfAnyExceptInRange('0', '9');
        if (digits <= 0)
        {
            return false;
        }

        foreach (var (unit, milliseconds) in Durations)
        {
            if (text.AsSpan(digits).SequenceEqual(unit) && TryInteger(text[..digits], out var count)
                && count <= TimeSpan.MaxValue.TotalMilliseconds / milliseconds / 2)
            {
                value = TimeSpan.FromMilliseconds(count * milliseconds);
                return true;
            }
        }

        return false;
    }

    public static bool TryBytes(string text, out long value)
    {
        if (TryInteger(text, out value))
        {
            return true;
        }

        foreach (var (unit, bytes) in Sizes)
        {
            if (text.EndsWith(unit, StringComparison.Ordinal) && TryInteger(text[..^unit.Length], out var count)
                && Math.Abs(count) <= long.MaxValue / bytes)
            {
                value = count * bytes;
                return true;
            }
        }

        return false;
    }

    /// <summary>The duration in the largest unit that leaves no remainder.</summary>
    public static string Format(TimeSpan value)
    {
        var milliseconds = (long)value.TotalMilliseconds;
        if (milliseconds == 0)
        {
            return "0s";
        }

        var (unit, size) = Durations.First(unit => milliseconds % unit.Milliseconds == 0);
        return string.Create(CultureInfo.InvariantCulture, $"{milliseconds / size}{unit}");
    }

    /// <summary>The size in the largest unit that leaves no remainder.</summary>
    public static string FormatBytes(long value)
    {
        foreach (var (unit, bytes) in Sizes)
        {
            if (value != 0 && value % bytes == 0)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{value / bytes}{unit}");
            }
        }

        return value.ToString(CultureInfo.InvariantCulture);
    }
}
