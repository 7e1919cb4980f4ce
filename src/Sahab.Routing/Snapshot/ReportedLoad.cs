namespace Sahab.Routing.Snapshot;

/// <summary>What a deployment's own server says of itself: it sees all its callers, we see only ourselves.</summary>
/// <param name="Running">Calls that it works on. At least 0.</param>
/// <param name="Waiting">Calls that it lets wait. At least 0.</param>
/// <param name="IsHealthy">Whether it says that it can serve.</param>
/// <param name="AtMs">When it said so, in monotonic milliseconds.</param>
public sealed record ReportedLoad(int Running, int Waiting, bool IsHealthy, long AtMs)
{
    /// <summary>How long a report counts, in milliseconds; what is older says nothing any more.</summary>
    public const long LifeMs = 10_000;

    /// <summary>Whether it still counts.</summary>
    /// <param name="nowMs">Monotonic milliseconds.</param>
    public bool IsFresh(long nowMs) => nowMs - AtMs <= LifeMs;
}
