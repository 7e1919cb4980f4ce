namespace Sahab.Routing.Admission;

/// <summary>What a group is guaranteed of the reserved capacity of a model: of each limit of each deployment alike.</summary>
public sealed record GuaranteeTerms
{
    /// <value>The id of the group.</value>
    public required string Group { get; init; }

    /// <value>Its share of the capacity. 0 to 1; those of a model's groups together at most 1.</value>
    public required decimal Share { get; init; }

    /// <value>
    /// How much of the capacity others may borrow of its share while it is idle, 0 to <see cref="Share"/>; null: all of
    /// the share.
    /// </value>
    public decimal? LendingLimit { get; init; }

    /// <value>How much of the capacity it may take beyond its share, 0 to 1; null: what is there.</value>
    public decimal? BorrowingLimit { get; init; }

    /// <summary>Whether its figures are in their ranges.</summary>
    public bool IsValid =>
        Share is >= 0 and <= 1
        && LendingLimit is null or (>= 0 and <= 1)
        && (LendingLimit ?? 0) <= Share
        && BorrowingLimit is null or (>= 0 and <= 1);
}

/// <summary>A guarantee, and the group that it was given to.</summary>
internal readonly record struct GroupGuarantee(TenantGroup Group, GuaranteeTerms Terms);
