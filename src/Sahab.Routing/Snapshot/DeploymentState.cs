using System.Collections.Immutable;
using Sahab.Routing.Admission;
using Sahab.Routing.Decisions;
using Sahab.Routing.Steering;

namespace Sahab.Routing.Snapshot;

/// <summary>
/// What is known and held of a deployment: capacity in use, health and learned figures. Lives as long as some
/// snapshot has the deployment, so that a reload forgets nothing. Thread-safe; the router looks without a lock.
/// </summary>
/// <remarks>
/// A rate limit of a deployment holds as a key's does (see <see cref="KeyLimiter"/>), with the same bound. 4 KB, and
/// 40 bytes for each call in flight at the same time; 4 KB for each group that is guaranteed a share and uses it.
/// </remarks>
public sealed class DeploymentState
{
    private const double TypicalInFlight = 32;
    private const long ProbePauseMs = 1_000;
    private const int ThrottlesBeforeOversizedCounts = 3;

    private readonly Lock _lock = new();
    private readonly CapacityGate _gate;
    private readonly Breaker _breaker;
    private Limits _limits;
    private HealthTerms _terms;
    private long _throttledUntilMs = long.MinValue;
    private int _throttles;
    private FailureKind _lastFailure;
    private long _succeeded;
    private long _failed;
    private long _throttled;
    private ReportedLoad? _reported;

    internal DeploymentState(string id, Limits limits, HealthTerms terms)
    {
        Id = id;
        _limits = limits;
        _terms = terms;
        _gate = new CapacityGate(limits, countsAlways: true);
        _breaker = new Breaker(terms);
    }

    /// <summary>The id of the deployment.</summary>
    public string Id { get; }

    /// <summary>What contracts make of its price at this moment.</summary>
    public MarginalPrice Price { get; } = new();

    /// <summary>Calls that run there.</summary>
    public int InFlight => _gate.InFlight;

    /// <summary>
    /// How full the fullest limit looks, 0 to 1; without limits, calls in flight / (calls in flight + 32).
    /// </summary>
    public double Load => _gate.IsUnlimited ? InFlight / (InFlight + TypicalInFlight) : _gate.Fullness();

    /// <summary>
    /// Calls that run or wait there, others' included where its server reports them: at least our own.
    /// </summary>
    /// <param name="nowMs">Monotonic milliseconds.</param>
    public int Busy(long nowMs) =>
        Volatile.Read(ref _reported) is { } report && report.IsFresh(nowMs)
            ? Math.Max(InFlight, report.Running + report.Waiting)
            : InFlight;

    /// <summary>Takes what the server says of itself; it counts for <see cref="ReportedLoad.LifeMs"/>.</summary>
    public void Report(ReportedLoad report)
    {
        ArgumentNullException.ThrowIfNull(report);
        ArgumentOutOfRangeException.ThrowIfNegative(report.Running);
        ArgumentOutOfRangeException.ThrowIfNegative(report.Waiting);
        Volatile.Write(ref _reported, report);
    }

    /// <summary>What calls have taught.</summary>
    internal LearnedFigures Learned { get; } = new();

    /// <summary>The calls that may run at once, or 0 if that is not limited.</summary>
    internal long ConcurrencyOrZero => _gate.ConcurrencyLimit == long.MaxValue ? 0 : _gate.ConcurrencyLimit;

    /// <summary>Whether the next call would be a probe.</summary>
    internal bool WouldProbe(long nowMs) => _breaker.StateAt(nowMs) == BreakerState.HalfOpen;

    /// <summary>
    /// Takes a request, tokens and a place, and the right to probe if that is the only way in: all or nothing.
    /// </summary>
    /// <param name="tokens">Estimated prompt and output tokens. At least 0.</param>
    /// <param name="nowMs">Monotonic milliseconds.</param>
    /// <param name="lease">To be ended when the attempt has ended, whatever its end.</param>
    /// <param name="verdict">What stood against it, <see cref="CandidateVerdict.Eligible"/> if nothing did.</param>
    public bool TryReserve(long tokens, long nowMs, out DeploymentLease lease, out CandidateVerdict verdict) =>
        TryReserve(new Demand(tokens), nowMs, out lease, out verdict);

