namespace Sahab.Routing.Admission;

/// <summary>What a call wants of a key's or a deployment's limits.</summary>
/// <param name="Tokens">Estimated prompt and output tokens. At least 0.</param>
/// <param name="Group">Whose guarantee it falls under; null if nobody's.</param>
/// <param name="WithinShare">Whether it takes only what its group is guaranteed, and borrows nothing.</param>
internal readonly record struct Demand(long Tokens, TenantGroup? Group = null, bool WithinShare = false);

/// <summary>A limit, and how much of it is used.</summary>
/// <param name="Limit">The limit; <see cref="long.MaxValue"/> if it does not bind.</param>
/// <param name="Window">What counts it; null for calls at the same time, and where nothing was counted yet.</param>
internal readonly record struct Room(long Limit, long Used, SlidingWindow? Window = null)
{
    public bool Binds => Limit != long.MaxValue;
}

/// <summary>The three limits of a deployment at one moment.</summary>
internal readonly record struct Rooms(Room Places, Room Requests, Room Tokens)
{
    public Room Of(CapacityUnit unit) => unit switch
    {
        CapacityUnit.Concurrency => Places,
        CapacityUnit.RequestsPerMinute => Requests,
        _ => Tokens,
    };
}
