using System.Text.Json.Serialization;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Rating;
using Sahab.Server.Hosting;

namespace Sahab.Server.Source.Contracts;

/// <summary>A clause in force; its kind says what else it has.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(CommitmentClause), "commitment")]
[JsonDerivedType(typeof(RateClause), "rate")]
[JsonDerivedType(typeof(CommittedUseClause), "committed_use")]
[JsonDerivedType(typeof(PrepaymentClause), "prepayment")]
[JsonDerivedType(typeof(CreditClause), "credit")]
[JsonDerivedType(typeof(CapacityTrancheClause), "capacity_tranche")]
[JsonDerivedType(typeof(ReservedFeeClause), "reserved_fee")]
[JsonDerivedType(typeof(OwnSiteClause), "own_site")]
[JsonDerivedType(typeof(ServiceLevelClause), "service_level")]
[JsonDerivedType(typeof(ScopeClause), "scope")]
[JsonDerivedType(typeof(FirstRefusalClause), "first_refusal")]
[JsonDerivedType(typeof(ExclusivityClause), "exclusivity")]
internal abstract record ClauseAnswer(string Id, ClauseSourceAnswer Source)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? From { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? Until { get; init; }

    public static ClauseAnswer Of(Clause clause) =>
        Of(clause, clause.Id, ClauseSourceAnswer.Of(clause.Source)) with { From = clause.From, Until = clause.Until };

    static ClauseAnswer Of(Clause clause, string id, ClauseSourceAnswer source) => clause switch
    {
        Commitment of => CommitmentClause.Of(of, source),
        Rate of => RateClause.Of(of, source),
        CommittedUse of => new CommittedUseClause(
            SelectorAnswer.Of(of.Uses), of.Measure, of.Baseline, of.UnitPrice, id, source),
        Prepayment of => new PrepaymentClause(of.Amount, of.PaidAt, SelectorAnswer.Of(of.Uses), of.Share, id, source),
        Credit of => new CreditClause(of.Amount, of.GrantedAt, of.Reason, id, source),
        CapacityTranche of => new CapacityTrancheClause(
            of.Site, of.Country, of.GpuKind, of.Gpus, of.Megawatts, of.DueAt, id, source)
        {
            AcceptedAt = of.AcceptedAt,
            Late = of.Late is { } late ? new LateDeliveryAnswer(late.PerDay, late.GraceDays, late.MaxDays) : null,
            ExitAfterDays = of.ExitAfterDays,
        },
        ReservedFee of => new ReservedFeeClause(of.Tranches, of.Per, of.PerMonth, id, source),
        OwnSite of => new OwnSiteClause(
            of.Region, of.Country, of.State, of.Megawatts, of.LoadFactor, of.EnergyPerMegawattHour, of.FixedPerMonth, id,
            source),
        ServiceLevel of => new ServiceLevelClause(
            SelectorAnswer.Of(of.Uses), of.Per, [.. of.Steps.Select(step => new LevelStepAnswer(step.Below, step.Credit))],
            of.MinAttempts, of.ClaimWithinDays, id, source),
        Scope of => new ScopeClause(SelectorAnswer.Of(of.Uses), id, source),
        FirstRefusal of => new FirstRefusalClause(SelectorAnswer.Of(of.Uses), of.FromMegawatts, of.NoticeDays, id, source)
        {
            SignWithinDays = of.SignWithinDays,
        },
        Exclusivity of => new ExclusivityClause(SelectorAnswer.Of(of.Uses), id, source),
        _ => throw new NotSupportedException($"Clauses of the kind {clause.GetType().Name} are told to nobody."),
    };
}

/// <summary>Where a clause stands.</summary>
internal sealed record ClauseSourceAnswer(string Document, int Page)
{
    public static ClauseSourceAnswer Of(ClauseSource source) => new(source.Document, source.Page);
}

/// <summary>What a clause is about; what is empty is any.</summary>
internal sealed record SelectorAnswer(
    IReadOnlyList<string> Services, IReadOnlyList<string> Deployments, IReadOnlyList<string> Models,
    IReadOnlyList<string> Regions, IReadOnlyList<string> Countries)
{
    public static SelectorAnswer Of(Selector selector) => new(
        selector.Services, selector.Deployments, selector.Models, selector.Regions, selector.Countries);
}

/// <summary>A commitment, in the contract's currency or in a unit.</summary>
internal sealed record CommitmentClause(
    Measure Measure, string Unit, decimal UnitPrice,
    [property: JsonConverter(typeof(DashedWords<DrawdownBasis>))] DrawdownBasis Basis,
    IReadOnlyList<CommitmentWindowAnswer> Windows, SelectorAnswer Eligible, IReadOnlyList<SelectorAnswer> Excluded,
    IReadOnlyList<DrawdownCapAnswer> Caps, decimal OwedShare, decimal SurplusRollover, decimal ShortfallRollover, string Id,
    ClauseSourceAnswer Source) : ClauseAnswer(Id, Source)
{
    public static CommitmentClause Of(Commitment clause, ClauseSourceAnswer source) => new(
        clause.Measure, clause.Unit, clause.UnitPrice, clause.Basis,
        [.. clause.Windows.Select(window => new CommitmentWindowAnswer(window.From, window.Until, window.Amount))],
        SelectorAnswer.Of(clause.Eligible), [.. clause.Excluded.Select(SelectorAnswer.Of)],
        [.. clause.Caps.Select(cap => new DrawdownCapAnswer(SelectorAnswer.Of(cap.Uses), cap.Share))],
        clause.OwedShare, clause.SurplusRollover, clause.ShortfallRollover, clause.Id, source);
}

