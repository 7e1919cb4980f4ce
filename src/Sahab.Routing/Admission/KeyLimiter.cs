namespace Sahab.Routing.Admission;

/// <summary>
/// Enforces a key's limits exactly, however many threads ask. In any 60 seconds, counted by the time of admission,
/// no more requests are admitted than the limit says, and no more tokens than the limit plus what the calls among
/// them turned out to use beyond their estimates; while such an overrun is in the window, nothing is admitted on
/// top of it. At saturation 99.5 % of a limit or more is used (a charge leaves after 60,000 to 60,250 ms).
/// </summary>
/// <remarks>
/// A key without limits costs this object and no more. Otherwise 2 KB for each of the two limits per minute, taken at
/// the first call, and 40 bytes for each call in flight at the same time. Thread-safe.
/// </remarks>
public sealed class KeyLimiter
{
    private readonly Lock _lock = new();
    private Limits _limits;
    private CapacityGate? _gate;

    /// <summary>Starts with nothing used.</summary>
    public KeyLimiter(Limits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        _limits = limits;
    }

    /// <summary>The limits in force.</summary>
    public Limits Limits => Volatile.Read(ref _limits);

    /// <summary>
    /// Puts other limits in force. What is used and held stays; what a limit that did not bind before did not count
    /// counts from now on.
    /// </summary>
    public void Change(Limits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        lock (_lock)
        {
            Volatile.Write(ref _limits, limits);
            _gate?.Change(limits);
        }
    }

    /// <summary>Reserves one request, its estimated tokens and a place among the calls at the same time.</summary>
    /// <param name="tokens">Estimated prompt and output tokens. At least 0.</param>
    /// <param name="nowMs">Monotonic milliseconds. Steps back are borne (see the room's README).</param>
    /// <param name="lease">To be ended when the call has ended, whatever its end.</param>
    public AdmitResult TryAdmit(long tokens, long nowMs, out KeyLease lease)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);
        lease = default;
        if (Limits.IsUnlimited)
        {
            return default;
        }

        lock (_lock)
        {
            _gate ??= new CapacityGate(_limits, countsAlways: false);
            var result = _gate.TryEnter(new Demand(tokens), nowMs, out var index, out var generation);
            if (result.Admitted)
            {
                lease = new KeyLease(this, index, generation);
            }

            return result;
        }
    }

    /// <summary>What is used now. Figures of a limit that does not bind are 0.</summary>
    public LimiterReading Read(long nowMs)
    {
        lock (_lock)
        {
            var (requests, tokens) = _gate?.Usage(nowMs) ?? default;
            return new LimiterReading(requests, tokens, _gate?.InFlight ?? 0);
        }
    }

    internal bool End(int index, int generation, long tokensUsed, bool keepsRequest, long nowMs)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tokensUsed);
        lock (_lock)
        {
            return _gate is not null && _gate.TryLeave(index, generation, tokensUsed, keepsRequest, nowMs);
        }
    }
}
