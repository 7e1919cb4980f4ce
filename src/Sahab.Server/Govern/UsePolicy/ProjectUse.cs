using System.Globalization;

namespace Sahab.Server.Govern.UsePolicy;

/// <summary>What a project is declared to be for, and what the operator has said to that.</summary>
/// <param name="State">One of <see cref="UseState"/>.</param>
/// <param name="RequestedBy">The person who declared it.</param>
/// <param name="DecidedAt">When it was approved, rejected or revoked.</param>
/// <param name="ExpiresAt">When its approval ends.</param>
/// <param name="Reason">Why it was rejected or revoked.</param>
/// <param name="Approvals">People who have approved.</param>
/// <param name="Told">How much of its end was told: 1 that it comes, 2 that it has come.</param>
internal sealed record ProjectUse(
    Guid Id, string Organisation, string Project, string Class, string Justification, string State, string RequestedBy,
    DateTimeOffset RequestedAt, DateTimeOffset? DecidedAt, DateTimeOffset? ExpiresAt, string Reason, long Approvals, long Told)
{
    /// <summary>People of the operator who must approve.</summary>
    public const int Needed = 2;

    /// <summary>Whether they must whatever its class: what was declared before was rejected, or its approval revoked.</summary>
    public bool MustReview { get; init; }

    /// <summary>Whether the next declaration needs a review whatever its class.</summary>
    public bool NextMustReview =>
        State is UseState.Rejected or UseState.Revoked || (MustReview && State == UseState.Pending);

    /// <summary>Where it stands: as it is stored, or <c>expired</c>.</summary>
    public string StateAt(DateTimeOffset now) => State == UseState.Approved && ExpiresAt <= now ? UseState.Expired : State;

    /// <summary>Why its keys do not work, with what is missing; null: they do.</summary>
    public string? WhyNot(UseTerms terms, DateTimeOffset now)
    {
        if (!terms.Review && !MustReview && State is not (UseState.Rejected or UseState.Revoked))
        {
            return null;
        }

        var declared = $"This project is declared to be for '{Class}'";
        return StateAt(now) switch
        {
            UseState.Pending => string.Create(
                CultureInfo.InvariantCulture,
                $"{declared}, which {Needed} people of the operator must approve")
                + (terms.Review ? "" : ", since what was declared before was rejected or revoked")
                + string.Create(CultureInfo.InvariantCulture, $"; {Approvals} of {Needed} have. Its keys work from then on."),
            UseState.Rejected => $"{declared}, which was rejected: {Reason} Change the declaration and it is reviewed anew.",
            UseState.Revoked => $"{declared}, and the approval of that was revoked: {Reason}",
            UseState.Expired => $"{declared}, and the approval of that ended on {ExpiresAt:yyyy-MM-dd}. Declare it anew.",
            _ when Approvals < Needed => $"{declared}, which needs a review since then. Declare it anew.",
            _ => null,
        };
    }
}

/// <summary>The words for where a declared use stands.</summary>
internal static class UseState
{
    public const string Pending = "pending";
    public const string Approved = "approved";
    public const string Rejected = "rejected";
    public const string Revoked = "revoked";
    public const string Expired = "expired";
}
