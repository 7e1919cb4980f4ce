namespace Sahab.Planning.Traffic;

/// <summary>One call that comes.</summary>
public readonly record struct Arrival
{
    /// <summary>When, in milliseconds from the beginning.</summary>
    public double AtMs { get; init; }

    /// <summary>Which traffic, by its position in the scenario.</summary>
    public int Traffic { get; init; }

    /// <summary>Whose, by its position in the scenario.</summary>
    public int Tenant { get; init; }

    /// <summary>Its tier, by its position in the scenario.</summary>
    public int Tier { get; init; }

    /// <summary>Tokens of its prompt.</summary>
    public int Prompt { get; init; }

    /// <summary>Tokens of its answer.</summary>
    public int Output { get; init; }

    /// <summary>The hash of how its prompt begins; 0 where no other begins so.</summary>
    public ulong Prefix { get; init; }

    /// <summary>How many tokens of the prompt others begin with too.</summary>
    public int PrefixTokens { get; init; }
}
