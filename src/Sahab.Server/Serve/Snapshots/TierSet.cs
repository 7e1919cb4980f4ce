using Sahab.Routing.Requests;

namespace Sahab.Server.Serve.Snapshots;

/// <summary>Service tiers that the calls of a key may have. Never empty, unless it is the default value.</summary>
internal readonly record struct TierSet
{
    readonly byte _bits;

    TierSet(int bits) => _bits = (byte)bits;

    public static TierSet All { get; } = UpTo(ServiceTier.Priority);

    /// <summary>The tier and all that are less urgent.</summary>
    public static TierSet UpTo(ServiceTier highest) => Of(Enum.GetValues<ServiceTier>().Where(tier => tier >= highest));

    public static TierSet Of(IEnumerable<ServiceTier> tiers) =>
        new(tiers.Aggregate(0, (bits, tier) => bits | (1 << (int)tier)));

    public bool Contains(ServiceTier tier) => (_bits & (1 << (int)tier)) != 0;

    /// <summary>The most urgent of them.</summary>
    public ServiceTier Highest => (ServiceTier)int.TrailingZeroCount(_bits);

    /// <summary>
    /// What a call gets that asks for a tier: that one, or the next less urgent that it may have, or, where there is none,
    /// the least urgent of all that it may have.
    /// </summary>
    public ServiceTier Grant(ServiceTier asked)
    {
        var lower = _bits >> (int)asked;
        return lower != 0
            ? asked + (byte)int.TrailingZeroCount(lower)
            : (ServiceTier)(31 - int.LeadingZeroCount(_bits));
    }
}
