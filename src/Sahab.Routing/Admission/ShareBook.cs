using System.Collections.Immutable;

namespace Sahab.Routing.Admission;

/// <summary>
/// Who is guaranteed what of one deployment, as of one configuration. It only judges: what is used is counted by the
/// <see cref="CapacityGate"/> that has it, whose owner locks where a judgement must hold.
/// </summary>
/// <remarks>
/// <para>
/// For each limit that binds, a call of group g that wants an amount a is let in if what is used + a + Σ over the other
/// groups of max(0, held back − used by it) is at most the limit, and what g uses + a at most the most that it may.
/// What a group holds back is its guarantee less what it lends, so with unlimited lending nothing is.
/// </para>
/// <para>
/// As guarantees together are at most the limit, a call within its group's guarantee fits as soon as what others have
/// borrowed is back, whatever those others are guaranteed.
/// </para>
/// </remarks>
internal sealed class ShareBook
{
    private static readonly CapacityUnit[] Units =
        [CapacityUnit.Concurrency, CapacityUnit.RequestsPerMinute, CapacityUnit.TokensPerMinute];

    private readonly GroupShare[] _shares;
    private readonly GroupShare?[] _byNumber = new GroupShare?[TenantGroup.MaxGroups];

    private ShareBook(GroupShare[] shares)
    {
        _shares = shares;
        foreach (var share in shares)
        {
            _byNumber[share.Group.Number] = share;
        }
    }

    /// <summary>The book of a configuration; null if nothing is guaranteed or nothing binds.</summary>
    /// <param name="before">What was in force: what groups use is carried over.</param>
    /// <param name="guarantees">What is guaranteed now.</param>
    /// <param name="limits">Of what.</param>
    public static ShareBook? For(ShareBook? before, ReadOnlySpan<GroupGuarantee> guarantees, Limits limits)
    {
        if (guarantees.IsEmpty || limits.IsUnlimited)
        {
            return null;
        }

        var places = Allotment.Of(guarantees, limits.Concurrency ?? long.MaxValue);
        var requests = Allotment.Of(guarantees, limits.RequestsPerMinute ?? long.MaxValue);
        var tokens = Allotment.Of(guarantees, limits.TokensPerMinute ?? long.MaxValue);
        var shares = new GroupShare[guarantees.Length];
        for (var index = 0; index < shares.Length; index++)
        {
            var group = guarantees[index].Group;
            var use = before?.Find(group)?.Use ?? new GroupUse();
            shares[index] = new GroupShare(group, use, places[index], requests[index], tokens[index]);
        }

        return new ShareBook(shares);
    }

    /// <summary>The share of a group here; null if it is guaranteed nothing.</summary>
    public GroupShare? Find(TenantGroup? group) =>
        group is not null && _byNumber[group.Number] is { } share && share.Group == group ? share : null;

    /// <summary>Moves all counts to a bucket.</summary>
    public void Advance(long bucket)
    {
        foreach (var share in _shares)
        {
            share.Use.Advance(bucket);
        }
    }

    /// <summary>What no end of any call would change, or is not to be looked at now.</summary>
    public AdmitVerdict JudgeFirst(in Demand demand, in Rooms rooms)
    {
        var own = Find(demand.Group);
        foreach (var unit in Units)
        {
            var room = rooms.Of(unit);
            if (!room.Binds)
            {
                continue;
            }

            var (amount, most) = (AmountOf(unit, demand), room.Limit);
            foreach (var share in _shares)
            {
                most -= share == own ? 0 : share.Of(unit).HeldBack;
            }

            if (amount > Math.Min(most, own?.Of(unit).Most ?? long.MaxValue))
            {
                // What is larger than the whole limit is refused for that by whoever asked.
                return amount > room.Limit ? AdmitVerdict.Admitted : AdmitVerdict.BeyondShare;
            }

            if (demand.WithinShare && (own is null || !IsWithin(own, unit, amount)))
            {
                return AdmitVerdict.OwnersFirst;
            }
        }

        return AdmitVerdict.Admitted;
    }

    /// <summary>What stands against a call that there is physical room for.</summary>
    public AdmitVerdict JudgeLast(in Demand demand, in Rooms rooms)
    {
        var own = Find(demand.Group);
        foreach (var unit in Units)
        {
            var room = rooms.Of(unit);
            if (!room.Binds)
            {
                continue;
            }

            var amount = AmountOf(unit, demand);
            if (own is not null && own.Of(unit).Most != long.MaxValue
                && own.Use.Of(unit) + amount > own.Of(unit).Most)
            {
                return AdmitVerdict.BorrowingLimit;
            }

            if (amount > room.Limit - room.Used - HeldFromOthers(own, unit))
            {
                return AdmitVerdict.HeldBack;
            }
        }

        return AdmitVerdict.Admitted;
    }

