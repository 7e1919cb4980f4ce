using Sahab.Routing.Requests;

namespace Sahab.Routing.Admission;

/// <summary>A place in a <see cref="FairQueue{T}"/>.</summary>
/// <typeparam name="T">What waits.</typeparam>
public sealed class QueueTicket<T>
{
    internal static readonly IComparer<QueueTicket<T>> ByDeadline = Comparer<QueueTicket<T>>.Create(
        static (left, right) => left.DeadlineMs != right.DeadlineMs
            ? left.DeadlineMs.CompareTo(right.DeadlineMs)
            : left.Sequence.CompareTo(right.Sequence));

    internal QueueTicket(
        FairQueue<T> queue, T item, ServiceTier tier, TenantGroup? group, long tokens, long deadlineMs, long sequence)
    {
        Group = group;
        Queue = queue;
        Item = item;
        Tier = tier;
        Tokens = tokens;
        DeadlineMs = deadlineMs;
        Sequence = sequence;
    }

    /// <summary>What waits.</summary>
    public T Item { get; }

    /// <summary>Its tier.</summary>
    public ServiceTier Tier { get; }

    /// <summary>Whose guarantee it falls under; null if nobody's.</summary>
    public TenantGroup? Group { get; }

    /// <summary>Its estimated tokens. At least 1.</summary>
    public long Tokens { get; }

    /// <summary>Monotonic milliseconds until which it may wait.</summary>
    public long DeadlineMs { get; }

    /// <summary>Whether it still waits.</summary>
    public bool IsWaiting => Flow is not null;

    internal FairQueue<T> Queue { get; }

    internal long Sequence { get; }

    /// <summary>Its tenant's line; null once it has left.</summary>
    internal FairFlow<T>? Flow { get; set; }

    internal QueueTicket<T>? Ahead { get; set; }

    internal QueueTicket<T>? Behind { get; set; }
}
