using System.Diagnostics.CodeAnalysis;
using Sahab.Routing.Requests;

namespace Sahab.Routing.Admission;

/// <summary>
/// Calls that wait for capacity: bounded, tiers strictly in order, fair between the tenants of a tier by weighted
/// tokens, each call with a deadline. Not thread-safe: the owner locks.
/// </summary>
/// <remarks>
/// <para>
/// <b>Order.</b> Inside a tier it is start-time fair queuing: a tenant's next call starts at the virtual time at which
/// its calls served so far would have ended at its share. While two tenants both have calls waiting, the tokens that
/// they are served, each divided by the tenant's weight, differ by at most the largest such call of the one plus that
/// of the other. A tenant's own calls are served in the order of their arrival, unless the owner takes another.
/// </para>
/// <para>
/// <b>Groups.</b> A tenant whose keys are in several groups has a line in each. Those of groups under their guarantees
/// can be asked for apart (<see cref="PeekOf"/>), so that the owner serves them first, whatever their tier.
/// </para>
/// <para>
/// <b>Bound.</b> When one too many waits, the last call of the tenant with the longest backlog in the lowest tier is
/// pushed out, which may be the new one. So neither a lower tier nor one tenant can fill the queue against others.
/// </para>
/// <para>
/// <b>Starvation.</b> A lower tier is served only when no call of a higher one can be: by design. What bounds its
/// wait is the deadline, after which its owner answers it.
/// </para>
/// <para>Adding, removing and taking cost O(log n), the first k in order O(k log k).</para>
/// </remarks>
/// <typeparam name="T">What waits.</typeparam>
[SuppressMessage(
    "Naming", "CA1711:Identifiers should not have incorrect suffix", Justification = "It is a queue.")]
public sealed class FairQueue<T>
{
    private const int Tiers = 4;

    private readonly FairTier<T>[] _tiers = new FairTier<T>[Tiers];
    private readonly SortedSet<QueueTicket<T>> _byDeadline = new(QueueTicket<T>.ByDeadline);
    private readonly int[] _ofGroup = new int[TenantGroup.MaxGroups];
    private long _sequence;
    private ulong _waitingGroups;

    /// <summary>Starts empty.</summary>
    /// <param name="capacity">Calls that may wait, of all tiers together. At least 0; 0: none.</param>
    public FairQueue(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        Capacity = capacity;
        for (var tier = 0; tier < Tiers; tier++)
        {
            _tiers[tier] = new FairTier<T>(capacity);
        }
    }

    /// <summary>Calls that may wait.</summary>
    public int Capacity { get; private set; }

    /// <summary>Calls that wait.</summary>
    public int Count { get; private set; }

    /// <summary>The groups that have calls waiting, one bit each. May be read without the owner's lock.</summary>
    public ulong WaitingGroups => Volatile.Read(ref _waitingGroups);

    /// <summary>The earliest deadline of all; null when none waits.</summary>
    public long? NextDeadlineMs => _byDeadline.Min?.DeadlineMs;

    /// <summary>Tenants whose share is remembered, of all tiers together.</summary>
    internal int RememberedTenants => _tiers.Sum(tier => tier.RememberedTenants);

    /// <summary>Calls of a tier that wait.</summary>
    public int CountOf(ServiceTier tier) => _tiers[(int)tier].Count;

