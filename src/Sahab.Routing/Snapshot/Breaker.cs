namespace Sahab.Routing.Snapshot;

/// <summary>Whether calls go to a deployment. The numbers are stable.</summary>
public enum BreakerState : byte
{
    /// <summary>Calls go.</summary>
    Closed = 0,

    /// <summary>No call goes.</summary>
    Open = 1,

    /// <summary>One call at a time goes, to see.</summary>
    HalfOpen = 2,
}

/// <summary>Why a breaker is not closed. The numbers are stable.</summary>
public enum OutageReason : byte
{
    /// <summary>It is closed.</summary>
    None = 0,

    /// <summary>Too many failures.</summary>
    Failures = 1,

    /// <summary>The provider does not know our credential (401).</summary>
    CredentialUnknown = 2,

    /// <summary>The provider knows our credential and forbids the use (403).</summary>
    CredentialForbidden = 3,
}

/// <summary>
/// The breaker of one deployment. Open turns half open by the passing of time, so there is no timer. Each change of
/// state starts an epoch; what a call of an earlier epoch reports is old news and changes nothing. Its owner locks
/// around the methods; the properties may be read by anybody.
/// </summary>
internal sealed class Breaker(HealthTerms terms)
{
    private const int RecentBuckets = 10;
    private const long RecentBucketMs = 3_000;

    private readonly (int Calls, int Failures)[] _recent = new (int, int)[RecentBuckets];
    private HealthTerms _terms = terms;
    private long _recentBucket;
    private long _openUntilMs;
    private int _consecutive;
    private int _trips;
    private int _epoch = 1;
    private byte _reason;
    private bool _probeHeld;

    /// <summary>Goes up with each change of state.</summary>
    public int Epoch => Volatile.Read(ref _epoch);

    /// <summary>Why it is not closed.</summary>
    public OutageReason Reason => (OutageReason)Volatile.Read(ref _reason);

    /// <summary>When it turns half open; of use only while open.</summary>
    public long OpenUntilMs => Volatile.Read(ref _openUntilMs);

    /// <summary>Whether a call is probing.</summary>
    public bool ProbeHeld => Volatile.Read(ref _probeHeld);

    /// <summary>Sets new terms; they count from the next event.</summary>
    public void Change(HealthTerms terms) => _terms = terms;

    /// <summary>The state at a time.</summary>
    public BreakerState StateAt(long nowMs) => Reason == OutageReason.None
        ? BreakerState.Closed
        : nowMs < OpenUntilMs ? BreakerState.Open : BreakerState.HalfOpen;

    /// <summary>Whether a call may go; takes the right to probe if that is what it is.</summary>
    public bool TryEnter(long nowMs, out bool probe)
    {
        probe = false;
        switch (StateAt(nowMs))
        {
            case BreakerState.Closed:
                return true;
            case BreakerState.HalfOpen when !_probeHeld:
                probe = true;
                Volatile.Write(ref _probeHeld, true);
                return true;
            default:
                return false;
        }
    }

    /// <summary>A call did well.</summary>
    public void Succeeded(int epoch, long nowMs)
    {
        if (epoch != _epoch)
        {
            return;
        }

        if (Reason != OutageReason.None)
        {
            Close();
        }

        _consecutive = 0;
        Recent(nowMs).Calls++;
    }

    /// <summary>A call got its first token. If it is the probe, that is proof enough: returns its new epoch.</summary>
    public int Answered(int epoch)
    {
        if (epoch == _epoch && Reason != OutageReason.None)
        {
            Close();
            return _epoch;
        }

        return epoch;
    }

    /// <summary>A call failed by the deployment's fault.</summary>
    public void Failed(int epoch, long nowMs)
    {
        if (epoch != _epoch)
        {
            return;
        }

        if (Reason != OutageReason.None)
        {
            Open(OutageReason.Failures, nowMs);
            return;
        }

        _consecutive++;
        ref var recent = ref Recent(nowMs);
        recent.Calls++;
        recent.Failures++;
        if (_consecutive >= _terms.ConsecutiveFailures || FailsTooOften())
        {
            Open(OutageReason.Failures, nowMs);
        }
    }

    /// <summary>The provider rejected the credential: open at once.</summary>
    public void Rejected(int epoch, OutageReason reason, long nowMs)
    {
        if (epoch == _epoch)
        {
            Open(reason, nowMs);
        }
    }

    /// <summary>A probe ended without a word on health: the next call may probe.</summary>
    public void ReleaseProbe(int epoch)
    {
        if (epoch == _epoch)
        {
            Volatile.Write(ref _probeHeld, false);
        }
    }

    /// <summary>Credentials may have changed: if they were the reason, the next call probes.</summary>
    public void CredentialsChanged()
    {
        if (Reason is OutageReason.CredentialUnknown or OutageReason.CredentialForbidden)
        {
            _trips = 0;
            NextEpoch();
            Volatile.Write(ref _openUntilMs, long.MinValue);
        }
    }

    private void Open(OutageReason reason, long nowMs)
    {
        var (first, most) = reason == OutageReason.Failures
            ? (_terms.OpenForMs, _terms.MaxOpenForMs)
            : (_terms.CredentialRetryMs, _terms.MaxCredentialRetryMs);
        var openForMs = first;
        for (var trip = 0; trip < _trips && openForMs < most; trip++)
        {
            openForMs *= 2;
        }

        _trips++;
        NextEpoch();
        Volatile.Write(ref _openUntilMs, nowMs + Math.Min(openForMs, most));
        Volatile.Write(ref _reason, (byte)reason);
    }

    private void Close()
    {
        _trips = 0;
        NextEpoch();
        Volatile.Write(ref _reason, (byte)OutageReason.None);
    }

    private void NextEpoch()
    {
        Volatile.Write(ref _epoch, _epoch + 1);
        Volatile.Write(ref _probeHeld, false);
        _consecutive = 0;
        Array.Clear(_recent);
    }

    private bool FailsTooOften()
    {
        var (calls, failures) = (0, 0);
        foreach (var (bucketCalls, bucketFailures) in _recent)
        {
            calls += bucketCalls;
            failures += bucketFailures;
        }

        return calls >= _terms.MinimumCalls && failures >= _terms.FailureShare * calls;
    }

    private ref (int Calls, int Failures) Recent(long nowMs)
    {
        var bucket = Math.Max(_recentBucket, nowMs / RecentBucketMs);
        var steps = Math.Min(bucket - _recentBucket, RecentBuckets);
        for (var step = 0; step < steps; step++)
        {
            _recent[(int)((ulong)(bucket - step) % RecentBuckets)] = default;
        }

        _recentBucket = bucket;
        return ref _recent[(int)((ulong)bucket % RecentBuckets)];
    }
}
