namespace Sahab.Ledger.Postings;

/// <summary>
/// An account of the ledger, by its name: a path of segments joined by colons, from the general to the particular.
/// The room's README holds the chart of accounts.
/// </summary>
public readonly record struct Account
{
    Account(string name) => Name = name;

    /// <summary>The whole name, such as <c>cost:compute:azure:eastus:gpt-large-eastus</c>.</summary>
    public string Name { get; }

    /// <summary>What compute at a deployment has cost. Its balance is a debit: at least zero.</summary>
    public static Account ComputeCost(string provider, string region, string deployment) =>
        new($"cost:compute:{Segment(provider)}:{Segment(region)}:{Segment(deployment)}");

    /// <summary>What is owed to a provider. Its balance is a credit: at most zero.</summary>
    public static Account Payable(string provider) => new($"payable:{Segment(provider)}");

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>Two different ids must never yield one account, so the separator is escaped inside a segment.</summary>
    static string Segment(string id)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        return id.AsSpan().ContainsAny('%', ':')
            ? id.Replace("%", "%25", StringComparison.Ordinal).Replace(":", "%3A", StringComparison.Ordinal)
            : id;
    }
}
