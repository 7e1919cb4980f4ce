using Sahab.Routing.Steering;

namespace Sahab.Planning.Scenarios;

/// <summary>
/// How fast one replica of a model is: a server that batches. One step makes a token for each running call and, while
/// prompts are waiting, also works on a chunk of one. See <see cref="Upstreams.BatchServer"/>.
/// </summary>
public sealed record UpstreamTerms
{
    const double TypicalContext = 1_000;

    /// <value>Prompt tokens that a replica with nothing else to do works through in a second. Above 0.</value>
    public required double PrefillTokensPerSecond { get; init; }

    /// <value>Milliseconds of a step, before any call is counted. Above 0.</value>
    public required double StepMs { get; init; }

    /// <value>Milliseconds that each running call adds to a step. At least 0.</value>
    public double StepMsPerCall { get; init; }

    /// <value>Milliseconds that each 1,000 tokens of context of the running calls add to a step. At least 0.</value>
    public double StepMsPerThousandTokens { get; init; }

    /// <value>Prompt tokens that one step takes along. At least 1, 512 unless said otherwise.</value>
    public int ChunkTokens { get; init; } = 512;

    /// <value>Calls that may run at once. At least 1.</value>
    public required int MaxBatch { get; init; }

    /// <value>Tokens, prompts and outputs together, that fit into the memory for keys and values. At least 1.</value>
    public required long MemoryTokens { get; init; }

    /// <value>Calls that may wait at a replica; one more is answered with 429. At least 0, 64 unless said.</value>
    public int MaxWaiting { get; init; } = 64;

    /// <value>Milliseconds on the way to the replica and back, on every call. At least 0.</value>
    public double OverheadMs { get; init; }

    /// <summary>Milliseconds of a step in which so many calls run.</summary>
    /// <param name="calls">How many. 0: no step, 0 ms.</param>
    /// <param name="contextTokens">Tokens of their contexts together.</param>
    public double StepOf(int calls, double contextTokens) => calls == 0
        ? 0
        : StepMs + (calls * StepMsPerCall) + (contextTokens * StepMsPerThousandTokens / 1000);

    /// <summary>How much of a full replica a token takes, in milliseconds.</summary>
    /// <param name="batch">Calls that run in it when it is full. At least 1.</param>
    public CapacityWeights WeightsAt(double batch)
    {
        var prompt = (1000 / PrefillTokensPerSecond) + (StepMs / (ChunkTokens * batch));
        return new CapacityWeights(
            prompt, 0, (StepMs / batch) + StepMsPerCall + (TypicalContext * StepMsPerThousandTokens / 1000));
    }

    /// <summary>Milliseconds that a full chunk of prompt takes by itself.</summary>
    public double ChunkMs => ChunkTokens * 1000 / PrefillTokensPerSecond;
}
