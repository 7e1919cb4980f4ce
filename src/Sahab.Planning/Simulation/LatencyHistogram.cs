using System.Numerics;

namespace Sahab.Planning.Simulation;

/// <summary>
/// Times in bounded memory, as HdrHistogram keeps them: buckets whose width doubles with the power of two, so that any
/// percentile is within 0.2 % of the true one. Not thread-safe.
/// </summary>
public sealed class LatencyHistogram
{
    /// <summary>Leading bits by which values are told apart: ten make the error at most 1/512.</summary>
    const int BucketBits = 10;

    /// <summary>Microseconds beyond this (about 12 days) count as this.</summary>
    const long MaxMicroseconds = (1L << MaxBits) - 1;

    const int MaxBits = 40;

    readonly long[] _counts = new long[(MaxBits - BucketBits + 2) << (BucketBits - 1)];

    /// <summary>How many times were added.</summary>
    public long Count { get; private set; }

    /// <summary>The longest of them; zero when there are none.</summary>
    public TimeSpan Max { get; private set; }

    /// <summary>Adds a time. A negative one counts as zero.</summary>
    public void Add(TimeSpan time)
    {
        if (time > Max)
        {
            Max = time;
        }

        Count++;
        _counts[IndexOf(Math.Clamp((long)time.TotalMicroseconds, 0, MaxMicroseconds))]++;
    }

    /// <summary>The time within which this share of all lies; zero when there are none.</summary>
    /// <param name="share">From 0 to 1.</param>
    public TimeSpan Percentile(double share)
    {
        var rank = Math.Max(1, (long)Math.Ceiling(share * Count));
        for (var i = 0; i < _counts.Length && Count > 0; i++)
        {
            rank -= _counts[i];
            if (rank <= 0)
            {
                var time = TimeSpan.FromMicroseconds(HighestOf(i));
                return time < Max ? time : Max;
            }
        }

        return TimeSpan.Zero;
    }

    /// <summary>Values below 1,024 have a bucket each; above, a bucket holds those alike in their first 10 bits.</summary>
    static int IndexOf(long value)
    {
        var shift = Math.Max(0, BitOperations.Log2((ulong)value | 1) - BucketBits + 1);
        return shift == 0 ? (int)value : (shift << (BucketBits - 1)) + (int)(value >> shift);
    }

    static long HighestOf(int index)
    {
        var shift = Math.Max(0, (index >> (BucketBits - 1)) - 1);
        var leading = (long)index - ((long)shift << (BucketBits - 1));
        return ((leading + 1) << shift) - 1;
    }
}