    /// <summary>The same for a call of a group, whose guarantee and limits count with it.</summary>
    internal bool TryReserve(
        in Demand demand, long nowMs, out DeploymentLease lease, out CandidateVerdict verdict)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(demand.Tokens);
        lease = default;
        lock (_lock)
        {
            verdict = LookAtHealth(nowMs);
            if (verdict != CandidateVerdict.Eligible)
            {
                return false;
            }

            verdict = VerdictOf(_gate.TryEnter(demand, nowMs, out var index, out var generation).Verdict);
            if (verdict != CandidateVerdict.Eligible)
            {
                return false;
            }

            _breaker.TryEnter(nowMs, out _);
            _gate.NoteOf(index) = _breaker.Epoch;
            lease = new DeploymentLease(this, index, generation);
            return true;
        }
    }

    /// <summary>Everything at one moment.</summary>
    public DeploymentReading Read(long nowMs)
    {
        lock (_lock)
        {
            var (requests, tokens) = _gate.Usage(nowMs);
            var breaker = _breaker.StateAt(nowMs);
            return new DeploymentReading
            {
                InFlight = InFlight,
                FirstTokenMs = Learned.FirstTokenMs,
                TokensPerSecond = Learned.TokensPerSecond,
                FailureRate = Learned.FailureRate,
                CachedAtHome = Learned.CachedAtHome,
                CachedElsewhere = Learned.CachedElsewhere,
                Breaker = breaker,
                Outage = _breaker.Reason,
                LastFailure = _lastFailure,
                OpenForMs = breaker == BreakerState.Open ? _breaker.OpenUntilMs - nowMs : 0,
                ThrottledForMs = _throttledUntilMs > nowMs ? _throttledUntilMs - nowMs : 0,
                RequestsLastMinute = requests,
                TokensLastMinute = tokens,
                Load = Load,
                Succeeded = _succeeded,
                Failed = _failed,
                Throttled = _throttled,
                Limits = _limits,
                Reported = _reported is { } report && report.IsFresh(nowMs) ? report : null,
            };
        }
    }

    /// <summary>How each group that is guaranteed a share of it stands; empty if none is.</summary>
    /// <param name="nowMs">Monotonic milliseconds.</param>
    public ImmutableArray<GuaranteeReading> ReadGuarantees(long nowMs)
    {
        lock (_lock)
        {
            return _gate.ReadGuarantees(nowMs);
        }
    }

    /// <summary>The groups, one bit each, that use less than they are guaranteed. Needs no lock.</summary>
    internal ulong UnderGuarantee() => _gate.UnderGuarantee();

    /// <summary>Whether a call would take only what its group is guaranteed. Needs no lock.</summary>
    internal bool IsWithinShare(in Demand demand) => _gate.IsWithinShare(demand);

    /// <summary>The group that keeps most of what is free from a call; null if none does. Needs no lock.</summary>
    internal TenantGroup? Holder(TenantGroup? caller) => _gate.Holder(caller);

    /// <summary>
    /// Puts other limits, guarantees and terms in force, and lets rejected credentials be probed at once.
    /// </summary>
    internal void Change(Limits limits, HealthTerms terms, ReadOnlySpan<GroupGuarantee> guarantees = default)
    {
        lock (_lock)
        {
            _limits = limits;
            _terms = terms;
            _gate.Change(limits, guarantees);
            _breaker.Change(terms);
            _breaker.CredentialsChanged();
        }
    }

    /// <summary>Whether health lets a call go. Needs no lock.</summary>
    internal CandidateVerdict LookAtHealth(long nowMs)
    {
        if (Volatile.Read(ref _reported) is { IsHealthy: false } report && report.IsFresh(nowMs))
        {
            return CandidateVerdict.OutOfService;
        }

        switch (_breaker.StateAt(nowMs))
        {
            case BreakerState.Open:
                return _breaker.Reason == OutageReason.Failures
                    ? CandidateVerdict.BreakerOpen
                    : CandidateVerdict.OutOfService;
            case BreakerState.HalfOpen when _breaker.ProbeHeld:
                return CandidateVerdict.ProbeInFlight;
            default:
                return nowMs < Volatile.Read(ref _throttledUntilMs)
                    ? CandidateVerdict.Throttled
                    : CandidateVerdict.Eligible;
        }
    }

    /// <summary>
    /// Whether capacity lets a call go. Binds nobody: a reservation does. Takes the lock only if it looks
    /// full and a bucket may have left the window since anybody looked, so at most four times a second while full.
    /// </summary>
    internal CandidateVerdict LookAtCapacity(in Demand demand, long nowMs)
    {
        var verdict = _gate.LooksFull(demand);
        if (MovesWithTime(verdict) && _gate.IsStale(nowMs))
        {
            lock (_lock)
            {
                verdict = _gate.Look(demand, nowMs).Verdict;
            }
        }

        return VerdictOf(verdict);
    }

    /// <summary>
    /// Milliseconds until what refuses a call now should not any more; 0 if nothing does or ever will not.
    /// </summary>
    internal long RetryAfterMs(in Demand demand, long nowMs)
    {
        lock (_lock)
        {
            var pause = _throttledUntilMs > nowMs ? _throttledUntilMs - nowMs : 0;
            if (_breaker.StateAt(nowMs) == BreakerState.Open)
            {
                pause = Math.Max(pause, _breaker.OpenUntilMs - nowMs);
            }
            else if (_breaker.ProbeHeld)
            {
                pause = Math.Max(pause, ProbePauseMs);
            }

            if (_reported is { IsHealthy: false } report && report.IsFresh(nowMs))
            {
                pause = Math.Max(pause, ProbePauseMs);
            }

            return Math.Max(pause, _gate.Look(demand, nowMs).RetryAfterMs);
        }
    }

    internal void OnFirstToken(int index, int generation, double elapsedMs, long outputTokens, long nowMs)
    {
        lock (_lock)
        {
            if (!_gate.Holds(index, generation))
            {
                return;
            }

            Learned.Answered(elapsedMs, outputTokens, Busy(nowMs), nowMs);
            ref var epoch = ref _gate.NoteOf(index);
            var before = epoch;
            epoch = _breaker.Answered(before);
            if (epoch != before)
            {
                Learned.Recovered();
            }
        }
    }

    internal bool OnSuccess(int index, int generation, in AttemptUsage usage, long nowMs)
    {
        lock (_lock)
        {
            if (!TryEnd(index, generation, usage.TotalTokens, nowMs, out var epoch))
            {
                return false;
            }

            if (_breaker.Epoch == epoch && _breaker.Reason != OutageReason.None)
            {
                Learned.Recovered();
            }

            _breaker.Succeeded(epoch, nowMs);
            Learned.Succeeded(usage, nowMs);
            _throttles = 0;
            _succeeded++;
            return true;
        }
    }

    internal bool OnFailure(int index, int generation, FailureKind kind, long tokensUsed, long nowMs)
    {
        lock (_lock)
        {
            if (!TryEnd(index, generation, tokensUsed, nowMs, out var epoch))
            {
                return false;
            }

            _breaker.Failed(epoch, nowMs);
            Learned.Failed(nowMs);
            _lastFailure = kind;
            _failed++;
            return true;
        }
    }

    internal bool OnThrottle(int index, int generation, long? retryAfterMs, long nowMs)
    {
        lock (_lock)
        {
            if (!TryEnd(index, generation, 0, nowMs, out var epoch))
            {
                return false;
            }

            _breaker.ReleaseProbe(epoch);
            _throttled++;
            _throttles++;
            var pauseMs = PauseMs(retryAfterMs);
            if (pauseMs > 0)
            {
                Volatile.Write(ref _throttledUntilMs, Math.Max(_throttledUntilMs, nowMs + pauseMs));
            }

            return true;
        }
    }

    internal bool OnRejection(int index, int generation, OutageReason reason, long nowMs)
    {
        if (reason is not (OutageReason.CredentialUnknown or OutageReason.CredentialForbidden))
        {
            throw new ArgumentOutOfRangeException(nameof(reason), reason, "Does not speak of credentials.");
        }

        lock (_lock)
        {
            if (!TryEnd(index, generation, 0, nowMs, out var epoch))
            {
                return false;
            }

            _breaker.Rejected(epoch, reason, nowMs);
            _failed++;
            return true;
        }
    }

    internal bool OnRelease(int index, int generation, long tokensUsed, long nowMs, bool wasSent)
    {
        lock (_lock)
        {
            if (!TryEnd(index, generation, tokensUsed, nowMs, out var epoch, keepsRequest: wasSent))
            {
                return false;
            }

            _breaker.ReleaseProbe(epoch);
            return true;
        }
    }

    private static CandidateVerdict VerdictOf(AdmitVerdict verdict) => verdict switch
    {
        AdmitVerdict.Admitted => CandidateVerdict.Eligible,
        AdmitVerdict.RequestsPerMinute => CandidateVerdict.RequestsFull,
        AdmitVerdict.TokensPerMinute => CandidateVerdict.TokensFull,
        AdmitVerdict.Concurrency => CandidateVerdict.ConcurrencyFull,
        AdmitVerdict.HeldBack => CandidateVerdict.HeldBack,
        AdmitVerdict.BorrowingLimit => CandidateVerdict.BorrowingLimit,
        AdmitVerdict.OwnersFirst => CandidateVerdict.OwnersFirst,
        AdmitVerdict.BeyondShare => CandidateVerdict.BeyondShare,
        _ => CandidateVerdict.LargerThanLimit,
    };

    private static bool MovesWithTime(AdmitVerdict verdict) =>
        verdict is not (AdmitVerdict.Admitted or AdmitVerdict.LargerThanLimit or AdmitVerdict.Concurrency
            or AdmitVerdict.BeyondShare);

    private bool TryEnd(
        int index, int generation, long tokensUsed, long nowMs, out int epoch, bool keepsRequest = true)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tokensUsed);
        epoch = 0;
        if (!_gate.Holds(index, generation))
        {
            return false;
        }

        epoch = _gate.NoteOf(index);
        return _gate.TryLeave(index, generation, tokensUsed, keepsRequest, nowMs);
    }

    // A wait of hours answers a request that is larger than the whole quota. It benches nobody, unless it keeps
    // coming with no success between: then the quota of a day is used up, and the deployment pauses as without a
    // Retry-After.
    private long PauseMs(long? retryAfterMs)
    {
        if (retryAfterMs is { } asked and > 0 && asked <= _terms.RequestThrottleMs)
        {
            return Math.Min(asked, _terms.MaxThrottleMs);
        }

        var unanswered = _throttles - 1;
        if (retryAfterMs > _terms.RequestThrottleMs)
        {
            unanswered -= ThrottlesBeforeOversizedCounts - 1;
            if (unanswered < 0)
            {
                return 0;
            }
        }

        var pauseMs = _terms.DefaultThrottleMs;
        for (var doubled = 0; doubled < unanswered && pauseMs < _terms.MaxThrottleMs; doubled++)
        {
            pauseMs *= 2;
        }

        return Math.Min(pauseMs, _terms.MaxThrottleMs);
    }
}
