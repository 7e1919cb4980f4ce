namespace Sahab.Planning.Optimum;

/// <summary>
/// How much work a deployment's calls in flight can have left at the end of a bucket, at most: that of the largest calls
/// of those that can be in flight then, as many as there are places. Work is kept as counts by size, a tenth apart, so
/// that the bound is at most a tenth too high and what is held does not grow with the number of calls.
/// </summary>
/// <param name="buckets">Buckets of time.</param>
/// <param name="places">Calls that can be in flight at once.</param>
/// <param name="reach">So many buckets before the last one's own, a call in flight can have come.</param>
internal sealed class WorkInFlight(int buckets, long places, int reach)
{
    const double Ratio = 1.1;
    const double Smallest = 0.001;
    const int Sizes = 160;

    readonly int[,] _calls = new int[buckets, Sizes];

    /// <summary>Counts a call.</summary>
    /// <param name="bucket">When it comes.</param>
    /// <param name="seconds">Its work, in seconds of a replica.</param>
    public void Add(int bucket, double seconds) =>
        _calls[bucket, seconds <= Smallest
            ? 0
            : Math.Min(Sizes - 1, (int)Math.Ceiling(Math.Log(seconds / Smallest) / Math.Log(Ratio)))]++;

    /// <summary>The most that is left at the end of a bucket, in seconds of a replica.</summary>
    public double MostAtEndOf(int bucket)
    {
        var (most, left) = (0.0, places);
        for (var size = Sizes - 1; size >= 0 && left > 0; size--)
        {
            var calls = 0L;
            for (var from = Math.Max(0, bucket - reach); from <= bucket; from++)
            {
                calls += _calls[from, size];
            }

            calls = Math.Min(calls, left);
            most += calls * Smallest * Math.Pow(Ratio, size);
            left -= calls;
        }

        return most;
    }
}
