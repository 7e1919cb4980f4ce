using Sahab.Ledger.Contracts;

namespace Sahab.Ledger.Settlements;

/// <summary>What a line of a statement is about.</summary>
public enum StatementKind : byte
{
    /// <summary>A use, as far as no baseline pays for it.</summary>
    Use,

    /// <summary>The part of a use that a baseline pays for.</summary>
    CoveredUse,

    /// <summary>The part of a baseline that nothing used.</summary>
    UnusedBaseline,

    /// <summary>What an hour's baseline costs, as far as it was not paid ahead.</summary>
    Baseline,

    /// <summary>Reserved capacity, or a site of our own, by the hour.</summary>
    Fixed,

    /// <summary>Money that was paid ahead.</summary>
    Prepayment,

    /// <summary>What was left of it at its end.</summary>
    Expired,

    /// <summary>What is owed at the end of a commitment's window.</summary>
    Shortfall,

    /// <summary>What the provider grants.</summary>
    Credit,
}

/// <summary>
/// A line of what a provider's contracts come to, as a bill would tell it. What is billed and what it costs in effect
/// differ where something is paid ahead or whether it is used or not; over all lines until everything is used or has
/// expired, they come to the same.
/// </summary>
public sealed record StatementLine
{
    /// <summary>What it is about.</summary>
    public required StatementKind Kind { get; init; }

    /// <summary>The provider.</summary>
    public required string Provider { get; init; }

    /// <summary>The contract; null: the use falls under none.</summary>
    public string? Contract { get; init; }

    /// <summary>The contract's currency.</summary>
    public string Currency { get; init; } = "USD";

    /// <summary>The clause that makes it; empty for a use at its price.</summary>
    public string Clause { get; init; } = "";

    /// <summary>What was used; null where the line is about no use.</summary>
    public Use? Use { get; init; }

    /// <summary>When what it is about begins.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>When that ends.</summary>
    public required DateTimeOffset Until { get; init; }

    /// <summary>The hour that it is booked in: the month of its bill.</summary>
    public required DateTimeOffset BookedAt { get; init; }

    /// <summary>Units used; of a baseline, what it is counted in; of money paid ahead or owed, a part of its amount.</summary>
    public decimal Quantity { get; init; }

    /// <summary>
    /// What is counted of a baseline: units, or money. Null where the line is of none.
    /// </summary>
    public decimal? CommittedQuantity { get; init; }

    /// <summary>Whether the baseline is counted in money.</summary>
    public bool CommitsMoney { get; init; }

    /// <summary>At list price, in the contract's currency.</summary>
    public decimal List { get; init; }

    /// <summary>At the agreed price, in the contract's currency, whoever pays for it.</summary>
    public decimal Contracted { get; init; }

    /// <summary>What it costs in effect, in the contract's currency.</summary>
    public decimal Effective { get; init; }

    /// <summary>What is billed for it, in the contract's currency.</summary>
    public decimal Billed { get; init; }

    /// <summary>What is billed for it, in US dollars at the hour's rate. Not rounded.</summary>
    public decimal BilledUsd { get; init; }

    /// <summary>What it costs in effect, in US dollars at the hour's rate. Not rounded.</summary>
    public decimal EffectiveUsd { get; init; }

    /// <summary>US dollars for a unit of the currency, in the first hour of the line.</summary>
    public decimal UsdPerUnit { get; init; } = 1;
}
