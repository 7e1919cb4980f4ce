using Sahab.Ledger.Budgets;

namespace Sahab.Routing.Admission;

/// <summary>
/// What one node has of one window of a budget. Guarded by its <see cref="BudgetBook"/>.
/// </summary>
/// <remarks>
/// What is here is never more than what the store says that the node holds: it is lowered here first and raised here last.
/// </remarks>
internal sealed class BudgetShare(BudgetMeter meter, long startUs, long endUs)
{
    /// <summary>What nobody has asked for in so many ticks goes back.</summary>
    private const int IdleTicks = 5;

    /// <summary>What was posted is written down after so many ticks at the latest, for others to see.</summary>
    private const int WriteTicks = 5;

    private int _idleFor;
    private int _unwrittenFor;
    private bool _wasUsed;
    private bool _wasRefused;
    private bool _isFresh;
    private long _wantedSeen;
    private long _mark;

    public BudgetMeter Meter => meter;

    public long StartUs => startUs;

    public long EndUs => endUs;

    /// <summary>
    /// What the node may use of the window, with what it has used and is not known to be posted. Below 0 where calls that are
    /// posted by now used more than it held: what the store gives that has not heard of them is theirs first.
    /// </summary>
    public long Held { get; private set; }

    /// <summary>What calls that ended have used, and is not known to be posted.</summary>
    public long Unposted { get; private set; }

    /// <summary>What calls that run may use.</summary>
    public long Reserved { get; private set; }

    public int InFlight { get; private set; }

    /// <summary>What calls wait for that were short since the store was last asked.</summary>
    public long Wanted { get; private set; }

    /// <summary>What the store has, as far as is known: never below <see cref="Held"/>.</summary>
    public long Written { get; private set; }

    /// <summary>Whether a call was refused, since the terms are as they are, because nothing is left.</summary>
    public bool HasRefused { get; private set; }

    /// <summary>What posted events had used when the store was last asked; null: not known.</summary>
    private long? Spent { get; set; }

    /// <summary>What calls have used since then, which cannot be in that.</summary>
    private long Since { get; set; }

    /// <summary>The store had not enough to give; so it is until the next tick.</summary>
    private bool HasNoRoom { get; set; }

    private long Idle => Math.Max(0, Held - Unposted - Reserved);

    public bool IsEmpty => (Held, Unposted, Reserved, InFlight, Written, Wanted) == (0, 0, 0, 0, 0, 0);

    public BudgetPart Part => new(StartUs, Math.Max(0, Held), Unposted, Reserved, InFlight, HasRefused);

    public BudgetVerdict Judge(long needed)
    {
        var left = Math.Max(0, meter.Terms.Limit - (Spent ?? 0) - Since);
        var standing = needed == 0 || needed <= Held - Unposted - Reserved ? BudgetStanding.Admitted
            : needed > left ? BudgetStanding.Exhausted
            : HasNoRoom ? BudgetStanding.Held
            : BudgetStanding.MustAsk;
        if (standing == BudgetStanding.Exhausted)
        {
            (HasRefused, _wasRefused) = (true, true);
        }

        return new BudgetVerdict(standing, meter.Terms, needed, left, EndUs);
    }

    public void Want(long needed) => Wanted = needed > long.MaxValue - Wanted ? long.MaxValue : Wanted + needed;

    public void Reserve(long amount)
    {
        Reserved += amount;
        InFlight++;
        _wasUsed = true;
    }

    public void Release(long amount)
    {
        Reserved -= amount;
        InFlight--;
    }

    public void Use(long amount)
    {
        Unposted += amount;
        Since += amount;
    }

    /// <summary>Notes what is unposted now. Whoever sees it posted says so by <see cref="Posted"/>, with the same number.</summary>
    public long Mark(out long unposted)
    {
        unposted = Unposted;
        return ++_mark;
    }

    /// <summary>What was noted is posted. Nothing happens where it was noted anew since.</summary>
    public void Posted(long mark, long amount)
    {
        if (mark == _mark)
        {
            Unposted -= amount;
            Held -= amount;
            _mark++;
        }
    }

