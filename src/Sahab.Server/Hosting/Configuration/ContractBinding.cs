using System.Globalization;
using Sahab.Ledger.Contracts;
using Sahab.Ledger.Rating;

namespace Sahab.Server.Hosting.Configuration;

/// <summary>The contracts of the file as the ledger knows them.</summary>
internal static class ContractBinding
{
    static readonly string[] Instants = ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm'Z'", "yyyy-MM-dd'T'HH:mm:ss'Z'"];

    /// <exception cref="ArgumentException">They contradict themselves; the rules have said so before.</exception>
    public static ContractBook BookOf(SahabConfig config) => new(ContractsOf(config), RatesOf(config));

    public static IReadOnlyList<Contract> ContractsOf(SahabConfig config) =>
        [.. config.Contracts.Select(ToContract)];

    public static IReadOnlyList<CurrencyRate> RatesOf(SahabConfig config) =>
    [
        .. config.CurrencyRates.Select(rate => new CurrencyRate(
            rate.Currency, DateOnly.FromDateTime(Time(rate.From).UtcDateTime), rate.Usd)),
    ];

    public static bool TryTime(string text, out DateTimeOffset time) => DateTimeOffset.TryParseExact(
        text, Instants, CultureInfo.InvariantCulture,
        DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time);

    static Contract ToContract(ContractConfig contract) => new()
    {
        Id = contract.Id,
        Provider = contract.Provider,
        Currency = contract.Currency,
        Order = contract.Order,
        Versions = contract.Versions.Select(version => ToVersion(contract, version)).ToValueList(),
    };

    static ContractVersion ToVersion(ContractConfig contract, ContractVersionConfig version) => new()
    {
        Number = int.Parse(version.Number, NumberStyles.None, CultureInfo.InvariantCulture),
        ValidFrom = Time(version.ValidFrom),
        KnownFrom = Time(version.KnownFrom),
        Ends = TimeOrNull(version.Ends),
        Clauses = ClausesOf(version).ToValueList(),
        Drops = version.Drops.ToValueList(),
        Opening = version.Opening is { } opening ? ToOpening(contract, opening) : null,
    };

    static OpeningBalances ToOpening(ContractConfig contract, OpeningConfig opening) => new()
    {
        BooksFrom = Time(opening.BooksFrom),
        Accrued = opening.Accrued,
        Owed = opening.Owed,
        Commitments = opening.Commitments.Select(each => new OpeningDraw(each.Id, Time(each.Window), each.Drawn)
        {
            Surplus = each.Surplus,
            Carried = each.Carried,
            Deferred = each.Deferred,
            Caps = CapsOf(contract, each.Id).Select(cap => each.Caps.FirstOrDefault(drawn => drawn.Id == cap)?.Drawn ?? 0)
                .ToValueList(),
        }).ToValueList(),
        Rates = opening.Rates.Select(each => new OpeningVolume(each.Id, Time(each.From), each.Volume)).ToValueList(),
        Prepayments = opening.Prepayments.Select(each => new OpeningPrepaid(each.Id, each.Left)).ToValueList(),
    };

    /// <summary>The names of a commitment's caps, in the order in which it was last stated.</summary>
    public static IEnumerable<string> CapsOf(ContractConfig contract, string commitment) => contract.Versions
        .SelectMany(version => version.Commitments).LastOrDefault(each => each.Id == commitment)?.Caps.Select(cap => cap.Id)
        ?? [];

