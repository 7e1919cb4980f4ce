using System.Collections.Immutable;

namespace Sahab.Routing.Admission;

/// <summary>
/// The three limits of a key or a deployment with the calls that hold them. Requests, tokens and concurrency are
/// taken together or not at all. Its owner locks around every method but <see cref="LooksFull"/> and the properties.
/// A call in flight holds a slot (40 bytes); slots are reused and carry a generation, so a lease ends once however
/// often it is ended, and taking one allocates nothing once as many have been in flight before.
/// </summary>
internal sealed class CapacityGate
{
    private const int InitialSlots = 8;
    private const double HoldWeight = 0.1;
    private const long Unlimited = long.MaxValue;

    private readonly bool _countsAlways;
    private ForwardClock _clock;
    private SlidingWindow? _requests;
    private SlidingWindow? _tokens;
    private ShareBook? _shares;
    private Slot[] _slots = [];
    private int _free = -1;
    private int _inFlight;
    private double _holdMs = 1_000;
    private long _requestLimit;
    private long _tokenLimit;
    private long _concurrencyLimit;

    /// <param name="limits">What binds.</param>
    /// <param name="countsAlways">Whether to count requests and tokens that no limit binds, to show them.</param>
    public CapacityGate(Limits limits, bool countsAlways)
    {
        _countsAlways = countsAlways;
        Change(limits);
    }

    /// <summary>Calls that hold a lease.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>The concurrency limit, or <see cref="long.MaxValue"/>.</summary>
    public long ConcurrencyLimit => Volatile.Read(ref _concurrencyLimit);

    /// <summary>Whether nothing binds.</summary>
    public bool IsUnlimited =>
        Volatile.Read(ref _requestLimit) == Unlimited
        && Volatile.Read(ref _tokenLimit) == Unlimited
        && ConcurrencyLimit == Unlimited;

    /// <summary>Sets new limits and guarantees. What is counted and held stays.</summary>
    public void Change(Limits limits, ReadOnlySpan<GroupGuarantee> guarantees = default)
    {
        Volatile.Write(ref _shares, ShareBook.For(_shares, guarantees, limits));
        Volatile.Write(ref _requestLimit, limits.RequestsPerMinute ?? Unlimited);
        Volatile.Write(ref _tokenLimit, limits.TokensPerMinute ?? Unlimited);
        Volatile.Write(ref _concurrencyLimit, limits.Concurrency ?? Unlimited);
    }

    /// <summary>Takes one request, its tokens and a place, or says what is in the way.</summary>
    public AdmitResult TryEnter(in Demand demand, long nowMs, out int index, out int generation)
    {
        (index, generation) = (-1, 0);
        var time = AdvanceTo(nowMs);
        var blocked = Blocked(demand, time);
        if (!blocked.Admitted)
        {
            return blocked;
        }

        if (_requestLimit != Unlimited || _countsAlways)
        {
            _requests ??= Started();
        }

        if (_tokenLimit != Unlimited || _countsAlways)
        {
            _tokens ??= Started();
        }

        _requests?.Charge(1);
        _tokens?.Charge(demand.Tokens);
        index = TakeSlot();
        ref var slot = ref _slots[index];
        slot.StartedMs = time;
        slot.Tokens = demand.Tokens;
        slot.Group = _shares?.Find(demand.Group)?.Use;
        slot.Group?.Enter(demand.Tokens, time / SlidingWindow.BucketMs);
        slot.RequestCharged = _requests is not null;
        slot.TokensCharged = _tokens is not null;
        generation = slot.Generation;
        Volatile.Write(ref _inFlight, _inFlight + 1);
        return default;
    }

    /// <summary>
    /// Ends a lease with the tokens really used, and gives the request back too if it never went anywhere. False if
    /// it had ended before.
    /// </summary>
    public bool TryLeave(int index, int generation, long tokensUsed, bool keepsRequest, long nowMs)
    {
        if (!Holds(index, generation))
        {
            return false;
        }

        var time = AdvanceTo(nowMs);
        ref var slot = ref _slots[index];
        var bucket = slot.StartedMs / SlidingWindow.BucketMs;
        if (slot.TokensCharged)
        {
            _tokens!.Correct(bucket, tokensUsed - slot.Tokens);
        }

        if (slot.RequestCharged && !keepsRequest)
        {
            _requests!.Correct(bucket, -1);
        }

        slot.Group?.Leave(bucket, tokensUsed - slot.Tokens, keepsRequest);
        slot.Group = null;
        _holdMs += HoldWeight * (time - slot.StartedMs - _holdMs);
        slot.Generation++;
        slot.Next = _free;
        _free = index;
        Volatile.Write(ref _inFlight, _inFlight - 1);
        return true;
    }