    /// <summary>Milliseconds until what <see cref="JudgeLast"/> said should not hold any more. At least 1.</summary>
    /// <param name="demand">What is wanted.</param>
    /// <param name="rooms">What there is.</param>
    /// <param name="placeMs">Milliseconds to the expected end of the next call.</param>
    /// <param name="timeMs">The gate's own time.</param>
    public long WaitMs(in Demand demand, in Rooms rooms, long placeMs, long timeMs)
    {
        var own = Find(demand.Group);
        var wait = Math.Max(1, placeMs);
        foreach (var unit in Units)
        {
            var (room, amount) = (rooms.Of(unit), AmountOf(unit, demand));
            if (!room.Binds || unit == CapacityUnit.Concurrency)
            {
                continue;
            }

            var open = room.Limit - HeldFromOthers(own, unit);
            wait = Math.Max(wait, room.Window?.WaitMs(amount, open, timeMs) ?? 0);
            if (own is not null && own.Of(unit).Most != long.MaxValue)
            {
                wait = Math.Max(wait, own.Use.WindowOf(unit)?.WaitMs(amount, own.Of(unit).Most, timeMs) ?? 0);
            }
        }

        return wait;
    }

    /// <summary>Whether a call would take only what its group is guaranteed of every limit that binds.</summary>
    public bool IsWithinShare(in Demand demand, in Rooms rooms)
    {
        var own = Find(demand.Group);
        var isWithin = own is not null;
        foreach (var unit in Units)
        {
            isWithin = isWithin && (!rooms.Of(unit).Binds || IsWithin(own!, unit, AmountOf(unit, demand)));
        }

        return isWithin;
    }

    /// <summary>The groups, one bit each, that use less than they are guaranteed of every limit that binds.</summary>
    public ulong UnderGuarantee(in Rooms rooms)
    {
        var groups = 0UL;
        foreach (var share in _shares)
        {
            var isUnder = true;
            foreach (var unit in Units)
            {
                isUnder &= !rooms.Of(unit).Binds || share.Use.Of(unit) < share.Of(unit).Guaranteed;
            }

            groups |= isUnder ? share.Group.Bit : 0;
        }

        return groups;
    }

    /// <summary>Who keeps most of what is free from a call; null if nobody keeps any.</summary>
    public TenantGroup? Holder(TenantGroup? caller, in Rooms rooms)
    {
        var (holder, most) = ((TenantGroup?)null, 0.0);
        foreach (var share in _shares)
        {
            foreach (var unit in Units)
            {
                var room = rooms.Of(unit);
                if (share.Group != caller && room is { Binds: true, Limit: > 0 })
                {
                    var held = (double)HeldNow(share, unit) / room.Limit;
                    (holder, most) = held > most ? (share.Group, held) : (holder, most);
                }
            }
        }

        return holder;
    }

    /// <summary>How each group stands in each limit that binds.</summary>
    public ImmutableArray<GuaranteeReading> Read(in Rooms rooms)
    {
        var readings = ImmutableArray.CreateBuilder<GuaranteeReading>(_shares.Length);
        foreach (var unit in Units)
        {
            var room = rooms.Of(unit);
            if (!room.Binds)
            {
                continue;
            }

            var (lent, lendable) = Lent(unit, room);
            foreach (var share in _shares)
            {
                var (allotted, used) = (share.Of(unit), share.Use.Of(unit));
                readings.Add(new GuaranteeReading
                {
                    Group = share.Group.Id,
                    Unit = unit,
                    Limit = room.Limit,
                    Guaranteed = allotted.Guaranteed,
                    Most = allotted.Most == long.MaxValue ? null : allotted.Most,
                    Used = used,
                    HeldBack = HeldNow(share, unit),
                    Borrowed = Math.Max(0, used - allotted.Guaranteed),
                    Lent = lent == 0 ? 0 : lent * Lendable(share, unit) / lendable,
                });
            }
        }

        return readings.ToImmutable();
    }

    private static long AmountOf(CapacityUnit unit, in Demand demand) =>
        unit == CapacityUnit.TokensPerMinute ? demand.Tokens : 1;

    private static bool IsWithin(GroupShare own, CapacityUnit unit, long amount) =>
        own.Use.Of(unit) + amount <= own.Of(unit).Guaranteed;

    private static long HeldNow(GroupShare share, CapacityUnit unit) =>
        Math.Max(0, share.Of(unit).HeldBack - share.Use.Of(unit));

    // What of its idle guarantee others may have.
    private static long Lendable(GroupShare share, CapacityUnit unit)
    {
        var (allotted, used) = (share.Of(unit), share.Use.Of(unit));
        return Math.Clamp(allotted.Guaranteed - used, 0, allotted.Guaranteed - allotted.HeldBack);
    }

    private long HeldFromOthers(GroupShare? own, CapacityUnit unit)
    {
        var held = 0L;
        foreach (var share in _shares)
        {
            held += share == own ? 0 : HeldNow(share, unit);
        }

        return held;
    }

    // What is used beyond guarantees takes first what nobody is guaranteed; the rest is lent by those that could.
    private (double Lent, double Lendable) Lent(CapacityUnit unit, in Room room)
    {
        var (free, beyond, lendable) = (room.Limit, room.Used, 0L);
        foreach (var share in _shares)
        {
            free -= share.Of(unit).Guaranteed;
            beyond -= Math.Min(share.Use.Of(unit), share.Of(unit).Guaranteed);
            lendable += Lendable(share, unit);
        }

        return (Math.Clamp(beyond - free, 0, lendable), lendable);
    }
}
