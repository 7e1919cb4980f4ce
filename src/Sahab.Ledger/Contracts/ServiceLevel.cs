namespace Sahab.Ledger.Contracts;

/// <summary>
/// What availability the provider owes us in a calendar month, and what it credits where it falls short: a part of that
/// month's charges for what fell short, if it is claimed in time.
/// </summary>
public sealed record ServiceLevel : Clause
{
    /// <summary>Which uses it is about.</summary>
    public Selector Uses { get; init; } = Selector.All;

    /// <summary>What is measured, and credited, apart.</summary>
    public LevelScope Per { get; init; }

    /// <summary>What is credited, the highest threshold first. At least one.</summary>
    public required ValueList<LevelStep> Steps { get; init; }

    /// <summary>
    /// How many attempts a month must have to be measured: of fewer nothing can be said. At least 1.
    /// </summary>
    public int MinAttempts { get; init; } = DefaultMinAttempts;

    /// <summary>Days after the month's end within which a credit must be claimed. At least 1.</summary>
    public required int ClaimWithinDays { get; init; }

    /// <summary>Of 1,000 attempts one is 0.1 %: fewer could not tell 99.9 % from all.</summary>
    public const int DefaultMinAttempts = 1_000;

    /// <summary>The part of the charges that is credited for an availability. 0 to 1; 0 where it was kept.</summary>
    /// <param name="availability">The part of the attempts that did not fail. 0 to 1.</param>
    public decimal CreditFor(decimal availability)
    {
        var credit = 0m;
        foreach (var step in Steps)
        {
            credit = availability < step.Below ? step.Credit : credit;
        }

        return credit;
    }
}

/// <summary>What is credited below a threshold, until the next one.</summary>
/// <param name="Below">The availability, above 0, at most 1.</param>
/// <param name="Credit">The part of the month's charges. Above 0, at most 1.</param>
public sealed record LevelStep(decimal Below, decimal Credit);

/// <summary>What availability is measured of.</summary>
public enum LevelScope : byte
{
    /// <summary>All that the clause is about, together.</summary>
    All = 0,

    /// <summary>Each region.</summary>
    Region = 1,

    /// <summary>Each deployment.</summary>
    Deployment = 2,
}
