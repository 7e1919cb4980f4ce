namespace Sahab.Ledger.Contracts;

/// <summary>A dated agreement with a provider, or a site of our own: its versions hold all that it says.</summary>
public sealed record Contract
{
    /// <summary>Its id, unique in the book.</summary>
    public required string Id { get; init; }

    /// <summary>The provider that it was made with.</summary>
    public required string Provider { get; init; }

    /// <summary>ISO 4217 code of the currency that every amount in it is in.</summary>
    public string Currency { get; init; } = "USD";

    /// <summary>
    /// Its place among the provider's contracts, lowest first; equals go by id. A use is priced by the first whose
    /// scope covers it, and counts toward commitments in this order, each of its dollars once.
    /// </summary>
    public int Order { get; init; }

    /// <summary>The original and its amendments, by number. At least one.</summary>
    public required ValueList<ContractVersion> Versions { get; init; }
}

/// <summary>
/// What one document made of a contract: the original, an amendment, or the record of an acceptance. It supersedes from
/// its date on what came before it, clause by clause, and leaves the time before as it was.
/// </summary>
public sealed record ContractVersion
{
    /// <summary>From 1, each one more than the one before.</summary>
    public required int Number { get; init; }

    /// <summary>From when it holds, a whole hour of UTC. May lie before <see cref="KnownFrom"/>.</summary>
    public required DateTimeOffset ValidFrom { get; init; }

    /// <summary>When it became known to us. Never before that of the version before it.</summary>
    public required DateTimeOffset KnownFrom { get; init; }

    /// <summary>When the contract ends as this version has it, a whole hour of UTC; null: open.</summary>
    public DateTimeOffset? Ends { get; init; }

    /// <summary>
    /// The clauses that it states: new ones, and those that it states anew. Ids are unique among them.
    /// </summary>
    public ValueList<Clause> Clauses { get; init; } = [];

    /// <summary>
    /// From when our books are kept and what they begin with; null: as the versions before it have it, or else from the
    /// beginning. The last one that is known holds, whenever its version does: it is about the books, not about the contract.
    /// </summary>
    public OpeningBalances? Opening { get; init; }

    /// <summary>Ids of clauses that it drops. Each was stated before.</summary>
    public ValueList<string> Drops { get; init; } = [];
}
