namespace Sahab.Ledger.Contracts;

/// <summary>
/// Which uses a contract covers. Without such a clause it covers all of its provider; with several, any.
/// </summary>
public sealed record Scope : Clause
{
    /// <summary>The uses.</summary>
    public Selector Uses { get; init; } = Selector.All;
}

/// <summary>
/// The provider's right to be asked first: new capacity that matches must be offered to it before it is bought from
/// anybody else.
/// </summary>
public sealed record FirstRefusal : Clause
{
    /// <summary>What counts as new capacity, by site, country and model.</summary>
    public Selector Uses { get; init; } = Selector.All;

    /// <summary>Purchases below this power are free, in MW. At least 0.</summary>
    public decimal FromMegawatts { get; init; }

    /// <summary>Days in which the holder may answer; silence is a lapse. At least 1.</summary>
    public required int NoticeDays { get; init; }

    /// <summary>
    /// Days after a refusal or a lapse within which the purchase must be signed, or be offered anew. At least 1; null:
    /// no limit.
    /// </summary>
    public int? SignWithinDays { get; init; }
}

/// <summary>The provider's right to be the only one, for uses that match, while the clause is in force.</summary>
public sealed record Exclusivity : Clause
{
    /// <summary>What others may not serve.</summary>
    public Selector Uses { get; init; } = Selector.All;
}
