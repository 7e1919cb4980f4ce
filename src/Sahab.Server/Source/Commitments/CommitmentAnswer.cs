using System.Text.Json.Serialization;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Settlements;
using Sahab.Server.Source.Contracts;

namespace Sahab.Server.Source.Commitments;

/// <summary>How windows of commitments stand.</summary>
/// <param name="Object">Always <c>list</c>.</param>
/// <param name="SettledUntil">Until when all is settled; null: nothing is yet.</param>
internal sealed record StandingsAnswer(string Object, string? SettledUntil, IReadOnlyList<StandingAnswer> Data);

/// <summary>
/// How a window stands. Amounts are in the contract's currency, or in the commitment's unit; what is owed is always money.
/// Of a window that had ended when our books began nothing is known but its amount.
/// </summary>
internal sealed record StandingAnswer(
    string Contract, string Commitment, string From, string Until, bool BeforeBooks, string Currency, string Unit,
    decimal Amount)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public decimal? Deferred { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public decimal? Target { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public decimal? Carried { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public decimal? Drawn { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public decimal? DrawnBeforeBooks { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public decimal? Remaining { get; init; }

    /// <summary>Null: it is not over, or nothing is known of it.</summary>
    public required decimal? Owed { get; init; }

    /// <summary>Of a window that had ended when our books began.</summary>
    public static StandingAnswer Closed(Contract contract, Commitment clause, CommitmentWindow window) =>
        Of(contract, clause, clause.Id, window, isBeforeBooks: true);

    /// <param name="clause">Null: it is in no version that is known.</param>
    /// <param name="opening">What the books of the contract begin with; null: they begin with it.</param>
    public static StandingAnswer Of(
        Contract contract, Commitment? clause, CommitmentStanding standing, OpeningBalances? opening) =>
        Of(contract, clause, standing.Commitment, standing.Window, isBeforeBooks: false) with
        {
            Deferred = standing.Deferred,
            Target = standing.Target,
            Carried = standing.Carried,
            Drawn = standing.Drawn,
            DrawnBeforeBooks = opening?.DrawOf(standing.Commitment, standing.Window) is { } draw
                ? draw.Drawn + draw.Surplus
                : 0,
            Remaining = standing.Remaining,
            Owed = standing.Owed,
        };

    static StandingAnswer Of(
        Contract contract, Commitment? clause, string commitment, CommitmentWindow window, bool isBeforeBooks) => new(
        contract.Id, commitment, ContractTime.Text(window.From), ContractTime.Text(window.Until), isBeforeBooks,
        contract.Currency, clause?.Measure == Measure.Quantity ? clause.Unit : contract.Currency, window.Amount)
        {
            Owed = null,
        };
}

/// <summary>What a proposed configuration would change in the ledger.</summary>
/// <param name="Object">Always <c>contract_preview</c>.</param>
/// <param name="KnownAt">When the last of the new versions is known.</param>
/// <param name="SettledUntil">Until when hours are settled, and so compared; null: none is.</param>
/// <param name="RebookedEvents">Events whose terms would be others.</param>
/// <param name="Differences">By account, those that are not zero; null: too many events.</param>
internal sealed record ContractPreviewAnswer(
    string Object, string KnownAt, string? SettledUntil, IReadOnlyList<ProposedVersionAnswer> Versions, long RebookedEvents,
    IReadOnlyList<AccountUsdAnswer>? Differences)
{
    public static ContractPreviewAnswer Of(ProposedChange change) => new(
        "contract_preview",
        ContractTime.Text(change.KnownAt),
        change.SettledUntil == DateTimeOffset.MinValue ? null : ContractTime.Text(change.SettledUntil),
        [.. change.Versions.Select(of => ProposedVersionAnswer.Of(of.Contract, of.Version, change.SettledUntil))],
        change.Events,
        change.Differences is not { } differences ? null :
        [
            .. differences.OrderBy(pair => pair.Key, StringComparer.Ordinal)
                .Select(pair => new AccountUsdAnswer(pair.Key, pair.Value)),
        ]);
}

/// <summary>A version that a proposed configuration adds.</summary>
/// <param name="ReachesBack">Whether it holds for hours that are settled.</param>
internal sealed record ProposedVersionAnswer(
    string Contract, int Number, string ValidFrom, string KnownFrom, string? Ends, IReadOnlyList<string> States,
    IReadOnlyList<string> Drops, bool ReachesBack)
{
    public static ProposedVersionAnswer Of(string contract, ContractVersion version, DateTimeOffset settledUntil)
    {
        var of = ContractVersionAnswer.Of(version);
        return new ProposedVersionAnswer(
            contract, of.Number, of.ValidFrom, of.KnownFrom, of.Ends, of.States, of.Drops, version.ValidFrom < settledUntil);
    }
}

/// <summary>What is booked to an account, in US dollars.</summary>
internal sealed record AccountUsdAnswer(string Account, decimal Usd);
