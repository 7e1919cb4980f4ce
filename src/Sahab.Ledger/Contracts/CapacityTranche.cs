namespace Sahab.Ledger.Contracts;

/// <summary>
/// A capacity right: GPUs or power held for us at a named site, delivered at once, accepted and left on its own terms.
/// It sets no price: <see cref="ReservedFee"/> does. The entitlement, and payment, begin with acceptance.
/// </summary>
public sealed record CapacityTranche : Clause
{
    /// <summary>The provider's region or site.</summary>
    public required string Site { get; init; }

    /// <summary>The site's country, ISO 3166-1 alpha-2.</summary>
    public required string Country { get; init; }

    /// <summary>Kind of GPU, such as <c>GB200</c>; empty where power is delivered.</summary>
    public string GpuKind { get; init; } = "";

    /// <summary>GPUs. At least 0.</summary>
    public int Gpus { get; init; }

    /// <summary>Power, in MW. At least 0.</summary>
    public decimal Megawatts { get; init; }

    /// <summary>When it is to be delivered, a whole hour.</summary>
    public required DateTimeOffset DueAt { get; init; }

    /// <summary>When it was accepted, a whole hour; null: not yet.</summary>
    public DateTimeOffset? AcceptedAt { get; init; }

    /// <summary>What is owed to us while it is late; null: nothing.</summary>
    public LateDelivery? Late { get; init; }

    /// <summary>
    /// From how many days after <see cref="DueAt"/> we may end it, if it is not delivered; null: never.
    /// </summary>
    public int? ExitAfterDays { get; init; }

    /// <summary>Whether we hold it in the hour.</summary>
    public bool IsHeld(Hour hour) => AcceptedAt <= hour.Start;

    /// <summary>Whether we may end it for lateness at the instant.</summary>
    public bool MayBeEnded(DateTimeOffset at) =>
        ExitAfterDays is { } days && at >= DueAt.AddDays(days) && (AcceptedAt is null || AcceptedAt > at);
}

/// <summary>A credit for each day of lateness, counted by the hour.</summary>
/// <param name="PerDay">What a day is worth, in the contract's currency. Above 0.</param>
/// <param name="GraceDays">Days after the due date that are free. At least 0.</param>
/// <param name="MaxDays">For how many days it is owed at most. At least 1.</param>
public sealed record LateDelivery(decimal PerDay, int GraceDays, int MaxDays);

/// <summary>
/// A price right: what reserved capacity costs a month, used or not, from its acceptance. An hour costs its part of the
/// calendar month. A tranche has at most one.
/// </summary>
public sealed record ReservedFee : Clause
{
    /// <summary>Ids of the tranches that it is for. At least one.</summary>
    public required ValueList<string> Tranches { get; init; }

    /// <summary>What the amount is for.</summary>
    public FeeUnit Per { get; init; }

    /// <summary>What that costs a calendar month, in the contract's currency. At least 0.</summary>
    public required decimal PerMonth { get; init; }

    /// <summary>What a tranche costs a calendar month, in the contract's currency.</summary>
    public decimal MonthlyFor(CapacityTranche tranche)
    {
        ArgumentNullException.ThrowIfNull(tranche);
        return Per switch
        {
            FeeUnit.Gpu => PerMonth * tranche.Gpus,
            FeeUnit.Megawatt => PerMonth * tranche.Megawatts,
            _ => PerMonth,
        };
    }
}

/// <summary>What a monthly fee is for.</summary>
public enum FeeUnit : byte
{
    /// <summary>A whole tranche.</summary>
    Tranche = 0,

    /// <summary>One GPU.</summary>
    Gpu = 1,

    /// <summary>One MW.</summary>
    Megawatt = 2,
}
