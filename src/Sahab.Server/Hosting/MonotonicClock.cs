namespace Sahab.Server.Hosting;

/// <summary>Milliseconds that never go back, from the injected time provider's timestamp counter.</summary>
internal sealed class MonotonicClock(TimeProvider time)
{
    readonly long _start = time.GetTimestamp();

    /// <summary>Milliseconds since this clock was made. At least 0.</summary>
    public long NowMs => (long)time.GetElapsedTime(_start).TotalMilliseconds;

    /// <summary>The counter itself, for intervals shorter than a millisecond.</summary>
    public long Timestamp => time.GetTimestamp();

    /// <summary>Milliseconds between two readings of <see cref="Timestamp"/>.</summary>
    public double MillisecondsBetween(long from, long to) => time.GetElapsedTime(from, to).TotalMilliseconds;
}