    /// <summary>Whether calls wait that a new one of the tier must not go before.</summary>
    public bool HasAhead(ServiceTier tier)
    {
        for (var higher = 0; higher <= (int)tier; higher++)
        {
            if (_tiers[higher].Count > 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Sets another capacity. Where more wait, none leaves at once, but each new call pushes one out.
    /// </summary>
    public void Resize(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        Capacity = capacity;
    }

    /// <summary>Puts a call into the queue.</summary>
    /// <param name="item">What waits.</param>
    /// <param name="tier">Its tier.</param>
    /// <param name="tenant">Whose share it takes from.</param>
    /// <param name="weight">The tenant's share against that of others. At least 1.</param>
    /// <param name="tokens">Its estimated tokens, prompt and output. Fewer than 1 counts as 1.</param>
    /// <param name="deadlineMs">Monotonic milliseconds until which it may wait.</param>
    /// <param name="pushedOut">
    /// The call that had to leave for it, to be answered by the owner; the new one itself if the result is null.
    /// </param>
    /// <returns>The ticket to take or remove it by; null if it was not let in.</returns>
    public QueueTicket<T>? Enqueue(
        T item,
        ServiceTier tier,
        string tenant,
        int weight,
        long tokens,
        long deadlineMs,
        out QueueTicket<T>? pushedOut) =>
        Enqueue(item, tier, tenant, group: null, weight, tokens, deadlineMs, out pushedOut);

    /// <summary>The same for a call that falls under the guarantee of a group.</summary>
    /// <param name="item">What waits.</param>
    /// <param name="tier">Its tier.</param>
    /// <param name="tenant">Whose share it takes from, that of its keys in the group.</param>
    /// <param name="group">The group; null if there is none.</param>
    /// <param name="weight">The tenant's share against that of others. At least 1.</param>
    /// <param name="tokens">Its estimated tokens, prompt and output. Fewer than 1 counts as 1.</param>
    /// <param name="deadlineMs">Monotonic milliseconds until which it may wait.</param>
    /// <param name="pushedOut">The call that had to leave for it; the new one itself if the result is null.</param>
    /// <returns>The ticket to take or remove it by; null if it was not let in.</returns>
    public QueueTicket<T>? Enqueue(
        T item,
        ServiceTier tier,
        string tenant,
        TenantGroup? group,
        int weight,
        long tokens,
        long deadlineMs,
        out QueueTicket<T>? pushedOut)
    {
        ArgumentNullException.ThrowIfNull(tenant);
        ArgumentOutOfRangeException.ThrowIfLessThan(weight, 1);
        pushedOut = null;
        var ticket = new QueueTicket<T>(
            this, item, tier, group, Math.Max(1, tokens), deadlineMs, _sequence++);
        _tiers[(int)tier].Add(ticket, tenant, group, weight);
        CountOf(group, 1);
        _byDeadline.Add(ticket);
        Count++;
        if (Count > Capacity)
        {
            pushedOut = LastOfLongestBacklog();
            Remove(pushedOut);
        }

        return ticket.IsWaiting ? ticket : null;
    }

    /// <summary>The calls that would be served first, in order, for the owner to take the first that can run.</summary>
    /// <param name="destination">Filled from its beginning.</param>
    /// <returns>How many were filled in.</returns>
    public int Peek(Span<QueueTicket<T>> destination)
    {
        var filled = 0;
        foreach (var tier in _tiers)
        {
            filled += tier.Peek(destination[filled..]);
        }

        return filled;
    }

    /// <summary>
    /// The calls of some groups, whatever their tier, in the order in which they would be served: those under their
    /// guarantees are looked at before all others.
    /// </summary>
    /// <param name="destination">Filled from its beginning.</param>
    /// <param name="groups">The groups, one bit each, as <see cref="WaitingGroups"/> has them.</param>
    /// <returns>How many were filled in.</returns>
    public int PeekOf(Span<QueueTicket<T>> destination, ulong groups)
    {
        var filled = 0;
        if ((groups & _waitingGroups) != 0)
        {
            foreach (var tier in _tiers)
            {
                filled += tier.PeekOf(destination[filled..], groups);
            }
        }

        return filled;
    }

    /// <summary>
    /// Takes a call to serve it; its tokens are charged to its tenant's share. False if it waits no more.
    /// </summary>
    public bool Take(QueueTicket<T> ticket) => Leave(ticket, served: true);

    /// <summary>
    /// Removes a call that is not going to be served (its client left); nothing is charged. False if it waits no more.
    /// </summary>
    public bool Remove(QueueTicket<T> ticket) => Leave(ticket, served: false);

    /// <summary>Takes the first call in order. False if none waits.</summary>
    public bool TryDequeue(out T? item)
    {
        var first = new QueueTicket<T>[1];
        if (Peek(first) == 0)
        {
            item = default;
            return false;
        }

        Take(first[0]);
        item = first[0].Item;
        return true;
    }

    /// <summary>Removes a call whose deadline has come, the earliest first, to be answered by the owner.</summary>
    /// <returns>False if there is none.</returns>
    public bool TryRemoveExpired(long nowMs, out T? item)
    {
        if (_byDeadline.Min is { } earliest && earliest.DeadlineMs <= nowMs)
        {
            item = earliest.Item;
            return Remove(earliest);
        }

        item = default;
        return false;
    }

    private bool Leave(QueueTicket<T> ticket, bool served)
    {
        ArgumentNullException.ThrowIfNull(ticket);
        if (!ticket.IsWaiting || ticket.Queue != this)
        {
            return false;
        }

        _tiers[(int)ticket.Tier].Drop(ticket, served);
        _byDeadline.Remove(ticket);
        Count--;
        CountOf(ticket.Group, -1);
        return true;
    }

    private void CountOf(TenantGroup? group, int more)
    {
        if (group is not null)
        {
            _ofGroup[group.Number] += more;
            var others = _waitingGroups & ~group.Bit;
            Volatile.Write(ref _waitingGroups, others | (_ofGroup[group.Number] > 0 ? group.Bit : 0));
        }
    }

    private QueueTicket<T> LastOfLongestBacklog()
    {
        var tier = Tiers - 1;
        while (_tiers[tier].Count == 0)
        {
            tier--;
        }

        return _tiers[tier].LastOfLongestBacklog();
    }
}
