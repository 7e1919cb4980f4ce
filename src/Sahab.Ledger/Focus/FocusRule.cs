namespace Sahab.Ledger.Focus;

/// <summary>What a data set must be like, in one sentence.</summary>
/// <param name="Id">The column, a slash, and what is asked of it, such as <c>ContractedCost/price-times-quantity</c>.</param>
/// <param name="Requirement">The sentence.</param>
public sealed record FocusRule(string Id, string Requirement)
{
    /// <summary>The columns that it looks at; where one is missing, it has nothing to say.</summary>
    public IReadOnlyList<string> Columns { get; init; } = [];

    /// <summary>Of which rows it speaks; null: of every one.</summary>
    internal Func<FocusTable, int, bool>? When { get; init; }

    /// <summary>Whether it holds for a row.</summary>
    internal Func<FocusTable, int, bool>? Row { get; init; }

    /// <summary>Whether it holds for the data set as a whole.</summary>
    internal Func<FocusTable, bool>? Whole { get; init; }

    /// <summary>Why no data set alone can show whether it holds; null: it can.</summary>
    public string? Unprovable { get; init; }
}

/// <summary>What came of a rule.</summary>
public enum FocusVerdict : byte
{
    /// <summary>It holds wherever it applies.</summary>
    Passed,

    /// <summary>It was not tried, for a reason that is given.</summary>
    Skipped,

    /// <summary>It is broken.</summary>
    Failed,
}

/// <summary>A rule, and what came of it.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Verdict">What came of it.</param>
/// <param name="Reason">Why it was skipped, or what breaks it; null where it passed.</param>
/// <param name="Checked">How many rows it speaks of; 1 for a rule about the whole.</param>
/// <param name="Broken">How many of them break it.</param>
public sealed record FocusOutcome(FocusRule Rule, FocusVerdict Verdict, string? Reason, int Checked, int Broken);
