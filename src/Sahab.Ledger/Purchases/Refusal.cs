using Sahab.Ledger.Contracts;

namespace Sahab.Ledger.Purchases;

/// <summary>Why something may not be done, and until when.</summary>
/// <param name="Reason">A sentence for the person who asked.</param>
public sealed record Refusal(string Reason)
{
    /// <summary>
    /// From when on it may be done, as far as is known; null: that depends on somebody, or it never may.
    /// </summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>The contract that forbids it, if one does.</summary>
    public string? Contract { get; init; }

    /// <summary>The clause that forbids it.</summary>
    public string? Clause { get; init; }

    /// <summary>Where that stands.</summary>
    public ClauseSource? Source { get; init; }
}
