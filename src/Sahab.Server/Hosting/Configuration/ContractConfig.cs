using System.Collections.Immutable;

namespace Sahab.Server.Hosting.Configuration;

[Doc("A dated agreement with a provider, or sites of our own. What was signed never changes: an amendment is another version.")]
internal sealed record ContractConfig
{
    [MapKey]
    [Form(TextForm.Id)]
    public required string Id { get; init; } = "";

    [Doc("The provider that it was made with.")]
    [Form(TextForm.Id)]
    public required string Provider { get; init; } = "";

    [Doc("The currency of every amount in it.")]
    [Form(TextForm.Currency)]
    public string Currency { get; init; } = "USD";

    [Doc("Its place among the provider's contracts, the lowest first: what a use costs is said by the first that covers it, "
        + "and a use counts toward commitments in this order.")]
    [Between("0", "1000")]
    public int Order { get; init; }

    [Doc("The original and its amendments, by number: `1`, `2`, ...")]
    [AtMost(1000)]
    public required ImmutableArray<ContractVersionConfig> Versions { get; init; } = [];
}

[Doc("What one document made of a contract. It supersedes, clause by clause, what came before, from its date on.")]
internal sealed record ContractVersionConfig
{
    [MapKey]
    [Form(TextForm.Number)]
    public required string Number { get; init; } = "";

    [Doc("From when on it holds.")]
    [Form(TextForm.Instant)]
    public required string ValidFrom { get; init; } = "";

    [Doc("When we came to know of it. Never before the version before it.")]
    [Form(TextForm.Instant)]
    public required string KnownFrom { get; init; } = "";

    [Doc("When the contract ends. Left out: it is open.")]
    [Form(TextForm.Instant)]
    public string? Ends { get; init; }

    [Doc("The document, by a name or path that a person can find it by.")]
    [Form(TextForm.Free)]
    public required string Document { get; init; } = "";

    [Doc("Take or pay: amounts to be drawn in windows of time.")]
    [AtMost(1000)]
    public ImmutableArray<CommitmentConfig> Commitments { get; init; } = [];

    [Doc("What uses cost. The first that matches a use prices it.")]
    [AtMost(1000)]
    public ImmutableArray<RateConfig> Rates { get; init; } = [];

    [Doc("Baselines that are paid for every hour, used or not, at a lower price.")]
    [AtMost(1000)]
    public ImmutableArray<CommittedUseConfig> CommittedUses { get; init; } = [];

    [Doc("Money that is paid ahead and used up later.")]
    [AtMost(1000)]
    public ImmutableArray<PrepaymentConfig> Prepayments { get; init; } = [];

    [Doc("Money that the provider grants.")]
    [AtMost(1000)]
    public ImmutableArray<CreditConfig> Credits { get; init; } = [];

    [Doc("Capacity that is held for us: GPUs or power at named sites.")]
    [AtMost(1000)]
    public ImmutableArray<TrancheConfig> Tranches { get; init; } = [];

    [Doc("What capacity costs a month, used or not.")]
    [AtMost(1000)]
    public ImmutableArray<ReservedFeeConfig> ReservedFees { get; init; } = [];

    [Doc("Sites of our own.")]
    [AtMost(1000)]
    public ImmutableArray<SiteConfig> Sites { get; init; } = [];

    [Doc("What the contract covers. Without any: all of its provider.")]
    [AtMost(1000)]
    public ImmutableArray<ScopeConfig> Scopes { get; init; } = [];

    [Doc("Rights to be asked first before capacity is bought elsewhere.")]
    [AtMost(1000)]
    public ImmutableArray<FirstRefusalConfig> FirstRefusals { get; init; } = [];

    [Doc("Rights to be the only provider.")]
    [AtMost(1000)]
    public ImmutableArray<ExclusivityConfig> Exclusivities { get; init; } = [];

    [Doc("What availability is owed to us, and what is credited where it falls short.")]
    [AtMost(1000)]
    public ImmutableArray<ServiceLevelConfig> ServiceLevels { get; init; } = [];

    [Doc("From when on Sahab keeps the books of the contract, and what they begin with: for a contract that had begun before. "
        + "Left out: as the version before it has it, or from the beginning.")]
    public OpeningConfig? Opening { get; init; }

    [Doc("Clauses of earlier versions that it drops, by id.")]
    [Form(TextForm.Id)]
    [AtMost(1000)]
    public ImmutableArray<string> Drops { get; init; } = [];
}

[Doc("What a currency is worth from a day on, until the next rate.")]
internal sealed record CurrencyRateConfig
{
    [MapKey]
    [Form(TextForm.Id)]
    public required string Id { get; init; } = "";

    [Doc("The currency.")]
    [Form(TextForm.Currency)]
    public required string Currency { get; init; } = "";

    [Doc("The first day, in UTC.")]
    [Form(TextForm.Instant)]
    public required string From { get; init; } = "";

    [Doc("US dollars for one unit of it.")]
    [Between("0.00000001", "1000000")]
    public required decimal Usd { get; init; }
}
