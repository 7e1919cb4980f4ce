namespace Sahab.Routing.Admission;

/// <summary>
/// Start-time fair queuing between the tenants of one tier. Virtual time is the start of the call taken last; a
/// tenant that begins to wait starts there, or where its own past puts it if that is later. What a tenant was served
/// is forgotten when the tier runs empty, and of tenants with nothing waiting also when more than
/// <c>capacity + 64</c> of them are remembered, which forgives each the last call that it was served.
/// </summary>
internal sealed class FairTier<T>(int capacity)
{
    private const int SpareFlows = 64;

    private readonly Dictionary<(string Tenant, TenantGroup? Group), FairFlow<T>> _flows = [];
    private readonly SortedSet<FairFlow<T>> _byStart = new(FairFlow<T>.ByStart);
    private readonly SortedSet<FairFlow<T>> _ofGroups = new(FairFlow<T>.ByStart);
    private readonly SortedSet<FairFlow<T>> _byEnd = new(FairFlow<T>.ByEnd);
    private readonly PriorityQueue<(QueueTicket<T> Ticket, double Start), (double Start, long Sequence)> _merge = new();
    private double _now;
    private long _sequence;

    /// <summary>Calls that wait.</summary>
    public int Count { get; private set; }

    /// <summary>Tenants whose share is remembered.</summary>
    public int RememberedTenants => _flows.Count;

    public void Add(QueueTicket<T> ticket, string tenant, TenantGroup? group, int weight)
    {
        if (!_flows.TryGetValue((tenant, group), out var flow))
        {
            ForgetIdle();
            _flows.Add((tenant, group), flow = new FairFlow<T>(tenant, group, _sequence++));
        }

        if (flow.First is null)
        {
            flow.Start = Math.Max(_now, flow.Start);
        }
        else
        {
            Unsort(flow);
        }

        flow.Weight = weight;
        flow.Append(ticket);
        Sort(flow);
        Count++;
    }

    public void Drop(QueueTicket<T> ticket, bool served)
    {
        var flow = ticket.Flow!;
        Unsort(flow);
        flow.Unlink(ticket);
        if (served)
        {
            _now = Math.Max(_now, flow.Start);
            flow.Start += (double)ticket.Tokens / flow.Weight;
        }

        if (flow.First is not null)
        {
            Sort(flow);
        }

        if (--Count == 0)
        {
            _flows.Clear();
            _now = 0;
        }
    }

    /// <summary>The first calls in order: a merge of the lines, each call starting where the one ahead ends.</summary>
    public int Peek(Span<QueueTicket<T>> destination) => Peek(destination, _byStart, ulong.MaxValue);

    /// <summary>The same of some groups only, one bit each.</summary>
    public int PeekOf(Span<QueueTicket<T>> destination, ulong groups) => Peek(destination, _ofGroups, groups);

    private int Peek(Span<QueueTicket<T>> destination, SortedSet<FairFlow<T>> lines, ulong groups)
    {
        if (destination.IsEmpty || lines.Count == 0)
        {
            return 0;
        }

        _merge.Clear();
        var flows = 0;
        foreach (var flow in lines)
        {
            if (flow.Group is { } group && (group.Bit & groups) == 0)
            {
                continue;
            }

            if (flows++ == destination.Length)
            {
                break;
            }

            _merge.Enqueue((flow.First!, flow.Start), (flow.Start, flow.Sequence));
        }

        var filled = 0;
        while (filled < destination.Length && _merge.TryDequeue(out var next, out _))
        {
            destination[filled++] = next.Ticket;
            if (next.Ticket.Behind is { } behind)
            {
                var flow = next.Ticket.Flow!;
                var start = next.Start + ((double)next.Ticket.Tokens / flow.Weight);
                _merge.Enqueue((behind, start), (start, flow.Sequence));
            }
        }

        _merge.Clear();
        return filled;
    }

    public QueueTicket<T> LastOfLongestBacklog() => _byEnd.Max!.Last!;

    private void Sort(FairFlow<T> flow)
    {
        _byStart.Add(flow);
        _ = flow.Group is not null && _ofGroups.Add(flow);
        _byEnd.Add(flow);
    }

    // A sorted set must not see a key change, so a flow leaves both before it changes.
    private void Unsort(FairFlow<T> flow)
    {
        _byStart.Remove(flow);
        _ = flow.Group is not null && _ofGroups.Remove(flow);
        _byEnd.Remove(flow);
    }

    private void ForgetIdle()
    {
        if (_flows.Count < capacity + SpareFlows)
        {
            return;
        }

        foreach (var (line, flow) in _flows)
        {
            if (flow.First is null)
            {
                _flows.Remove(line);
            }
        }
    }
}
