using Sahab.Planning.Scenarios;
using Sahab.Planning.Simulation;

namespace Sahab.Planning.Optimum;

/// <summary>
/// What a call takes of a deployment's replicas, in seconds of one. Steps can be shared by as many calls as may run, and
/// as fit into memory: each bounds the work by itself, so there are two measures of it.
/// </summary>
internal sealed class ReplicaCapacity
{
    /// <summary>How many measures there are.</summary>
    public const int Measures = 2;

    const int Work = 0;

    readonly UpstreamTerms _upstream;
    readonly double _batch;
    readonly WorkInFlight[] _inFlight;

    public ReplicaCapacity(Scenario scenario, ScenarioDeployment deployment)
    {
        _upstream = deployment.Upstream;
        var places = deployment.Spec.Limits.Concurrency;

        // Of calls that are limited to fewer, most is made when all replicas have as many.
        _batch = Math.Min(_upstream.MaxBatch, (double?)places / deployment.Replicas ?? _upstream.MaxBatch);
        var most = places ?? (deployment.Replicas * ((long)_upstream.MaxBatch + _upstream.MaxWaiting));
        var buckets = (int)Math.Ceiling(scenario.Length / scenario.Bucket);
        var reach = (int)Math.Ceiling((scenario.Tiers.Max(tier => tier.MaxWait) + Simulator.Drain) / scenario.Bucket);
        _inFlight =
        [
            .. Enumerable.Range(0, Measures).Select(_ => new WorkInFlight(buckets, most, reach)),
        ];
    }

    /// <summary>What a measure is called in rows.</summary>
    public static string NameOf(int measure) => measure == Work ? "work" : "memory";

    /// <summary>Takes a call in that comes in a bucket: it may be in flight later.</summary>
    public void See(int bucket, in DemandSums call)
    {
        for (var measure = 0; measure < Measures; measure++)
        {
            _inFlight[measure].Add(bucket, SecondsOf(call, measure));
        }
    }

    /// <summary>The most that calls in flight can have left at the end of a bucket, in seconds of a replica.</summary>
    public double MostInFlight(int bucket, int measure) => _inFlight[measure].MostAtEndOf(bucket);

    /// <summary>What a call takes, in seconds of a replica.</summary>
    public double SecondsOf(in DemandSums call, int measure)
    {
        // A call whose prompt is worked through has a place and its memory too.
        var wholeSteps = measure == Work
            ? (call.Steps + (call.Prefill / _upstream.ChunkTokens)) / _batch
            : (call.Memory + (call.PrefillMemory / _upstream.ChunkTokens)) / _upstream.MemoryTokens;
        return (call.Prefill / _upstream.PrefillTokensPerSecond)
            + (((wholeSteps * _upstream.StepMs) + (call.Steps * _upstream.StepMsPerCall)
                + (call.Context * _upstream.StepMsPerThousandTokens / 1000)) / 1000);
    }
}
