using Sahab.Ledger.Rating;
using Sahab.Server.Serve.Gateway;

namespace Sahab.Server.Portal;

/// <summary>
/// All that is known of one call. Public because a page takes it as a parameter; what is in it stays within.
/// </summary>
public sealed class CallDetails
{
    internal CallDetails(Guid id, FinishedCall? call, IReadOnlyList<UsageEvent> attempts) =>
        (Id, Call, Attempts) = (id, call, attempts);

    internal Guid Id { get; }

    /// <summary>The call itself while it is in memory; older ones have only what the ledger keeps.</summary>
    internal FinishedCall? Call { get; }

    internal IReadOnlyList<UsageEvent> Attempts { get; }

    /// <summary>What it was sold for, in nano-USD; null: it is not in the ledger yet.</summary>
    internal long? Earned { get; init; }

    /// <summary>Where a call like it would go now, and why; null: that cannot be said.</summary>
    internal ExplainedRequest? Like { get; init; }
}
