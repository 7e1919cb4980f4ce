namespace Sahab.Server.Hosting.Access;

/// <summary>
/// So many attempts at once for each name, and then one in each interval. The memory is a table of fixed size: names
/// are spread over it by a hash that differs in each process, and the few that share a place share its attempts, so that
/// nobody can make it forget by bringing many names.
/// </summary>
/// <param name="burst">Attempts at once. At least 1.</param>
/// <param name="interval">After which another is allowed.</param>
internal sealed class AttemptLimiter(int burst, TimeSpan interval)
{
    /// <summary>Places in the table; 8 bytes each.</summary>
    public const int Places = 65_536;

    /// <summary>For each place: until when its attempts are used up, in milliseconds.</summary>
    readonly long[] _usedUntil = new long[Places];

    readonly long _intervalMs = (long)interval.TotalMilliseconds;

    public int Burst => burst;

    public TimeSpan Interval => interval;

    /// <summary>Takes an attempt.</summary>
    /// <param name="nowMs">Of a clock that never goes back.</param>
    /// <returns>Zero: it may be made; else when to come again.</returns>
    public TimeSpan Take(string name, long nowMs)
    {
        ref var place = ref PlaceOf(name);
        while (true)
        {
            var before = Volatile.Read(ref place);
            var after = Math.Max(before, nowMs) + _intervalMs;
            var wait = after - nowMs - (burst * _intervalMs);
            if (wait > 0)
            {
                return TimeSpan.FromMilliseconds(wait);
            }

            if (Interlocked.CompareExchange(ref place, after, before) == before)
            {
                return TimeSpan.Zero;
            }
        }
    }

    /// <summary>Gives an attempt back: it was none at guessing.</summary>
    public void GiveBack(string name) => Interlocked.Add(ref PlaceOf(name), -_intervalMs);

    ref long PlaceOf(string name) => ref _usedUntil[(uint)name.GetHashCode(StringComparison.Ordinal) % Places];
}
