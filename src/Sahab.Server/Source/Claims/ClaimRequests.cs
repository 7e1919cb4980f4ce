using System.Globalization;
using System.Text.Json.Serialization;
using Sahab.Ledger.Claims;
using Sahab.Ledger.Focus;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Source.Claims;

/// <summary>A claim as the client raises it.</summary>
/// <param name="Kind">What it is for; the kind says which of the others are asked for.</param>
/// <param name="Month">The billing period, such as <c>2026-11</c>.</param>
/// <param name="Provider">Against whom; a service level's contract says it.</param>
/// <param name="Differences">Where the bill differs.</param>
/// <param name="About">What else is claimed, by hand, with <paramref name="Usd"/>.</param>
/// <param name="Usd">What that comes to.</param>
/// <param name="Contract">The contract that owes a credit.</param>
/// <param name="Clause">Its service level.</param>
/// <param name="Scope">The deployment or region; left out: all that the clause is about.</param>
/// <param name="CreditDays">For how many days a granted credit is waited for.</param>
/// <param name="Note">Who raises it, and why.</param>
internal sealed record ClaimRequest(
    string Id, [property: JsonConverter(typeof(DashedWords<ClaimKind>))] ClaimKind Kind, string Month, string? Provider,
    DifferenceRequest[]? Differences, string? About, decimal? Usd, string? Contract, string? Clause, string? Scope,
    int? CreditDays, string? Note)
{
    /// <summary>The most differences in one claim.</summary>
    public const int MaxDifferences = 5_000;

    const int MaxText = 2_000;

    /// <summary>The first day of the month; null: it is none.</summary>
    public DateOnly? FirstDay => ParseMonth(Month);

    public static DateOnly? ParseMonth(string? text) => DateOnly.TryParseExact(
        text, "yyyy-MM", CultureInfo.InvariantCulture, DateTimeStyles.None, out var month) ? month : null;

    /// <summary>What of it makes no sense, and where; null: nothing.</summary>
    public (string Parameter, string Message)? Fault(SahabConfig config) =>
        Id is null || !TextForms.Fits(TextForm.Id, Id) || Id == "owed"
            ? ("id", $"The id must be {TextForms.Describe(TextForm.Id)}, and not 'owed'.")
        : FirstDay is null ? ("month", $"The month is '{Month}'; it must be one such as 2026-11.")
        : CreditDays is < 1 or > 3650 ? ("credit_days", "The days to wait for a credit are from 1 to 3650.")
        : (Note?.Length ?? 0) > MaxText || (About?.Length ?? 0) > MaxText
            ? ("note", $"A text has at most {MaxText} characters.")
        : Kind == ClaimKind.ServiceLevel ? FaultOfLevel() : FaultOfBill(config);

    /// <summary>What a claim of a bill's differences is about.</summary>
    public IReadOnlyList<ClaimItem> Items() =>
    [
        .. (Differences ?? []).Select(each => new ClaimItem(
            string.Create(
                CultureInfo.InvariantCulture,
                $"difference/{Provider}/{each.Hour.UtcDateTime:yyyy-MM-dd'T'HH'Z'}/{each.Region}/{each.Model}/{each.Meter}"),
            each.Usd,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{each.Hour.UtcDateTime:yyyy-MM-dd HH:mm} {each.Region} {each.Model} {TokenMeters.NameOf(each.Meter)}: "
                + $"{each.Cause}"))),
        .. About is { } about ? (ClaimItem[])[new ClaimItem($"by-hand/{Provider}/{Month}/{about}", Usd!.Value, about)] : [],
    ];

    (string, string)? FaultOfLevel() =>
        Contract is null || Clause is null ? ("contract", "A claim of a service level names the contract and the clause.")
        : Differences is not null || About is not null || Usd is not null || Provider is not null
            ? ("kind", "What a service level owes is worked out; leave out provider, differences, about and usd.")
        : null;

    (string, string)? FaultOfBill(SahabConfig config) =>
        Provider is null || config.FindProvider(Provider) is null
            ? ("provider", $"There is no provider '{Provider}'. There are: "
                + $"{string.Join(", ", config.Providers.Select(each => each.Id))}.")
        : Contract is not null || Clause is not null || Scope is not null
            ? ("kind", "A claim of a bill names no contract; leave out contract, clause and scope.")
        : (About is null) != (Usd is null) ? ("about", "What is claimed by hand has both: about and usd.")
        : About is null && Differences is not { Length: > 0 }
            ? ("differences", "Say what is claimed: differences, or about and usd.")
        : Differences?.Length > MaxDifferences
            ? ("differences", $"A claim has at most {MaxDifferences} differences. Raise several.")
        : Usd <= 0 || Differences?.Any(each => each.Usd <= 0) == true ? ("usd", "What is claimed is above 0.")
        : Items().DistinctBy(item => item.Subject).Count() < Items().Count
            ? ("differences", "A difference is there twice.")
        : null;
}

/// <summary>Where a bill differs, as <c>sahab bill reconcile</c> lists it.</summary>
/// <param name="Hour">The hour.</param>
/// <param name="Region">The provider's region.</param>
/// <param name="Model">The model as the provider calls it.</param>
/// <param name="Meter">The kind of token.</param>
/// <param name="Usd">What is billed too much.</param>
/// <param name="Cause">Why, in words.</param>
internal sealed record DifferenceRequest(
    DateTimeOffset Hour, string Region, string Model,
    [property: JsonConverter(typeof(DashedWords<TokenMeter>))] TokenMeter Meter, decimal Usd, string? Cause);

/// <summary>A step, with who says so.</summary>
/// <param name="Note">To or from whom, why, and where that is on record.</param>
/// <param name="GrantedUsd">What the provider grants; 0: nothing. Of an answer only.</param>
/// <param name="Usd">What is credited. Of a credit only.</param>
internal sealed record ClaimStepRequest(string Note, decimal? GrantedUsd, decimal? Usd);
