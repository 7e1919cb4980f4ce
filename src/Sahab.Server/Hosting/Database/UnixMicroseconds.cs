namespace Sahab.Server.Hosting.Database;

/// <summary>Time as the store keeps it: microseconds since 1970 in UTC, a plain integer in both engines.</summary>
internal static class UnixMicroseconds
{
    public const long PerHour = 3_600_000_000;

    public static long From(DateTimeOffset time) =>
        (time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>The beginning of the hour that a time lies in.</summary>
    public static long HourOf(long microseconds) => microseconds - (((microseconds % PerHour) + PerHour) % PerHour);

    public static DateTimeOffset ToTime(long microseconds) =>
        DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);
}
