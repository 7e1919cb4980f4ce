namespace Sahab.Ledger.Contracts;

/// <summary>Where a clause stands in writing.</summary>
/// <param name="Document">The document, by a name or path that a person can find it by.</param>
/// <param name="Page">Its page, from 1.</param>
public sealed record ClauseSource(string Document, int Page);

/// <summary>
/// One thing that a contract says. It is in force from the later of its version's date and its own <see cref="From"/>,
/// until its <see cref="Until"/>, until a later version states or drops a clause of the same id, or until the contract
/// ends.
/// </summary>
public abstract record Clause
{
    /// <summary>Its name within the contract, which it keeps through amendments.</summary>
    public required string Id { get; init; }

    /// <summary>Where it stands.</summary>
    public required ClauseSource Source { get; init; }

    /// <summary>From when it is in force, a whole hour; null: with its version.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>When it ceases to be in force, a whole hour; null: with its contract.</summary>
    public DateTimeOffset? Until { get; init; }
}
