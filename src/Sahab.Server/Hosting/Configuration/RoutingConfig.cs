namespace Sahab.Server.Hosting.Configuration;

[Doc("How a deployment is chosen, and what happens when it fails.")]
internal sealed record RoutingConfig
{
    [Doc("The rule of choice among the deployments that may serve a call.")]
    public PolicyName Policy { get; init; } = PolicyName.Balanced;

    [Doc("Attempts for one call, the first included. All layers share this one budget.")]
    [Between("1", "16")]
    public int MaxAttempts { get; init; } = 3;

    [Doc("What a second of waiting is worth in US dollars; it turns latency into money under the balanced policy.")]
    [Between("0", "1000")]
    public decimal LatencyValueUsdPerSecond { get; init; } = 0.0005m;

    [Doc("How long a call may wait for capacity that is paid for, where others could serve it at once at a price.")]
    public PatienceConfig Patience { get; init; } = new();

    [Doc("Whether calls with the same beginning prefer the deployment whose prompt cache knows it.")]
    public bool PrefixAffinity { get; init; } = true;

    [Doc("When a failing deployment is left alone.")]
    public BreakerConfig Breaker { get; init; } = new();
}

/// <summary>The rules of choice. The first two are steered by contracts, the others are
/// the strategies that other gateways ship.</summary>
internal enum PolicyName
{
    Balanced,
    LeastCost,
    WeightedShuffle,
    LeastBusy,
    LowestLatency,
    LowestPrice,
    PriorityOrder,
}

[Doc("How long a call may wait for capacity that is paid for, where others could serve it at once at a price.")]
internal sealed record PatienceConfig
{
    [Doc("Of the priority tier.")]
    [Between("0s", "10m")]
    public TimeSpan Priority { get; init; } = TimeSpan.FromMilliseconds(500);

    [Doc("Of the default tier.")]
    [Between("0s", "10m")]
    public TimeSpan Default { get; init; } = TimeSpan.FromSeconds(2);

    [Doc("Of the flex tier. Calls of batches wait for as long as it takes.")]
    [Between("0s", "10m")]
    public TimeSpan Flex { get; init; } = TimeSpan.FromSeconds(20);
}

[Doc("When a failing deployment is left alone.")]
internal sealed record BreakerConfig
{
    [Doc("Failures in a row that open the breaker.")]
    [Between("1", "1000")]
    public int Failures { get; init; } = 5;

    [Doc("How long it stays open the first time; doubled each time that the probe fails.")]
    [Between("100ms", "1h")]
    public TimeSpan OpenFor { get; init; } = TimeSpan.FromSeconds(5);

    [Doc("The longest that it stays open.")]
    [Between("100ms", "24h")]
    public TimeSpan MaxOpenFor { get; init; } = TimeSpan.FromSeconds(60);
}
