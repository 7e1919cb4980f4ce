namespace Sahab.Ledger.Contracts;

/// <summary>
/// Money that leaves first and is used up later. It pays for uses as they occur, the balance that expires first before
/// the others; what is left at <see cref="Clause.Until"/> is lost.
/// </summary>
public sealed record Prepayment : Clause
{
    /// <summary>What is paid, in the contract's currency. Above 0.</summary>
    public required decimal Amount { get; init; }

    /// <summary>When it is paid, a whole hour while the clause is in force. It can be used from then on.</summary>
    public required DateTimeOffset PaidAt { get; init; }

    /// <summary>Which uses it pays for.</summary>
    public Selector Uses { get; init; } = Selector.All;

    /// <summary>The part of each of them that it pays for; the rest is billed. Above 0, at most 1.</summary>
    public decimal Share { get; init; } = 1;

    /// <summary>Whether it is there for the fee of a committed use, and for nothing else.</summary>
    public bool Pays(CommittedUse committed)
    {
        ArgumentNullException.ThrowIfNull(committed);
        return Uses.Services is [Use.CommittedUse] && Uses.Deployments.Contains(committed.Id);
    }
}

/// <summary>
/// Money that the provider grants: for a breach of a service level, or as an incentive. It lowers the bill.
/// </summary>
public sealed record Credit : Clause
{
    /// <summary>What is granted, in the contract's currency. Above 0.</summary>
    public required decimal Amount { get; init; }

    /// <summary>When it counts, a whole hour while the clause is in force.</summary>
    public required DateTimeOffset GrantedAt { get; init; }

    /// <summary>What for.</summary>
    public string Reason { get; init; } = "";
}