internal sealed record CommitmentWindowAnswer(DateTimeOffset From, DateTimeOffset Until, decimal Amount);

internal sealed record DrawdownCapAnswer(SelectorAnswer Uses, decimal Share);

/// <summary>What use costs.</summary>
internal sealed record RateClause(string Id, ClauseSourceAnswer Source) : ClauseAnswer(Id, Source)
{
    public required SelectorAnswer Uses { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TokenPricesAnswer? Tokens { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public decimal? UnitPrice { get; init; }

    public required decimal Discount { get; init; }

    public required IReadOnlyList<VolumeTierAnswer> Tiers { get; init; }

    public required CalendarPeriod TierPeriod { get; init; }

    public static RateClause Of(Rate clause, ClauseSourceAnswer source) => new(clause.Id, source)
    {
        Uses = SelectorAnswer.Of(clause.Uses),
        Tokens = clause.Tokens is { } tokens ? TokenPricesAnswer.Of(tokens) : null,
        UnitPrice = clause.UnitPrice,
        Discount = clause.Discount,
        Tiers = [.. clause.Tiers.Select(tier => new VolumeTierAnswer(tier.From, tier.Discount))],
        TierPeriod = clause.TierPeriod,
    };
}

/// <summary>Prices of a million tokens, in billionths of the contract's currency.</summary>
internal sealed record TokenPricesAnswer(
    long PromptNanoPerMillion, long CachedNanoPerMillion, long CacheWriteNanoPerMillion, long CacheWrite1hNanoPerMillion,
    long OutputNanoPerMillion)
{
    public static TokenPricesAnswer Of(PriceTerms prices) => new(
        prices.PromptNanoPerMillion, prices.CachedNanoPerMillion, prices.CacheWriteNanoPerMillion,
        prices.CacheWrite1hNanoPerMillion, prices.OutputNanoPerMillion);
}

internal sealed record VolumeTierAnswer(decimal From, decimal Discount);

/// <summary>Use of each hour that is paid whether it is used or not.</summary>
internal sealed record CommittedUseClause(
    SelectorAnswer Uses, Measure Measure, decimal Baseline, decimal UnitPrice, string Id, ClauseSourceAnswer Source)
    : ClauseAnswer(Id, Source);

/// <summary>What was paid in advance.</summary>
internal sealed record PrepaymentClause(
    decimal Amount, DateTimeOffset PaidAt, SelectorAnswer Uses, decimal Share, string Id, ClauseSourceAnswer Source)
    : ClauseAnswer(Id, Source);

/// <summary>What the provider has granted.</summary>
internal sealed record CreditClause(
    decimal Amount, DateTimeOffset GrantedAt, string Reason, string Id, ClauseSourceAnswer Source) : ClauseAnswer(Id, Source);

/// <summary>Capacity that is delivered on a day.</summary>
internal sealed record CapacityTrancheClause(
    string Site, string Country, string GpuKind, int Gpus, decimal Megawatts, DateTimeOffset DueAt, string Id,
    ClauseSourceAnswer Source) : ClauseAnswer(Id, Source)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? AcceptedAt { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public LateDeliveryAnswer? Late { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? ExitAfterDays { get; init; }
}

internal sealed record LateDeliveryAnswer(decimal PerDay, int GraceDays, int MaxDays);

/// <summary>What tranches cost by the month.</summary>
internal sealed record ReservedFeeClause(
    IReadOnlyList<string> Tranches, FeeUnit Per, decimal PerMonth, string Id, ClauseSourceAnswer Source)
    : ClauseAnswer(Id, Source);

/// <summary>A site of our own, and what it costs.</summary>
internal sealed record OwnSiteClause(
    string Region, string Country, string State, decimal Megawatts, decimal LoadFactor, decimal EnergyPerMegawattHour,
    decimal FixedPerMonth, string Id, ClauseSourceAnswer Source) : ClauseAnswer(Id, Source);

/// <summary>What the provider owes where it is not there.</summary>
internal sealed record ServiceLevelClause(
    SelectorAnswer Uses, LevelScope Per, IReadOnlyList<LevelStepAnswer> Steps, int MinAttempts, int ClaimWithinDays,
    string Id, ClauseSourceAnswer Source) : ClauseAnswer(Id, Source);

internal sealed record LevelStepAnswer(decimal Below, decimal Credit);

/// <summary>What the contract is about.</summary>
internal sealed record ScopeClause(SelectorAnswer Uses, string Id, ClauseSourceAnswer Source) : ClauseAnswer(Id, Source);

/// <summary>The right to be asked first.</summary>
internal sealed record FirstRefusalClause(
    SelectorAnswer Uses, decimal FromMegawatts, int NoticeDays, string Id, ClauseSourceAnswer Source)
    : ClauseAnswer(Id, Source)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? SignWithinDays { get; init; }
}

/// <summary>The right to be the only one.</summary>
internal sealed record ExclusivityClause(SelectorAnswer Uses, string Id, ClauseSourceAnswer Source) : ClauseAnswer(Id, Source);