    /// <summary>What the node asks the store for, or tells it.</summary>
    public BudgetClaim Claim(long wanted)
    {
        Wanted = 0;
        // What cost more than the node held is posted, and the store takes it into account from here on.
        Held = Math.Max(0, Held);
        var lacks = wanted == 0 ? 0 : Int128.Clamp((Int128)Unposted + Reserved + wanted - Held, 0, long.MaxValue);
        return new BudgetClaim(this, meter.Version, Held, (long)lacks, wanted);
    }

    /// <param name="isLast">Whether what the store did not give now it will not give if it is asked again at once.</param>
    public void Apply(in BudgetClaim claim, in BudgetGrant grant, long spent, long wanted, bool isLast)
    {
        Held += grant.Given - (claim.Keep - grant.Kept);
        Written = grant.Held;
        (_isFresh, _wantedSeen, _unwrittenFor) = (true, wanted, 0);
        // Who has just asked for it is about to use it.
        _wasUsed |= grant.Given > 0;
        if (claim.Version == meter.Version)
        {
            (Spent, Since) = (spent, 0);
            HasNoRoom = isLast && !grant.IsEnough;
        }
    }

    /// <summary>The terms are others: what was known of what is left is not any more.</summary>
    public void Forget() => (Spent, Since, HasNoRoom, HasRefused) = (null, 0, false, false);

    /// <summary>What is not in use goes back, here at once.</summary>
    public void GiveBack() => Held -= Idle;

    /// <summary>What the store says of the node's part, read after <see cref="BeginTick"/>.</summary>
    public void Compare(long held, long wanted, ref bool isWanted)
    {
        if (_isFresh)
        {
            return;
        }

        // Somebody said that this node is gone.
        (Held, Written) = (Math.Min(Held, held), held);
        isWanted |= wanted != _wantedSeen;
        _wantedSeen = wanted;
    }

    public void BeginTick() => _isFresh = false;

    /// <summary>A second has passed. True: the store is to be told what the node holds now.</summary>
    public bool Tick(long nowUs, bool isShared, bool isWanted)
    {
        HasNoRoom = false;
        if (_wasRefused)
        {
            // A correction may have lowered what was spent.
            (Spent, Since, _wasRefused) = (null, 0, false);
        }

        _idleFor = _wasUsed ? 0 : _idleFor + 1;
        _wasUsed = false;
        var isOver = EndUs <= nowUs || !meter.Terms.IsHard;
        var before = Held;
        if (isWanted || isOver || (isShared && _idleFor >= IdleTicks))
        {
            GiveBack();
        }

        _unwrittenFor = Held == Written ? 0 : _unwrittenFor + 1;
        return Held != Written && (Held != before || isOver || _unwrittenFor >= WriteTicks);
    }
}

/// <summary>What a node asks the store for, of one window of a budget, or tells it.</summary>
public readonly record struct BudgetClaim
{
    internal BudgetClaim(BudgetShare share, int version, long keep, long lacks, long wanted) =>
        (Share, Version, Keep, Lacks, Wanted) = (share, version, keep, lacks, wanted);

    internal BudgetShare Share { get; }

    internal int Version { get; }

    internal long Wanted { get; }

    /// <summary>The budget's id.</summary>
    public string Budget => Share.Meter.Terms.Id;

    /// <summary>The window's start, microseconds since 1970.</summary>
    public long WindowUs => Share.StartUs;

    /// <summary>The window's end, microseconds since 1970.</summary>
    public long EndUs => Share.EndUs;

    /// <summary>What it holds, as it believes. At least 0.</summary>
    public long Keep { get; }

    /// <summary>What it lacks beyond that. At least 0.</summary>
    public long Lacks { get; }
}

/// <summary>What the store answered.</summary>
/// <param name="Claim">To what.</param>
/// <param name="Grant">What the node gets.</param>
/// <param name="Spent">What posted events have used of the window.</param>
/// <param name="Wanted">How often nodes have not got what they lacked.</param>
public readonly record struct BudgetAnswer(BudgetClaim Claim, BudgetGrant Grant, long Spent, long Wanted);

/// <summary>What was used of a window at a moment, to be said posted later.</summary>
public readonly record struct BudgetMark
{
    internal BudgetMark(BudgetShare share, long number, long amount) => (Share, Number, Amount) = (share, number, amount);

    internal BudgetShare Share { get; }

    internal long Number { get; }

    internal long Amount { get; }
}
