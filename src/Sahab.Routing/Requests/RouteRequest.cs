using Sahab.Routing.Admission;
using Sahab.Routing.Snapshot;

namespace Sahab.Routing.Requests;

/// <summary>All that the router needs to know of one call.</summary>
public readonly record struct RouteRequest
{
    private readonly int _expectedOutputTokens;

    /// <summary>The model that the client asked for.</summary>
    public required ModelRoute Route { get; init; }

    /// <summary>What a deployment must be able to do.</summary>
    public Capabilities Needs { get; init; }

    /// <summary>Estimated prompt tokens. At least 0.</summary>
    public int PromptTokens { get; init; }

    /// <summary>Estimated output tokens of all choices together. At least 0.</summary>
    public int OutputTokens { get; init; }

    /// <summary>
    /// Output tokens that such a call has on average: what it is likely to cost. As many as are reserved unless said
    /// otherwise.
    /// </summary>
    public int ExpectedOutputTokens
    {
        get => _expectedOutputTokens > 0 ? _expectedOutputTokens : OutputTokens;
        init => _expectedOutputTokens = value;
    }

    /// <summary>
    /// Milliseconds that it may still wait for capacity that is paid for to be free, when others could serve it now at
    /// a price; of a batch's call, for capacity that is idle. 0: it takes what is there.
    /// </summary>
    public long PatienceMs { get; init; }

    /// <summary>Hash of the beginning of the prompt; 0 when there is none to speak of, so no affinity.</summary>
    public ulong PrefixHash { get; init; }

    /// <summary>
    /// Where the key's data may go. Null means nowhere, so that a forgotten rule never opens a border.
    /// </summary>
    public required CountrySet? Countries { get; init; }

    /// <summary>
    /// Positions among the route's candidates, one bit each, whose providers may not have the data of the call's tenant.
    /// </summary>
    public ulong Barred { get; init; }

    /// <summary>Positions among the route's candidates, one bit each, that what the call's project is for rules out.</summary>
    public ulong Unfit { get; init; }

    /// <summary>Whose guarantee the call falls under; null if nobody's.</summary>
    public TenantGroup? Group { get; init; }

    /// <summary>
    /// Whether only what its group is guaranteed and does not use will do: so those who wait are looked at first, before
    /// anybody borrows.
    /// </summary>
    public bool WithinShare { get; init; }

    /// <summary>
    /// Positions among the route's candidates, one bit each, whose room waiting calls have claimed within their groups'
    /// guarantees (see <see cref="Decisions.RouteDecision.Claimed"/>): there this one may take what its own group is
    /// guaranteed, and borrow nothing.
    /// </summary>
    public ulong Claimed { get; init; }

    /// <summary>How soon the call wants to be served; weighs latency against price.</summary>
    public ServiceTier Tier { get; init; }

    /// <summary>Positions among the route's candidates that this call has already tried, one bit each.</summary>
    public ulong Tried { get; init; }

    /// <summary>What the call reserves against limits in tokens: prompt and output together.</summary>
    public long ReservedTokens => (long)PromptTokens + OutputTokens;

    /// <summary>What it asks of the limits of one candidate.</summary>
    internal Demand DemandAt(int position) =>
        new(ReservedTokens, Group, WithinShare || (Claimed & (1UL << position)) != 0);
}
