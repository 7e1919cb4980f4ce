namespace Sahab.Routing.Policies;

/// <summary>A candidate's score and the parts that make it, so that a choice can be explained.</summary>
public readonly record struct CandidateScore
{
    /// <summary>
    /// What the picker compares; lower is better. Nano-USD, or the scorer's own unit if it stands alone.
    /// </summary>
    public double Total { get; init; }

    /// <summary>
    /// Expected marginal cost in nano-USD: by the rate, the cache's saving and λ's share taken off, μ put on.
    /// </summary>
    public double CostNanoUsd { get; init; }

    /// <summary>Expected cost by the rate in nano-USD, the cache's saving taken off.</summary>
    public double RateNanoUsd { get; init; }

    /// <summary>λ: the share of the rate that a commitment owes anyway. 0 to 1.</summary>
    public double CommitmentShare { get; init; }

    /// <summary>What the scarce capacity that it takes is worth to others, in nano-USD: μ for each unit.</summary>
    public double ScarcityNanoUsd { get; init; }

    /// <summary>Prompt tokens expected to be read from cache.</summary>
    public double CachedTokens { get; init; }

    /// <summary>Predicted milliseconds to the first token.</summary>
    public double FirstTokenMs { get; init; }

    /// <summary>Predicted milliseconds to the end.</summary>
    public double LatencyMs { get; init; }

    /// <summary>What the latency is worth, in nano-USD.</summary>
    public double LatencyNanoUsd { get; init; }

    /// <summary>What the chance of a failure is worth, in nano-USD.</summary>
    public double FailureNanoUsd { get; init; }
}
