namespace Sahab.Routing.Snapshot;

/// <summary>When a deployment is left alone, and for how long.</summary>
public sealed record HealthTerms
{
    /// <value>Failures in a row that open the breaker. At least 1, 5 unless said otherwise.</value>
    public int ConsecutiveFailures { get; init; } = 5;

    /// <value>Share of failures in the last 30 s that opens it too. Above 0 to 1, 0.5 unless said otherwise.</value>
    public double FailureShare { get; init; } = 0.5;

    /// <value>Calls in the last 30 s before the share counts. At least 1, 20 unless said otherwise.</value>
    public int MinimumCalls { get; init; } = 20;

    /// <value>Milliseconds that the breaker stays open the first time. At least 1, 5,000 unless said otherwise.</value>
    public long OpenForMs { get; init; } = 5_000;

    /// <value>Milliseconds that it stays open at most, doubled time after failed probe. 60,000.</value>
    public long MaxOpenForMs { get; init; } = 60_000;

    /// <value>Milliseconds until a rejected credential is probed the first time. 60,000 unless said otherwise.</value>
    public long CredentialRetryMs { get; init; } = 60_000;

    /// <value>Milliseconds until it is probed at most, doubled after each rejection. 900,000.</value>
    public long MaxCredentialRetryMs { get; init; } = 900_000;

    /// <value>Milliseconds that a provider's Retry-After can bench a deployment at most. 60,000.</value>
    public long MaxThrottleMs { get; init; } = 60_000;

    /// <value>Milliseconds of pause after a 429 without Retry-After, doubled for each next in a row. 1,000.</value>
    public long DefaultThrottleMs { get; init; } = 1_000;

    /// <value>
    /// A Retry-After beyond this many milliseconds speaks of the request (too large for the quota), not of the
    /// deployment. 3,600,000 unless said otherwise.
    /// </value>
    public long RequestThrottleMs { get; init; } = 3_600_000;

    /// <summary>Throws if a value is outside its range.</summary>
    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(ConsecutiveFailures, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MinimumCalls, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(OpenForMs, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxOpenForMs, OpenForMs);
        ArgumentOutOfRangeException.ThrowIfLessThan(CredentialRetryMs, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxCredentialRetryMs, CredentialRetryMs);
        ArgumentOutOfRangeException.ThrowIfLessThan(DefaultThrottleMs, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxThrottleMs, DefaultThrottleMs);
        ArgumentOutOfRangeException.ThrowIfLessThan(RequestThrottleMs, MaxThrottleMs);
        if (!(FailureShare > 0 && FailureShare <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(FailureShare), FailureShare, "Above 0 to 1.");
        }
    }
}
