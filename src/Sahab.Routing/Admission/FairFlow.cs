namespace Sahab.Routing.Admission;

/// <summary>The line of one tenant (of its keys in one group) in one tier, first come first served, with its place in virtual time.</summary>
internal sealed class FairFlow<T>(string tenant, TenantGroup? group, long sequence)
{
    /// <summary>The flow whose next call starts first, first.</summary>
    public static readonly IComparer<FairFlow<T>> ByStart = Comparer<FairFlow<T>>.Create(
        static (left, right) => left.Start != right.Start
            ? left.Start.CompareTo(right.Start)
            : left.Sequence.CompareTo(right.Sequence));

    /// <summary>The flow whose backlog ends last, last.</summary>
    public static readonly IComparer<FairFlow<T>> ByEnd = Comparer<FairFlow<T>>.Create(
        static (left, right) => left.End != right.End
            ? left.End.CompareTo(right.End)
            : left.Sequence.CompareTo(right.Sequence));

    public string Tenant { get; } = tenant;

    public TenantGroup? Group { get; } = group;

    public long Sequence { get; } = sequence;

    public int Weight { get; set; } = 1;

    /// <summary>Virtual time at which its next call starts.</summary>
    public double Start { get; set; }

    /// <summary>Tokens that wait in it.</summary>
    public long Waiting { get; private set; }

    /// <summary>Virtual time at which its last waiting call would end.</summary>
    public double End => Start + ((double)Waiting / Weight);

    public QueueTicket<T>? First { get; private set; }

    public QueueTicket<T>? Last { get; private set; }

    public void Append(QueueTicket<T> ticket)
    {
        ticket.Flow = this;
        ticket.Ahead = Last;
        if (Last is null)
        {
            First = ticket;
        }
        else
        {
            Last.Behind = ticket;
        }

        Last = ticket;
        Waiting += ticket.Tokens;
    }

    public void Unlink(QueueTicket<T> ticket)
    {
        if (ticket.Ahead is null)
        {
            First = ticket.Behind;
        }
        else
        {
            ticket.Ahead.Behind = ticket.Behind;
        }

        if (ticket.Behind is null)
        {
            Last = ticket.Ahead;
        }
        else
        {
            ticket.Behind.Ahead = ticket.Ahead;
        }

        (ticket.Flow, ticket.Ahead, ticket.Behind) = (null, null, null);
        Waiting -= ticket.Tokens;
    }
}
