using Sahab.Ledger.Rating;
using Sahab.Routing.Admission;
using Sahab.Routing.Requests;
using Sahab.Routing.Steering;

namespace Sahab.Routing.Snapshot;

/// <summary>One model, served at one region by one provider, as the configuration gives it.</summary>
public sealed record DeploymentSpec
{
    /// <value>Unique in a snapshot. What was learned of a deployment outlives reloads under this name.</value>
    public required string Id { get; init; }

    /// <value>Id of the company that sells the compute.</value>
    public required string Provider { get; init; }

    /// <value>Id of the region at the provider.</value>
    public required string Region { get; init; }

    /// <value>Country of the region.</value>
    public required CountryCode Country { get; init; }

    /// <value>Id of the model.</value>
    public required string Model { get; init; }

    /// <value>How its capacity was bought.</value>
    public CapacityKind Kind { get; init; }

    /// <value>What it can do beyond plain text.</value>
    public Capabilities Capabilities { get; init; }

    /// <value>Prompt and output tokens that fit into one call. 0: not known, so never a reason to refuse.</value>
    public int ContextTokens { get; init; }

    /// <value>What it may carry.</value>
    public Limits Limits { get; init; } = Limits.None;

    /// <value>What it costs.</value>
    public PriceTerms Prices { get; init; }

    /// <value>How much of its capacity a token takes. Each token as much as another unless said otherwise.</value>
    public CapacityWeights Weights { get; init; } = CapacityWeights.Even;

    /// <value>Share of the traffic under weighted shuffle and priority order. At least 0; 0 is a last resort.</value>
    public int Weight { get; init; } = 1;

    /// <value>Level under priority order; the lowest number goes first.</value>
    public int Priority { get; init; } = 1;
}
