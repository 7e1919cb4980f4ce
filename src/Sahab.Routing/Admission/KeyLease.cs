namespace Sahab.Routing.Admission;

/// <summary>
/// What an admitted call holds of its key's limits. End it exactly once; a second end does nothing, from a copy too.
/// The default value (that of a key without limits) holds nothing.
/// </summary>
public readonly struct KeyLease
{
    private readonly KeyLimiter? _owner;
    private readonly int _index;
    private readonly int _generation;

    internal KeyLease(KeyLimiter owner, int index, int generation)
    {
        _owner = owner;
        _index = index;
        _generation = generation;
    }

    /// <summary>
    /// Ends the lease with what was really used: the difference to the estimate is corrected at the time of
    /// admission, so that a refund is free at once and an overrun binds at once.
    /// </summary>
    /// <param name="tokensUsed">Prompt and output tokens of all attempts. At least 0.</param>
    /// <param name="nowMs">Monotonic milliseconds.</param>
    /// <returns>False if it had ended before, or holds nothing.</returns>
    public bool Settle(long tokensUsed, long nowMs) =>
        _owner is not null && _owner.End(_index, _generation, tokensUsed, keepsRequest: true, nowMs);

    /// <summary>Ends the lease of a call that was attempted nowhere: request and tokens are given back.</summary>
    /// <returns>False if it had ended before, or holds nothing.</returns>
    public bool Cancel(long nowMs) =>
        _owner is not null && _owner.End(_index, _generation, 0, keepsRequest: false, nowMs);
}

/// <summary>What a limiter has counted.</summary>
/// <param name="Requests">Requests in the last 60 seconds.</param>
/// <param name="Tokens">Tokens in the last 60 seconds: used ones of calls that ended, estimates of the others.</param>
/// <param name="InFlight">Calls that hold a lease.</param>
public readonly record struct LimiterReading(long Requests, long Tokens, int InFlight);
