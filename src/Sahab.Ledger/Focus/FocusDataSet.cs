namespace Sahab.Ledger.Focus;

/// <summary>A data set of FOCUS in one of its versions.</summary>
/// <param name="Name">Its id, such as <c>CostAndUsage</c>.</param>
/// <param name="Version">The specification's version, such as <c>1.2</c>.</param>
/// <param name="Columns">The columns that it knows.</param>
/// <param name="Rules">What must hold of it.</param>
public sealed record FocusDataSet(
    string Name, string Version, IReadOnlyList<FocusColumn> Columns, IReadOnlyList<FocusRule> Rules)
{
    /// <summary>What was used and what it costs, as of 1.2.</summary>
    public static FocusDataSet CostAndUsage12 { get; } =
        new("CostAndUsage", "1.2", FocusColumns.CostAndUsage12, FocusRules.CostAndUsage12);

    /// <summary>What was agreed, as of 1.3: the amounts.</summary>
    public static FocusDataSet ContractCommitment13 { get; } =
        new("ContractCommitment", "1.3", FocusColumns.ContractCommitment13, FocusRules.ContractCommitment13);

    /// <summary>What was agreed, as of 1.4: how it is fulfilled and paid besides.</summary>
    public static FocusDataSet ContractCommitment14 { get; } =
        new("ContractCommitment", "1.4", FocusColumns.ContractCommitment14, FocusRules.ContractCommitment14);

    /// <summary>All that are known here.</summary>
    public static IReadOnlyList<FocusDataSet> All { get; } = [CostAndUsage12, ContractCommitment13, ContractCommitment14];

    /// <summary>The one of a version, in the words of a command: lower case, with hyphens. Null: there is none.</summary>
    /// <param name="name">Such as <c>contract-commitment</c>.</param>
    /// <param name="version">Such as <c>1.3</c>; null: the latest.</param>
    public static FocusDataSet? Find(string name, string? version) => All.LastOrDefault(set =>
        string.Equals(set.Name, name.Replace("-", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase)
            && (version is null || set.Version == version));

    /// <summary>
    /// Which one a file is, by its columns: the commitments' ids tell them from usage, a column that 1.4 has added tells
    /// the version. What has neither is CostAndUsage.
    /// </summary>
    public static FocusDataSet Recognise(FocusTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        return !table.Has("ContractCommitmentId") ? CostAndUsage12
            : ContractCommitment14.Columns.Any(column =>
                column.Name.StartsWith("ContractCommitment", StringComparison.Ordinal)
                && !ContractCommitment13.Columns.Contains(column) && table.Has(column.Name)) ? ContractCommitment14
            : ContractCommitment13;
    }

    /// <summary>Such as <c>FOCUS 1.4 ContractCommitment</c>.</summary>
    public override string ToString() => $"FOCUS {Version} {Name}";
}
