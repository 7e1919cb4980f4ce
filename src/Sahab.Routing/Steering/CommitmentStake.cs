namespace Sahab.Routing.Steering;

/// <summary>
/// What calls that are paid by the token have drawn of a commitment, or would have: of those that drew on no commitment
/// and that one of its deployments had room for. As estimated when they were placed. Thread-safe, without locks.
/// </summary>
public sealed class CommitmentStake
{
    long _contested;
    long _won;

    /// <summary>Nano-USD of all of them, since it began.</summary>
    public long ContestedNanoUsd => Volatile.Read(ref _contested);

    /// <summary>Nano-USD of those that came there.</summary>
    public long WonNanoUsd => Volatile.Read(ref _won);

    internal void Add(double nanoUsd, bool won)
    {
        var amount = (long)nanoUsd;
        Interlocked.Add(ref _contested, amount);
        if (won)
        {
            Interlocked.Add(ref _won, amount);
        }
    }
}
