using Sahab.Ledger.Rating;
using Sahab.Planning.Traffic;
using Sahab.Planning.Upstreams;
using Sahab.Routing.Admission;
using Sahab.Routing.Requests;
using Sahab.Routing.Snapshot;

namespace Sahab.Planning.Simulation;

/// <summary>A call on its way. Reused when it has ended, so that there are as many as were ever open at once.</summary>
internal sealed class SimulatedCall : BatchJob
{
    public Arrival Arrival { get; set; }

    public RouteRequest Request { get; set; }

    public KeyLease Key { get; set; }

    public DeploymentLease Lease { get; set; }

    /// <summary>The deployment of the latest attempt, by its position in the scenario.</summary>
    public int Deployment { get; set; }

    /// <summary>Its bit among the candidates of the route.</summary>
    public ulong PositionBit { get; set; }

    public bool AtHome { get; set; }

    public PriceTerms Prices { get; set; }

    /// <summary>The hour of the contracts in which the latest attempt was begun.</summary>
    public OpenHour Hour { get; set; } = null!;

    public int Attempts { get; set; }

    public double StartedMs { get; set; }

    public double FirstTokenMs { get; set; }

    public int CachedTokens => PromptTokens - PrefillTokens;

    public long Tokens => (long)Arrival.Prompt + Arrival.Output;
}

/// <summary>How a call ended.</summary>
internal enum CallEnd
{
    Served,

    /// <summary>There was no room in time.</summary>
    Refused,

    /// <summary>Its key had no room left.</summary>
    Limited,

    /// <summary>Every attempt failed, or its stream was cut.</summary>
    Failed,
}
