using Sahab.Ledger.Rating;

namespace Sahab.Routing.Steering;

/// <summary>
/// What contracts make of a deployment's price at this moment: λ takes off what is owed anyway, μ puts on what scarce
/// capacity is worth to others. Whoever steers sets both; the router reads them with each call and counts what was at
/// stake. Thread-safe, without locks.
/// </summary>
public sealed class MarginalPrice
{
    double _commitmentShare;
    double _nanoUsdPerUnit;
    CommitmentStake? _stake;
    ContractRate? _rate;
    bool _isBarred;

    /// <summary>
    /// λ: the share of the price that a commitment will owe anyway, 0 to 1. 0 where nothing is committed, or the
    /// commitment is safe.
    /// </summary>
    public double CommitmentShare => Volatile.Read(ref _commitmentShare);

    /// <summary>μ: nano-USD for a capacity unit that somebody else may want more. At least 0; 0: not scarce.</summary>
    public double NanoUsdPerUnit => Volatile.Read(ref _nanoUsdPerUnit);

    /// <summary>
    /// Counts what is at stake for the commitment that calls draw on here; null: nobody asks. Deployments that draw on
    /// the same commitment have the same.
    /// </summary>
    public CommitmentStake? Stake
    {
        get => Volatile.Read(ref _stake);
        set => Volatile.Write(ref _stake, value);
    }

    /// <summary>What a contract charges for a token, in place of the configured prices; null: those.</summary>
    public ContractRate? Rate
    {
        get => Volatile.Read(ref _rate);
        set => Volatile.Write(ref _rate, value);
    }

    /// <summary>Whether somebody else's exclusivity keeps calls away at this moment.</summary>
    public bool IsBarred
    {
        get => Volatile.Read(ref _isBarred);
        set => Volatile.Write(ref _isBarred, value);
    }

    /// <summary>Sets both prices, for the calls that come from now on.</summary>
    /// <param name="commitmentShare">λ. 0 to 1.</param>
    /// <param name="nanoUsdPerUnit">μ. At least 0, and finite.</param>
    public void Set(double commitmentShare, double nanoUsdPerUnit)
    {
        if (!(commitmentShare is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(commitmentShare), commitmentShare, "A share, 0 to 1.");
        }

        if (!(nanoUsdPerUnit >= 0 && double.IsFinite(nanoUsdPerUnit)))
        {
            throw new ArgumentOutOfRangeException(nameof(nanoUsdPerUnit), nanoUsdPerUnit, "At least 0, and finite.");
        }

        Volatile.Write(ref _commitmentShare, commitmentShare);
        Volatile.Write(ref _nanoUsdPerUnit, nanoUsdPerUnit);
    }
}

/// <summary>What a contract charges for tokens, its discounts taken off, in US dollars.</summary>
/// <param name="Prices">For a million tokens.</param>
public sealed record ContractRate(PriceTerms Prices);