    /// <summary>Whether a lease has not ended yet.</summary>
    public bool Holds(int index, int generation) =>
        (uint)index < (uint)_slots.Length && generation != 0 && _slots[index].Generation == generation;

    /// <summary>A number that the owner keeps with a lease that has not ended.</summary>
    public ref int NoteOf(int index) => ref _slots[index].Note;

    /// <summary>What is in the way of a call now, and for how long; admitted if nothing is.</summary>
    public AdmitResult Look(in Demand demand, long nowMs) => Blocked(demand, AdvanceTo(nowMs));

    /// <summary>The groups, one bit each, that use less than they are guaranteed, as a glance. Needs no lock.</summary>
    public ulong UnderGuarantee() =>
        Volatile.Read(ref _shares) is { } shares ? shares.UnderGuarantee(Glance()) : 0;

    /// <summary>Whether a call would take only what its group is guaranteed, as a glance. Needs no lock.</summary>
    public bool IsWithinShare(in Demand demand) =>
        demand.Group is not null && Volatile.Read(ref _shares) is { } shares && shares.IsWithinShare(demand, Glance());

    /// <summary>Who keeps most of what is free from a group's call; null if nobody does. Needs no lock.</summary>
    public TenantGroup? Holder(TenantGroup? caller) => Volatile.Read(ref _shares)?.Holder(caller, Glance());

    /// <summary>How each group stands.</summary>
    public ImmutableArray<GuaranteeReading> ReadGuarantees(long nowMs)
    {
        AdvanceTo(nowMs);
        return _shares?.Read(Glance()) ?? [];
    }

    /// <summary>
    /// A glance without a lock: admitted means that a call would have fitted a moment ago. When it says full, up to
    /// one bucket may have left since; <see cref="IsStale"/> tells whether it is worth a <see cref="Look"/>.
    /// </summary>
    public AdmitVerdict LooksFull(in Demand demand)
    {
        var shares = Volatile.Read(ref _shares);
        if (shares is null)
        {
            return demand.WithinShare ? AdmitVerdict.OwnersFirst : LooksPhysicallyFull(demand.Tokens);
        }

        var rooms = Glance();
        var verdict = shares.JudgeFirst(demand, rooms);
        verdict = verdict == AdmitVerdict.Admitted ? LooksPhysicallyFull(demand.Tokens) : verdict;
        return verdict == AdmitVerdict.Admitted ? shares.JudgeLast(demand, rooms) : verdict;
    }

    private AdmitVerdict LooksPhysicallyFull(long tokens)
    {
        var requestLimit = Volatile.Read(ref _requestLimit);
        var tokenLimit = Volatile.Read(ref _tokenLimit);
        if (tokens > tokenLimit || requestLimit < 1 || ConcurrencyLimit < 1)
        {
            return AdmitVerdict.LargerThanLimit;
        }

        if (requestLimit != Unlimited && _requests is { } requests && requests.Used >= requestLimit)
        {
            return AdmitVerdict.RequestsPerMinute;
        }

        if (tokenLimit != Unlimited && _tokens is { } window && tokens > tokenLimit - window.Used)
        {
            return AdmitVerdict.TokensPerMinute;
        }

        return InFlight >= ConcurrencyLimit ? AdmitVerdict.Concurrency : AdmitVerdict.Admitted;
    }

    /// <summary>Whether the windows have not moved since the bucket of this time began. Needs no lock.</summary>
    public bool IsStale(long nowMs)
    {
        var bucket = _clock.Peek(nowMs) / SlidingWindow.BucketMs;
        return (_requests ?? _tokens) is { } window && window.Latest < bucket;
    }

    /// <summary>Requests and tokens of the last 60 seconds (0 where nothing is counted).</summary>
    public (long Requests, long Tokens) Usage(long nowMs)
    {
        AdvanceTo(nowMs);
        return (_requests?.Used ?? 0, _tokens?.Used ?? 0);
    }

