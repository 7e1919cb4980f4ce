namespace Sahab.Server.Serve.Gateway;

/// <summary>
/// Counts of latencies in buckets whose bounds grow by a fixed factor, so that a quantile is right to about a tenth
/// whatever its size. Adding is one interlocked addition.
/// </summary>
internal sealed class LatencyBuckets
{
    /// <summary>From 1 ms to about 12 days; what lies beyond is counted in the outermost buckets.</summary>
    public const int Count = 121;

    /// <summary>Buckets for each doubling.</summary>
    const int PerOctave = 4;

    readonly long[] _counts = new long[Count];

    public void Add(double milliseconds) => Interlocked.Increment(ref _counts[IndexOf(milliseconds)]);

    public void CopyTo(long[] target)
    {
        for (var index = 0; index < Count; index++)
        {
            target[index] = Volatile.Read(ref _counts[index]);
        }
    }

    /// <summary>The quantile of what was counted between two copies, in milliseconds; NaN where nothing was.</summary>
    /// <param name="share">0 to 1.</param>
    public static double Quantile(ReadOnlySpan<long> earlier, ReadOnlySpan<long> later, double share)
    {
        long total = 0;
        for (var index = 0; index < Count; index++)
        {
            total += later[index] - earlier[index];
        }

        if (total == 0)
        {
            return double.NaN;
        }

        var rank = share * total;
        double seen = 0;
        for (var index = 0; index < Count; index++)
        {
            var here = later[index] - earlier[index];
            if (here > 0 && seen + here >= rank)
            {
                var lower = index == 0 ? 0 : UpperBound(index - 1);
                return lower + ((UpperBound(index) - lower) * Math.Clamp((rank - seen) / here, 0, 1));
            }

            seen += here;
        }

        return UpperBound(Count - 1);
    }

    static int IndexOf(double milliseconds) => milliseconds <= 1
        ? 0
        : Math.Min(Count - 1, (int)Math.Ceiling(Math.Log2(milliseconds) * PerOctave));

    static double UpperBound(int index) => Math.Pow(2, (double)index / PerOctave);
}
