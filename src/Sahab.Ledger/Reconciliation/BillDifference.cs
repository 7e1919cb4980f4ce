namespace Sahab.Ledger.Reconciliation;

/// <summary>Why a provider's bill says something else than our events, as far as the figures tell.</summary>
public enum DifferenceCause : byte
{
    /// <summary>Other tokens, for no reason that the figures show.</summary>
    OtherQuantity,

    /// <summary>The bill has nothing for an hour in which the region served this model.</summary>
    MissingHour,

    /// <summary>The bill has usage of which we know nothing.</summary>
    UnknownUsage,

    /// <summary>Tokens read from a cache are billed as such, and once more as prompt tokens.</summary>
    CachedBilledTwice,

    /// <summary>Tokens read from a cache are billed as other prompt tokens.</summary>
    CachedBilledAsPrompt,

    /// <summary>The same tokens at another price.</summary>
    OtherRate,

    /// <summary>The bill has it in another region.</summary>
    OtherRegion,

    /// <summary>The bill has it in a later hour: we count a call when it starts, the provider when it ends.</summary>
    LaterHour,
}

/// <summary>A place where a bill and our books differ.</summary>
/// <param name="Key">Where.</param>
/// <param name="Cause">The likely cause.</param>
/// <param name="Ours">What we have.</param>
/// <param name="Theirs">What the bill has.</param>
public sealed record BillDifference(BillKey Key, DifferenceCause Cause, BillAmount Ours, BillAmount Theirs)
{
    /// <summary>The region that the bill has it in, where that is the cause.</summary>
    public string? BilledRegion { get; init; }

    /// <summary>What the bill asks for too much, in dollars; negative: too little.</summary>
    public decimal OverbilledUsd => Theirs.CostUsd - Ours.CostUsd;
}