    /// <summary>How full the fullest limit looks, 0 to 1; 0 if nothing binds. Needs no lock.</summary>
    public double Fullness()
    {
        var fullness = 0.0;
        var requestLimit = Volatile.Read(ref _requestLimit);
        var tokenLimit = Volatile.Read(ref _tokenLimit);
        var concurrency = ConcurrencyLimit;
        if (requestLimit != Unlimited)
        {
            fullness = Share(_requests?.Used ?? 0, requestLimit);
        }

        if (tokenLimit != Unlimited)
        {
            fullness = Math.Max(fullness, Share(_tokens?.Used ?? 0, tokenLimit));
        }

        return concurrency == Unlimited ? fullness : Math.Max(fullness, Share(InFlight, concurrency));
    }

    private static double Share(long used, long limit) => limit <= 0 ? 1 : Math.Clamp((double)used / limit, 0, 1);

    private long AdvanceTo(long nowMs)
    {
        var time = _clock.Advance(nowMs);
        var bucket = time / SlidingWindow.BucketMs;
        _requests?.Advance(bucket);
        _tokens?.Advance(bucket);
        _shares?.Advance(bucket);
        return time;
    }

    private SlidingWindow Started()
    {
        var window = new SlidingWindow();
        window.Advance(_clock.Latest / SlidingWindow.BucketMs);
        return window;
    }

    private Rooms Glance() => new(
        new Room(ConcurrencyLimit, InFlight),
        new Room(Volatile.Read(ref _requestLimit), _requests?.Used ?? 0, _requests),
        new Room(Volatile.Read(ref _tokenLimit), _tokens?.Used ?? 0, _tokens));

    private long ExpectedPlaceMs() =>
        (long)Math.Clamp(_holdMs / Math.Max(1, _inFlight), 1, SlidingWindow.WindowMs);

    private AdmitResult Blocked(in Demand demand, long time)
    {
        if (_shares is null)
        {
            return demand.WithinShare ? new AdmitResult(AdmitVerdict.OwnersFirst, 0) : Blocked(demand.Tokens, time);
        }

        var rooms = Glance();
        var first = _shares.JudgeFirst(demand, rooms);
        if (first != AdmitVerdict.Admitted)
        {
            return new AdmitResult(first, 0);
        }

        var blocked = Blocked(demand.Tokens, time);
        if (!blocked.Admitted)
        {
            return blocked;
        }

        var last = _shares.JudgeLast(demand, rooms);
        return last == AdmitVerdict.Admitted
            ? default
            : new AdmitResult(last, _shares.WaitMs(demand, rooms, ExpectedPlaceMs(), time));
    }

    private AdmitResult Blocked(long tokens, long time)
    {
        if (tokens > _tokenLimit || _requestLimit < 1 || _concurrencyLimit < 1)
        {
            return new AdmitResult(AdmitVerdict.LargerThanLimit, 0);
        }

        var (verdict, wait) = (AdmitVerdict.Admitted, 0L);
        if (_inFlight >= _concurrencyLimit)
        {
            (verdict, wait) = (AdmitVerdict.Concurrency, ExpectedPlaceMs());
        }

        if (_requestLimit != Unlimited && _requests?.WaitMs(1, _requestLimit, time) is { } forRequests
            && forRequests > wait)
        {
            (verdict, wait) = (AdmitVerdict.RequestsPerMinute, forRequests);
        }

        if (_tokenLimit != Unlimited && _tokens?.WaitMs(tokens, _tokenLimit, time) is { } forTokens
            && forTokens > wait)
        {
            (verdict, wait) = (AdmitVerdict.TokensPerMinute, forTokens);
        }

        return new AdmitResult(verdict, wait);
    }

    private int TakeSlot()
    {
        if (_free < 0)
        {
            var old = _slots.Length;
            Array.Resize(ref _slots, Math.Max(InitialSlots, old * 2));
            for (var index = _slots.Length - 1; index >= old; index--)
            {
                _slots[index].Generation = 1;
                _slots[index].Next = _free;
                _free = index;
            }
        }

        var taken = _free;
        _free = _slots[taken].Next;
        return taken;
    }

    private struct Slot
    {
        public long StartedMs;
        public long Tokens;
        public GroupUse? Group;
        public int Generation;
        public int Next;
        public int Note;
        public bool RequestCharged;
        public bool TokensCharged;
    }
}
