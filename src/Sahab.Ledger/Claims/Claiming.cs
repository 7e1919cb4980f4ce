using Sahab.Ledger.Contracts;
using Sahab.Ledger.Purchases;

namespace Sahab.Ledger.Claims;

/// <summary>What a step made of a claim, or why it was not taken.</summary>
/// <param name="Claim">The claim as it is now; unchanged where the step was refused.</param>
/// <param name="Refusal">Why not; null: it was taken.</param>
public sealed record ClaimStepResult(Claim Claim, Refusal? Refusal);

/// <summary>The steps of a claim's life. Each is dated by time that never goes back, and recorded. Pure.</summary>
public static class Claiming
{
    /// <summary>Records that the provider was told. A claim whose deadline has passed is refused: it is lost.</summary>
    /// <param name="claim">The claim.</param>
    /// <param name="note">To whom, and where that is on record.</param>
    /// <param name="time">Now.</param>
    public static ClaimStepResult Send(Claim claim, string note, RecordedTime time)
    {
        ArgumentNullException.ThrowIfNull(claim);
        var now = TimeOf(claim, time);
        return claim.Stage != ClaimStage.Raised ? Refused(claim, $"It is {Said(claim)} already; only what is raised is sent.")
            : claim.ClaimBefore <= now
                ? Refused(claim, $"It had to be sent before {claim.ClaimBefore:u}. Close it, or raise another where the provider "
                    + "agrees.")
            : Taken(claim, new ClaimEvent(now, ClaimStep.Sent, null, note));
    }

    /// <summary>Records the provider's answer: all of the amount, a part of it, or 0 for none.</summary>
    /// <param name="claim">The claim, which was sent. A second answer stands in for the first, until it is credited.</param>
    /// <param name="grantedUsd">What it grants, from 0 to what is claimed.</param>
    /// <param name="note">Who answered, and where that is on record.</param>
    /// <param name="time">Now.</param>
    public static ClaimStepResult Answer(Claim claim, decimal grantedUsd, string note, RecordedTime time)
    {
        ArgumentNullException.ThrowIfNull(claim);
        return claim.Stage is ClaimStage.Raised or ClaimStage.Credited or ClaimStage.Closed
                ? Refused(claim, $"It is {Said(claim)}; an answer is to something that was sent and is not over.")
            : claim.CreditedUsd > 0
                ? Refused(claim, $"{claim.CreditedUsd} USD of it are credited already; the grant of "
                    + $"{claim.GrantedUsd} USD stands.")
            : grantedUsd < 0 || grantedUsd > claim.ClaimedUsd
                ? Refused(claim, $"What is granted is from 0 to the {claim.ClaimedUsd} USD that are claimed.")
            : Taken(claim, new ClaimEvent(TimeOf(claim, time), ClaimStep.Answered, grantedUsd, note));
    }

    /// <summary>Records that a credit is on a bill. Several may make up what was granted.</summary>
    /// <param name="claim">The claim, of which something was granted.</param>
    /// <param name="usd">How much, above 0; together not more than was granted.</param>
    /// <param name="note">On which bill.</param>
    /// <param name="time">Now.</param>
    public static ClaimStepResult Credit(Claim claim, decimal usd, string note, RecordedTime time)
    {
        ArgumentNullException.ThrowIfNull(claim);
        return claim.Stage is not (ClaimStage.Accepted or ClaimStage.PartlyAccepted)
                ? Refused(claim, $"It is {Said(claim)}; a credit is for what was granted and is not credited yet.")
            : usd <= 0 || claim.CreditedUsd + usd > claim.GrantedUsd
                ? Refused(claim, $"A credit is above 0, and all of them at most the {claim.GrantedUsd} USD that "
                    + "were granted; "
                    + $"{claim.CreditedUsd} USD are credited.")
            : Taken(claim, new ClaimEvent(TimeOf(claim, time), ClaimStep.Credited, usd, note));
    }

    /// <summary>Ends a claim of which nothing more is to come.</summary>
    /// <param name="claim">The claim, which is open.</param>
    /// <param name="note">Why.</param>
    /// <param name="time">Now.</param>
    public static ClaimStepResult Close(Claim claim, string note, RecordedTime time)
    {
        ArgumentNullException.ThrowIfNull(claim);
        return claim.IsOpen
            ? Taken(claim, new ClaimEvent(TimeOf(claim, time), ClaimStep.Closed, null, note))
            : Refused(claim, $"It is {Said(claim)} already.");
    }

    /// <summary>The stage in words, such as "partly accepted".</summary>
    static string Said(Claim claim) => claim.Stage == ClaimStage.PartlyAccepted
        ? "partly accepted"
        : claim.Stage.ToString().ToLowerInvariant();

    static DateTimeOffset TimeOf(Claim claim, RecordedTime time) => time.Read(claim.ChangedAt).Latest;

    static ClaimStepResult Refused(Claim claim, string reason) => new(claim, new Refusal(reason));

    static ClaimStepResult Taken(Claim claim, ClaimEvent happened) =>
        new(claim with { History = claim.History.Append(happened).ToValueList() }, null);
}
