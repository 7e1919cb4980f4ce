namespace Sahab.Routing.Admission;

/// <summary>What a group is given of one limit of a deployment, in whole places, requests or tokens.</summary>
/// <param name="Guaranteed">What it is guaranteed.</param>
/// <param name="HeldBack">What of it nobody else gets, used or not.</param>
/// <param name="Most">The most that it may use; <see cref="long.MaxValue"/> without a limit.</param>
internal readonly record struct Allotment(long Guaranteed, long HeldBack, long Most)
{
    /// <summary>What several guarantees come to of one limit, in their order.</summary>
    /// <remarks>
    /// Shares are rounded so that together they are what all shares come to, rounded down: what rounding down leaves
    /// goes to those that it takes most from. Lending and borrowing limits are rounded down each.
    /// </remarks>
    public static Allotment[] Of(ReadOnlySpan<GroupGuarantee> guarantees, long limit)
    {
        var allotments = new Allotment[guarantees.Length];
        if (limit == long.MaxValue)
        {
            Array.Fill(allotments, new Allotment(0, 0, long.MaxValue));
            return allotments;
        }

        var guaranteed = Apportion(guarantees, limit);
        for (var index = 0; index < guarantees.Length; index++)
        {
            var terms = guarantees[index].Terms;
            var own = guaranteed[index];
            var lent = terms.LendingLimit is { } lending ? Math.Min(own, Part(lending, limit)) : own;
            var most = terms.BorrowingLimit is { } borrowing ? own + Part(borrowing, limit) : long.MaxValue;
            allotments[index] = new Allotment(own, own - lent, most);
        }

        return allotments;
    }

    private static long[] Apportion(ReadOnlySpan<GroupGuarantee> guarantees, long limit)
    {
        var parts = new long[guarantees.Length];
        var (shares, left) = (0m, 0L);
        for (var index = 0; index < parts.Length; index++)
        {
            var share = guarantees[index].Terms.Share;
            parts[index] = Part(share, limit);
            shares += share;
            left -= parts[index];
        }

        left += Part(shares, limit);
        for (; left > 0; left--)
        {
            var (neediest, most) = (0, decimal.MinValue);
            for (var index = 0; index < parts.Length; index++)
            {
                var missing = (guarantees[index].Terms.Share * limit) - parts[index];
                (neediest, most) = missing > most ? (index, missing) : (neediest, most);
            }

            parts[neediest]++;
        }

        return parts;
    }

    private static long Part(decimal share, long limit) => (long)decimal.Floor(share * limit);
}

/// <summary>
/// What calls of a group hold of a deployment. Outlives reloads as long as the group is guaranteed anything there. Its
/// owner locks around every method; what is used may be read by anybody.
/// </summary>
internal sealed class GroupUse
{
    private SlidingWindow? _requests;
    private SlidingWindow? _tokens;
    private int _inFlight;

    /// <summary>Tokens and requests of the last minute, or calls at the same time.</summary>
    public long Of(CapacityUnit unit) => unit == CapacityUnit.Concurrency
        ? Volatile.Read(ref _inFlight)
        : WindowOf(unit)?.Used ?? 0;

    public SlidingWindow? WindowOf(CapacityUnit unit) => unit switch
    {
        CapacityUnit.RequestsPerMinute => _requests,
        CapacityUnit.TokensPerMinute => _tokens,
        _ => null,
    };

    public void Advance(long bucket)
    {
        _requests?.Advance(bucket);
        _tokens?.Advance(bucket);
    }

    public void Enter(long tokens, long bucket)
    {
        _requests ??= new SlidingWindow();
        _tokens ??= new SlidingWindow();
        Advance(bucket);
        _requests.Charge(1);
        _tokens.Charge(tokens);
        Volatile.Write(ref _inFlight, _inFlight + 1);
    }

    public void Leave(long bucket, long tokenDifference, bool keepsRequest)
    {
        _tokens!.Correct(bucket, tokenDifference);
        if (!keepsRequest)
        {
            _requests!.Correct(bucket, -1);
        }

        Volatile.Write(ref _inFlight, _inFlight - 1);
    }
}

/// <summary>What a group is given of a deployment, as of one configuration, and what it uses.</summary>
internal sealed class GroupShare(
    TenantGroup group, GroupUse use, Allotment places, Allotment requests, Allotment tokens)
{
    public TenantGroup Group => group;

    public GroupUse Use => use;

    public Allotment Of(CapacityUnit unit) => unit switch
    {
        CapacityUnit.Concurrency => places,
        CapacityUnit.RequestsPerMinute => requests,
        _ => tokens,
    };
}
