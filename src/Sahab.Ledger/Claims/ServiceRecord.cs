using Sahab.Ledger.Contracts;
using Sahab.Ledger.Rating;

namespace Sahab.Ledger.Claims;

/// <summary>What was attempted at a deployment in a month, and what that is charged.</summary>
/// <param name="Use">What was used, and where.</param>
/// <param name="Attempts">Attempts that tell of availability: see <see cref="ServiceLevels.Tells"/>. At least 0.</param>
/// <param name="Failed">Those that failed by the provider's fault. At most the attempts.</param>
/// <param name="ChargesUsd">The month's charges, in US dollars. At least 0.</param>
public sealed record ServiceRecord(Use Use, long Attempts, long Failed, decimal ChargesUsd);

/// <summary>A credit that a contract owes us for a month.</summary>
public sealed record OwedCredit
{
    /// <summary>The contract.</summary>
    public required string Contract { get; init; }

    /// <summary>Its clause.</summary>
    public required string Clause { get; init; }

    /// <summary>Where that stands.</summary>
    public required ClauseSource Source { get; init; }

    /// <summary>Who owes it.</summary>
    public required string Provider { get; init; }

    /// <summary>The first day of the month.</summary>
    public required DateOnly Month { get; init; }

    /// <summary>The deployment or region that fell short; empty: all that the clause is about.</summary>
    public required string Scope { get; init; }

    /// <summary>Attempts that tell of availability.</summary>
    public required long Attempts { get; init; }

    /// <summary>Those that failed by the provider's fault.</summary>
    public required long Failed { get; init; }

    /// <summary>The part that did not fail. 0 to 1.</summary>
    public decimal Availability => (Attempts - Failed) / (decimal)Attempts;

    /// <summary>What is credited, as a part of the charges.</summary>
    public required decimal Share { get; init; }

    /// <summary>The month's charges for the scope, in US dollars.</summary>
    public required decimal ChargesUsd { get; init; }

    /// <summary>What is owed, in US dollars, to the nano-dollar.</summary>
    public decimal CreditUsd => decimal.Round(ChargesUsd * Share, 9, MidpointRounding.ToEven);

    /// <summary>Until when it must be claimed; that instant is too late.</summary>
    public required DateTimeOffset ClaimBefore { get; init; }

    /// <summary>What a claim for it is about: the same claim twice is about the same.</summary>
    public string Subject => $"service-level/{Contract}/{Clause}/{Month:yyyy-MM}/{Scope}";
}

/// <summary>What providers owe for months in which they were not there. Pure.</summary>
public static class ServiceLevels
{
    /// <summary>
    /// Whether an attempt tells of availability: whether the provider served it or failed to. Not one that was throttled
    /// (a limit that we know of), refused (our request), not authorized (our credentials) or abandoned (our client left).
    /// </summary>
    public static bool Tells(AttemptOutcome outcome) => outcome == AttemptOutcome.Succeeded || IsFault(outcome);

    /// <summary>Whether an attempt failed by the provider's fault: an error, no answer, or one that broke off.</summary>
    public static bool IsFault(AttemptOutcome outcome) => outcome is AttemptOutcome.ServerError
        or AttemptOutcome.Unreachable or AttemptOutcome.TimedOut or AttemptOutcome.Stalled or AttemptOutcome.Cut;

    /// <summary>
    /// The credits of a month that is over, by the terms of its last hour, in the order of contracts and clauses. Each
    /// clause credits for itself.
    /// </summary>
    /// <param name="contracts">The contracts as they are known.</param>
    /// <param name="month">The first day of the month.</param>
    /// <param name="records">All that was attempted in it.</param>
    public static IReadOnlyList<OwedCredit> Owed(
        ContractTimeline contracts, DateOnly month, IReadOnlyCollection<ServiceRecord> records)
    {
        ArgumentNullException.ThrowIfNull(contracts);
        ArgumentNullException.ThrowIfNull(records);
        var end = new DateTimeOffset(month.AddMonths(1), TimeOnly.MinValue, TimeSpan.Zero);
        return
        [
            .. from terms in contracts.At(end.AddHours(-1))
               from level in terms.Clauses.OfType<ServiceLevel>()
               from scope in records
                   .Where(record => record.Use.Provider == terms.Contract.Provider && terms.Covers(record.Use)
                       && level.Uses.Matches(record.Use))
                   .GroupBy(record => ScopeOf(level.Per, record.Use), StringComparer.Ordinal)
                   .OrderBy(scope => scope.Key, StringComparer.Ordinal)
               let attempts = scope.Sum(record => record.Attempts)
               let failed = scope.Sum(record => record.Failed)
               where attempts >= level.MinAttempts
               let share = level.CreditFor((attempts - failed) / (decimal)attempts)
               where share > 0
               select new OwedCredit
               {
                   Contract = terms.Contract.Id,
                   Clause = level.Id,
                   Source = level.Source,
                   Provider = terms.Contract.Provider,
                   Month = month,
                   Scope = scope.Key,
                   Attempts = attempts,
                   Failed = failed,
                   Share = share,
                   ChargesUsd = scope.Sum(record => record.ChargesUsd),
                   ClaimBefore = end.AddDays(level.ClaimWithinDays),
               },
        ];
    }

    /// <summary>
    /// What the tokens of an hour are charged by the contract's rate, before tiers and all that depends on other hours; at
    /// what they were posted for where there is no rate.
    /// </summary>
    public static decimal ChargeOf(Focus.HourlyUsage hour, ContractTimeline contracts)
    {
        ArgumentNullException.ThrowIfNull(hour);
        ArgumentNullException.ThrowIfNull(contracts);
        var use = new Use(hour.Provider, hour.Region, hour.Country, Use.Inference, hour.Model, hour.Deployment);
        var at = Hour.Of(hour.Hour);
        if (contracts.TermsFor(use, at) is not { } terms || terms.RateFor(use) is not { } rate)
        {
            return hour.CostUsd;
        }

        var share = 1 - rate.Discount;
        // Where nothing was posted the provider does not bill, whatever a rate says.
        return rate.Tokens is { } own && hour.CostUsd > 0
            ? Rater.Rate(hour.Usage, own, share * contracts.UsdPerUnit(terms.Contract.Currency, at)).ToUsd()
            : hour.CostUsd * share;
    }

    static string ScopeOf(LevelScope per, Use use) => per switch
    {
        LevelScope.Region => use.Region,
        LevelScope.Deployment => use.Deployment,
        _ => "",
    };
}
