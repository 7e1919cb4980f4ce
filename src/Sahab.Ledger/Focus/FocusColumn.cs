namespace Sahab.Ledger.Focus;

/// <summary>Whether a data set must have a column.</summary>
public enum FocusLevel : byte
{
    /// <summary>Always.</summary>
    Mandatory,

    /// <summary>Where the provider has what it speaks of.</summary>
    Conditional,

    /// <summary>It should.</summary>
    Recommended,
}

/// <summary>What a column's values are.</summary>
public enum FocusType : byte
{
    /// <summary>Text.</summary>
    Text,

    /// <summary>A number with a point, without separators, signs of currency or units.</summary>
    Number,

    /// <summary>A time in UTC, <c>2026-11-01T00:00:00Z</c>.</summary>
    Time,

    /// <summary>A JSON object whose values are neither objects nor arrays.</summary>
    Pairs,

    /// <summary>A JSON object of any shape.</summary>
    Structure,
}

/// <summary>What a text must look like besides.</summary>
public enum FocusFormat : byte
{
    /// <summary>As it likes.</summary>
    None,

    /// <summary>A currency of ISO 4217, such as <c>USD</c>.</summary>
    Currency,

    /// <summary>A unit, such as <c>Hours</c>, <c>1000000 Tokens</c> or <c>GB-Hours</c>.</summary>
    Unit,

    /// <summary>A length of time, such as <c>1 Year</c> or <c>3 Months</c>.</summary>
    Duration,
}

/// <summary>A column of FOCUS, the FinOps open specification of cost and usage (sources: versions 1.2 to 1.4).</summary>
/// <param name="Name">Its id.</param>
/// <param name="Level">Whether it must be there.</param>
/// <param name="Type">What it holds.</param>
public sealed record FocusColumn(string Name, FocusLevel Level, FocusType Type)
{
    /// <summary>Whether a row may leave it empty.</summary>
    public bool AllowsNull { get; init; }

    /// <summary>What a text must look like.</summary>
    public FocusFormat Format { get; init; }

    /// <summary>Whether its number is at least 0.</summary>
    public bool IsNonNegative { get; init; }

    /// <summary>Whether its number is from 0 to 1.</summary>
    public bool IsShare { get; init; }

    /// <summary>The only values that it may have; empty: any.</summary>
    public IReadOnlyList<string> Values { get; init; } = [];
}
