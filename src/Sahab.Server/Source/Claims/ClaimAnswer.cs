using System.Text.Json.Serialization;
using Sahab.Ledger.Claims;
using Sahab.Server.Hosting;
using Sahab.Server.Source.Contracts;

namespace Sahab.Server.Source.Claims;

/// <param name="Object">Always <c>list</c>.</param>
internal sealed record ClaimsAnswer(string Object, IReadOnlyList<ClaimAnswer> Data);

/// <summary>A claim against a provider.</summary>
internal sealed record ClaimAnswer(
    string Id, [property: JsonConverter(typeof(DashedWords<ClaimKind>))] ClaimKind Kind, string Provider, string Month)
{
    /// <summary>What it is about. Not in lists.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ClaimItemAnswer>? Items { get; init; }

    public required int CreditDays { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? ClaimBefore { get; init; }

    /// <summary>What happened to it, in order. Not in lists.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ClaimEventAnswer>? History { get; init; }

    public required decimal ClaimedUsd { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public decimal? GrantedUsd { get; init; }

    public required decimal CreditedUsd { get; init; }

    public required DateTimeOffset ChangedAt { get; init; }

    public required bool IsOpen { get; init; }

    [JsonConverter(typeof(DashedWords<ClaimStage>))]
    public required ClaimStage Stage { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? CreditDue { get; init; }

    public required bool Overdue { get; init; }

    public static ClaimAnswer Of(Claim claim, DateTimeOffset now) => HeadOf(claim, now) with
    {
        Items = [.. claim.Items.Select(item => new ClaimItemAnswer(item.Subject, item.Usd, item.Text))],
        History = [.. claim.History.Select(each => new ClaimEventAnswer(each.At, each.Step) { Usd = each.Usd, Note = each.Note })],
    };

    /// <summary>Without what may be long: what it is about, and what happened to it.</summary>
    public static ClaimAnswer HeadOf(Claim claim, DateTimeOffset now) => new(
        claim.Id, claim.Kind, claim.Provider, claim.Month.ToString("yyyy-MM", null))
    {
        CreditDays = claim.CreditDays,
        ClaimBefore = claim.ClaimBefore,
        ClaimedUsd = claim.ClaimedUsd,
        GrantedUsd = claim.GrantedUsd,
        CreditedUsd = claim.CreditedUsd,
        ChangedAt = claim.ChangedAt,
        IsOpen = claim.IsOpen,
        Stage = claim.Stage,
        CreditDue = claim.CreditDue,
        Overdue = claim.IsOverdue(now),
    };
}

/// <summary>One thing that a claim is about.</summary>
internal sealed record ClaimItemAnswer(string Subject, decimal Usd, string Text);

/// <summary>Something that happened to a claim.</summary>
internal sealed record ClaimEventAnswer(DateTimeOffset At, ClaimStep Step)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public decimal? Usd { get; init; }

    public required string Note { get; init; }
}

/// <summary>What contracts owe for the service levels of a month.</summary>
/// <param name="Object">Always <c>list</c>.</param>
internal sealed record OwedCreditsAnswer(string Object, string Month, IReadOnlyList<OwedCreditAnswer> Data);

/// <summary>What a contract owes.</summary>
/// <param name="Scope">The deployment or region; empty: all that the clause is about.</param>
/// <param name="Claim">The claim that it is in; null: none.</param>
/// <param name="TooLate">Whether it can be claimed no more.</param>
internal sealed record OwedCreditAnswer(
    string Contract, string Clause, ClauseSourceAnswer Source, string Provider, string Month, string Scope, long Attempts,
    long Failed, decimal Availability, decimal Share, decimal ChargesUsd, decimal CreditUsd, DateTimeOffset ClaimBefore,
    string Subject, string? Claim, bool TooLate)
{
    public static OwedCreditAnswer Of(OwedCredit credit, string? claim, DateTimeOffset now) => new(
        credit.Contract, credit.Clause, ClauseSourceAnswer.Of(credit.Source), credit.Provider,
        credit.Month.ToString("yyyy-MM", null), credit.Scope, credit.Attempts, credit.Failed, credit.Availability, credit.Share,
        credit.ChargesUsd, credit.CreditUsd, credit.ClaimBefore, credit.Subject, claim, credit.ClaimBefore <= now);
}
