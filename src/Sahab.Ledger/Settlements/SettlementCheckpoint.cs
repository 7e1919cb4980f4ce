namespace Sahab.Ledger.Settlements;

/// <summary>
/// All that the settlement of a provider's contracts carries into an hour: with it, what was used and posted before need not
/// be read again. It holds for the contracts by which it was made, and for what was used before that hour as it was then.
/// </summary>
public sealed record SettlementCheckpoint
{
    /// <summary>The provider.</summary>
    public required string Provider { get; init; }

    /// <summary>The hour, the first of a month.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>How windows stood that had begun.</summary>
    public required IReadOnlyList<CommitmentStanding> Standings { get; init; }

    /// <summary>What rates with tiers had reached.</summary>
    public required IReadOnlyList<CarriedVolume> Volumes { get; init; }

    /// <summary>What was paid ahead.</summary>
    public required IReadOnlyList<CarriedPrepayment> Prepayments { get; init; }

    /// <summary>What contracts had accrued.</summary>
    public required IReadOnlyList<CarriedAccrual> Accruals { get; init; }
}

/// <summary>Spend at a rate in the period that begins then, in the contract's currency.</summary>
public sealed record CarriedVolume(string Contract, string Rate, DateTimeOffset Period, decimal Volume);

/// <summary>What was paid ahead and what of it was used, in the contract's currency, at the rate of its payment.</summary>
public sealed record CarriedPrepayment(
    string Contract, string Prepayment, decimal Paid, decimal Drawn, decimal UsdPerUnit);

/// <summary>What a contract had accrued since it was last billed, in nano-USD.</summary>
public sealed record CarriedAccrual(string Contract, decimal Nano);
