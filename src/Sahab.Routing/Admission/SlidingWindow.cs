namespace Sahab.Routing.Admission;

/// <summary>
/// What was charged in the last 60 seconds, in buckets of 250 ms. A bucket leaves the sum only when its youngest
/// possible charge is 60 seconds old, so the sum is never below the true one, and above it by what at most 250 ms
/// brought. Not thread-safe for writers; <see cref="Used"/> may be read by anybody.
/// </summary>
internal sealed class SlidingWindow
{
    /// <summary>Length of the window.</summary>
    public const int WindowMs = 60_000;

    /// <summary>Length of a bucket: 1/240 of the window, which is what saturation loses at most (0.42 %).</summary>
    public const int BucketMs = 250;

    /// <summary>One more than fit into the window, as the current one is not full yet.</summary>
    public const int Buckets = (WindowMs / BucketMs) + 1;

    private readonly long[] _buckets = new long[Buckets];
    private long _latest;
    private long _used;

    /// <summary>The sum as of the last <see cref="Advance"/>. May exceed a limit by late corrections.</summary>
    public long Used => Volatile.Read(ref _used);

    /// <summary>The bucket of the last <see cref="Advance"/>.</summary>
    public long Latest => Volatile.Read(ref _latest);

    /// <summary>Moves to a bucket and drops what is too old. An earlier bucket than the latest does nothing.</summary>
    public void Advance(long bucket)
    {
        var steps = bucket - _latest;
        if (steps <= 0)
        {
            return;
        }

        if (steps >= Buckets)
        {
            Array.Clear(_buckets);
            Volatile.Write(ref _used, 0);
        }
        else
        {
            var used = _used;
            for (var dropped = _latest + 1; dropped <= bucket; dropped++)
            {
                ref var slot = ref _buckets[dropped % Buckets];
                used -= slot;
                slot = 0;
            }

            Volatile.Write(ref _used, used);
        }

        Volatile.Write(ref _latest, bucket);
    }

    /// <summary>Adds a charge to the latest bucket.</summary>
    public void Charge(long amount)
    {
        _buckets[_latest % Buckets] += amount;
        Volatile.Write(ref _used, _used + amount);
    }

    /// <summary>Corrects an earlier charge where it lies. One that has left the window needs no correction.</summary>
    public void Correct(long bucket, long difference)
    {
        if (bucket > _latest - Buckets)
        {
            _buckets[bucket % Buckets] += difference;
            Volatile.Write(ref _used, _used + difference);
        }
    }

    /// <summary>
    /// Milliseconds from <paramref name="timeMs"/> until an amount fits below a limit if nothing else is charged.
    /// The amount must not exceed the limit.
    /// </summary>
    public long WaitMs(long amount, long limit, long timeMs)
    {
        var excess = _used + amount - limit;
        if (excess <= 0)
        {
            return 0;
        }

        for (var bucket = Math.Max(0, _latest - Buckets + 1); bucket <= _latest; bucket++)
        {
            excess -= _buckets[bucket % Buckets];
            if (excess <= 0)
            {
                return Math.Max(1, ((bucket + Buckets) * BucketMs) - timeMs);
            }
        }

        return WindowMs + BucketMs;
    }
}