    static IEnumerable<Clause> ClausesOf(ContractVersionConfig version)
    {
        ClauseSource At(ClauseConfig clause) => new(version.Document, clause.Page);
        return
        [
            .. version.Commitments.Select(each => ToCommitment(each, At(each))),
            .. version.Rates.Select(each => ToRate(each, At(each))),
            .. version.CommittedUses.Select(each => new CommittedUse
            {
                Id = each.Id, Source = At(each), From = TimeOrNull(each.From), Until = TimeOrNull(each.Until),
                Uses = ToSelector(each.Uses), Measure = each.Measure, Baseline = each.Baseline, UnitPrice = each.UnitPrice,
            }),
            .. version.Prepayments.Select(each => new Prepayment
            {
                Id = each.Id, Source = At(each), From = TimeOrNull(each.From), Until = TimeOrNull(each.Until),
                Amount = each.Amount, PaidAt = Time(each.PaidAt), Uses = ToSelector(each.Uses), Share = each.Share,
            }),
            .. version.Credits.Select(each => new Credit
            {
                Id = each.Id, Source = At(each), From = TimeOrNull(each.From), Until = TimeOrNull(each.Until),
                Amount = each.Amount, GrantedAt = Time(each.GrantedAt), Reason = each.Reason,
            }),
            .. version.Tranches.Select(each => ToTranche(each, At(each))),
            .. version.ReservedFees.Select(each => new ReservedFee
            {
                Id = each.Id, Source = At(each), From = TimeOrNull(each.From), Until = TimeOrNull(each.Until),
                Tranches = each.Tranches.ToValueList(), Per = each.Per, PerMonth = each.PerMonth,
            }),
            .. version.Sites.Select(each => new OwnSite
            {
                Id = each.Id, Source = At(each), From = TimeOrNull(each.From), Until = TimeOrNull(each.Until),
                Region = each.Region, Country = each.Country, State = each.State, Megawatts = each.Megawatts,
                LoadFactor = each.LoadFactor, EnergyPerMegawattHour = each.EnergyPerMegawattHour,
                FixedPerMonth = each.FixedPerMonth,
            }),
            .. version.Scopes.Select(each => new Scope
            {
                Id = each.Id, Source = At(each), From = TimeOrNull(each.From), Until = TimeOrNull(each.Until),
                Uses = ToSelector(each.Uses),
            }),
            .. version.FirstRefusals.Select(each => new FirstRefusal
            {
                Id = each.Id, Source = At(each), From = TimeOrNull(each.From), Until = TimeOrNull(each.Until),
                Uses = ToSelector(each.Uses), FromMegawatts = each.FromMegawatts, NoticeDays = each.NoticeDays,
                SignWithinDays = each.SignWithinDays,
            }),
            .. version.ServiceLevels.Select(each => new ServiceLevel
            {
                Id = each.Id, Source = At(each), From = TimeOrNull(each.From), Until = TimeOrNull(each.Until),
                Uses = ToSelector(each.Uses), Per = each.Per, MinAttempts = each.MinAttempts,
                Steps = each.Steps.Select(step => new LevelStep(step.Below, step.Credit)).ToValueList(),
                ClaimWithinDays = each.ClaimWithinDays,
            }),
            .. version.Exclusivities.Select(each => new Exclusivity
            {
                Id = each.Id, Source = At(each), From = TimeOrNull(each.From), Until = TimeOrNull(each.Until),
                Uses = ToSelector(each.Uses),
            }),
        ];
    }

    static Commitment ToCommitment(CommitmentConfig commitment, ClauseSource source) => new()
    {
        Id = commitment.Id,
        Source = source,
        From = TimeOrNull(commitment.From),
        Until = TimeOrNull(commitment.Until),
        Measure = commitment.Measure,
        Unit = commitment.Unit,
        UnitPrice = commitment.UnitPrice,
        Basis = commitment.Basis,
        Windows = commitment.Windows
            .Select(window => new CommitmentWindow(Time(window.From), Time(window.Until), window.Amount)).ToValueList(),
        Eligible = ToSelector(commitment.Eligible),
        Excluded = commitment.Excluded.Select(ToSelector).ToValueList(),
        Caps = commitment.Caps.Select(cap => new DrawdownCap(ToSelector(cap), cap.Share)).ToValueList(),
        OwedShare = commitment.OwedShare,
        SurplusRollover = commitment.SurplusRollover,
        ShortfallRollover = commitment.ShortfallRollover,
    };

    static Rate ToRate(RateConfig rate, ClauseSource source) => new()
    {
        Id = rate.Id,
        Source = source,
        From = TimeOrNull(rate.From),
        Until = TimeOrNull(rate.Until),
        Uses = ToSelector(rate.Uses),
        Tokens = rate.Tokens is { } price
            ? PriceTerms.FromUsdPerMillion(
                price.Prompt, price.Cached ?? price.Prompt, price.Output, price.CacheWrite, price.CacheWrite1h)
            : null,
        UnitPrice = rate.UnitPrice,
        Discount = rate.Discount,
        Tiers = rate.Tiers.Select(tier => new VolumeTier(tier.From, tier.Discount)).ToValueList(),
        TierPeriod = rate.TierPeriod,
    };

    static CapacityTranche ToTranche(TrancheConfig tranche, ClauseSource source) => new()
    {
        Id = tranche.Id,
        Source = source,
        From = TimeOrNull(tranche.From),
        Until = TimeOrNull(tranche.Until),
        Site = tranche.Site,
        Country = tranche.Country,
        GpuKind = tranche.GpuKind,
        Gpus = tranche.Gpus,
        Megawatts = tranche.Megawatts,
        DueAt = Time(tranche.DueAt),
        AcceptedAt = TimeOrNull(tranche.AcceptedAt),
        Late = tranche.Late is { } late ? new LateDelivery(late.PerDay, late.GraceDays, late.MaxDays) : null,
        ExitAfterDays = tranche.ExitAfterDays,
    };

    static Selector ToSelector(SelectorConfig selector) => new()
    {
        Services = selector.Services.ToValueList(),
        Deployments = selector.Deployments.ToValueList(),
        Models = selector.Models.ToValueList(),
        Regions = selector.Regions.ToValueList(),
        Countries = selector.Countries.ToValueList(),
    };

    static DateTimeOffset? TimeOrNull(string? text) => text is null ? null : Time(text);

    /// <summary>Of a text that was refused nothing is left; the rules do not look at contracts then.</summary>
    static DateTimeOffset Time(string text) => TryTime(text, out var time) ? time : default;
}
