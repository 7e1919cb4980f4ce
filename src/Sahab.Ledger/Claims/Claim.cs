using Sahab.Ledger.Contracts;

namespace Sahab.Ledger.Claims;

/// <summary>What a claim is for.</summary>
public enum ClaimKind : byte
{
    /// <summary>A bill that says something else than our events.</summary>
    BillingDifference,

    /// <summary>A month in which the provider was not there.</summary>
    ServiceLevel,
}

/// <summary>Where a claim stands.</summary>
public enum ClaimStage : byte
{
    /// <summary>It is raised, and nobody was told.</summary>
    Raised,

    /// <summary>The provider was told.</summary>
    Sent,

    /// <summary>The provider grants all of it; the credit is not on a bill yet.</summary>
    Accepted,

    /// <summary>The provider grants a part of it; the credit is not on a bill yet.</summary>
    PartlyAccepted,

    /// <summary>The provider grants nothing.</summary>
    Rejected,

    /// <summary>What was granted is on a bill.</summary>
    Credited,

    /// <summary>It was ended otherwise.</summary>
    Closed,
}

/// <summary>Something that happened to a claim.</summary>
/// <param name="At">When; never before what happened before it.</param>
/// <param name="Step">What: raised, sent, answered, credited, closed.</param>
/// <param name="Usd">The amount that it is about, in US dollars; null: none.</param>
/// <param name="Note">Who, why, and where that is on record.</param>
public sealed record ClaimEvent(DateTimeOffset At, ClaimStep Step, decimal? Usd, string Note);

/// <summary>What can happen to a claim.</summary>
public enum ClaimStep : byte
{
    /// <summary>It was raised.</summary>
    Raised,

    /// <summary>The provider was told.</summary>
    Sent,

    /// <summary>The provider answered.</summary>
    Answered,

    /// <summary>The credit is on a bill.</summary>
    Credited,

    /// <summary>It was ended.</summary>
    Closed,
}

/// <summary>One thing that a claim is about.</summary>
/// <param name="Subject">Its name. Two that are about the same have the same name.</param>
/// <param name="Usd">What it comes to, in US dollars.</param>
/// <param name="Text">What it is, for people.</param>
public sealed record ClaimItem(string Subject, decimal Usd, string Text);

/// <summary>
/// A claim against a provider, with its life: raised, sent, answered, credited or closed. Immutable: each step
/// (<see cref="Claiming"/>) makes another, and adds to its history, of which nothing is ever changed.
/// </summary>
public sealed record Claim
{
    /// <summary>For how many days a granted credit is waited for, unless told otherwise.</summary>
    public const int DefaultCreditDays = 45;

    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>What it is for.</summary>
    public required ClaimKind Kind { get; init; }

    /// <summary>Against whom.</summary>
    public required string Provider { get; init; }

    /// <summary>The billing period: the first day of its month.</summary>
    public required DateOnly Month { get; init; }

    /// <summary>What it is about. At least one; each is in one open claim only.</summary>
    public required ValueList<ClaimItem> Items { get; init; }

    /// <summary>Days after a grant within which the credit is to be on a bill. At least 1.</summary>
    public int CreditDays { get; init; } = DefaultCreditDays;

    /// <summary>Until when it must be sent; null: no such deadline is known.</summary>
    public DateTimeOffset? ClaimBefore { get; init; }

    /// <summary>What happened to it, in order. Begins with its being raised.</summary>
    public required ValueList<ClaimEvent> History { get; init; }

    /// <summary>What is claimed, in US dollars.</summary>
    public decimal ClaimedUsd => Items.Sum(item => item.Usd);

    /// <summary>What the provider grants, in US dollars; null: it has not answered.</summary>
    public decimal? GrantedUsd => Last(ClaimStep.Answered)?.Usd;

    /// <summary>What is on bills, in US dollars.</summary>
    public decimal CreditedUsd => History.Where(each => each.Step == ClaimStep.Credited).Sum(each => each.Usd ?? 0);

    /// <summary>When it was last changed.</summary>
    public DateTimeOffset ChangedAt => History[^1].At;

    /// <summary>Whether something is still to come of it.</summary>
    public bool IsOpen => Stage is not (ClaimStage.Credited or ClaimStage.Closed);

    /// <summary>Where it stands.</summary>
    public ClaimStage Stage => Last(ClaimStep.Closed) is not null ? ClaimStage.Closed
        : GrantedUsd is { } granted
            ? granted == 0 ? ClaimStage.Rejected
                : CreditedUsd >= granted ? ClaimStage.Credited
                : granted < ClaimedUsd ? ClaimStage.PartlyAccepted : ClaimStage.Accepted
        : Last(ClaimStep.Sent) is not null ? ClaimStage.Sent : ClaimStage.Raised;

    /// <summary>From when on a credit that was granted and is not on a bill is overdue; null: none is waited for.</summary>
    public DateTimeOffset? CreditDue => Stage is ClaimStage.Accepted or ClaimStage.PartlyAccepted
        ? Last(ClaimStep.Answered)!.At.AddDays(CreditDays)
        : null;

    /// <summary>Whether a credit that was granted is overdue at the instant.</summary>
    public bool IsOverdue(DateTimeOffset at) => CreditDue <= at;

    ClaimEvent? Last(ClaimStep step) => History.LastOrDefault(each => each.Step == step);
}
