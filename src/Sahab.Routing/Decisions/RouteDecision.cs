using Sahab.Routing.Snapshot;

namespace Sahab.Routing.Decisions;

/// <summary>Where a call goes, or why it cannot go anywhere now.</summary>
public readonly record struct RouteDecision
{
    /// <summary>The chosen deployment; null when there is none.</summary>
    public Deployment? Choice { get; init; }

    /// <summary>Position of the choice among the route's candidates, 0 to 63; -1 when there is none.</summary>
    public int Position { get; init; }

    /// <summary>Whether the choice is where this prefix lives (see <see cref="AttemptUsage.AtHome"/>).</summary>
    public bool AtHome { get; init; }

    /// <summary>
    /// The full deployment, paid for already, that the call had better wait for, though others could serve it now; null
    /// if there is none. Then there is no choice, and the reason is <see cref="RouteRejection.Full"/>.
    /// </summary>
    public Deployment? WaitsFor { get; init; }

    /// <summary>Why there is no choice.</summary>
    public RouteRejection Reason { get; init; }

    /// <summary>
    /// Milliseconds after which the first of the deployments that refuse for a time, tried ones included, expects to
    /// have room or to be probed; at least 1. 0 if there is a choice or none refuses only for a time.
    /// </summary>
    public long RetryAfterMs { get; init; }

    /// <summary>
    /// Positions, one bit each, that are full of what others have borrowed: what comes free there is for this call of a
    /// group within its guarantee (see <see cref="Requests.RouteRequest.WithinShare"/>). 0 if there is a choice.
    /// </summary>
    public ulong Claimed { get; init; }

    /// <summary>
    /// The bit of the choice, to be added to <see cref="Requests.RouteRequest.Tried"/>; 0 without one.
    /// </summary>
    public ulong PositionBit => Choice is null ? 0 : 1UL << Position;
}
