using System.Text.Json.Serialization;
using Sahab.Ledger.Contracts;

namespace Sahab.Server.Source.Contracts;

/// <summary>The contracts in force.</summary>
/// <param name="Object">Always <c>list</c>.</param>
internal sealed record ContractsAnswer(
    string Object, string ValidAt, string KnownAt, IReadOnlyList<ContractTermsAnswer> Data);

/// <summary>What a contract says at one moment.</summary>
/// <param name="Ends">Null: it is open.</param>
internal sealed record ContractTermsAnswer(
    string Id, string Provider, string Currency, int Version, string ValidFrom, string? Ends,
    IReadOnlyList<ClauseAnswer> Clauses)
{
    public static ContractTermsAnswer Of(ContractTerms terms) => new(
        terms.Contract.Id, terms.Contract.Provider, terms.Contract.Currency, terms.Version.Number,
        ContractTime.Text(terms.Version.ValidFrom), ContractTime.Text(terms.Version.Ends),
        [.. terms.Clauses.Select(ClauseAnswer.Of)]);
}

/// <summary>A contract with its versions. What it says is left out where it is not in force.</summary>
internal sealed record ContractAnswer
{
    public required string Id { get; init; }

    public required string Provider { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Currency { get; init; }

    /// <summary>The version in force; null: none is.</summary>
    public required int? Version { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ValidFrom { get; init; }

    /// <summary>Null: it is open, or not in force.</summary>
    public required string? Ends { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ClauseAnswer>? Clauses { get; init; }

    public required string ValidAt { get; init; }

    public required string KnownAt { get; init; }

    /// <summary>The versions that were known.</summary>
    public required IReadOnlyList<ContractVersionAnswer> Versions { get; init; }

    /// <param name="inForce">What it says at the moment; null: it is not in force.</param>
    public static ContractAnswer Of(Contract contract, ContractTerms? inForce, DateTimeOffset validAt, DateTimeOffset knownAt)
    {
        var terms = inForce is null ? null : ContractTermsAnswer.Of(inForce);
        return new ContractAnswer
        {
            Id = contract.Id,
            Provider = contract.Provider,
            Currency = terms?.Currency,
            Version = terms?.Version,
            ValidFrom = terms?.ValidFrom,
            Ends = terms?.Ends,
            Clauses = terms?.Clauses,
            ValidAt = ContractTime.Text(validAt),
            KnownAt = ContractTime.Text(knownAt),
            Versions =
            [
                .. contract.Versions.Where(version => version.KnownFrom <= knownAt).Select(ContractVersionAnswer.Of),
            ],
        };
    }
}

/// <summary>What one document made of a contract.</summary>
/// <param name="States">Ids of clauses that it states.</param>
/// <param name="Drops">Ids of clauses that it drops.</param>
internal sealed record ContractVersionAnswer(
    int Number, string ValidFrom, string KnownFrom, string? Ends, IReadOnlyList<string> States, IReadOnlyList<string> Drops)
{
    public static ContractVersionAnswer Of(ContractVersion version) => new(
        version.Number, ContractTime.Text(version.ValidFrom), ContractTime.Text(version.KnownFrom),
        ContractTime.Text(version.Ends), [.. version.Clauses.Select(clause => clause.Id)], version.Drops);
}
