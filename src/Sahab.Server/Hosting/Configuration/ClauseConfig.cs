using System.Collections.Immutable;
using Sahab.Ledger.Contracts;

namespace Sahab.Server.Hosting.Configuration;

/// <summary>What every clause has. Its id is its name within the contract, which it keeps through amendments.</summary>
internal abstract record ClauseConfig
{
    [MapKey]
    [Form(TextForm.Id)]
    public required string Id { get; init; } = "";

    [Doc("The page of the version's document that it stands on.")]
    [Between("1", "100000")]
    public required int Page { get; init; } = 1;

    [Doc("From when on it is in force. Left out: with its version.")]
    [Form(TextForm.Instant)]
    public string? From { get; init; }

    [Doc("When it ceases to be in force. Left out: with its contract.")]
    [Form(TextForm.Instant)]
    public string? Until { get; init; }
}

[Doc("Which uses are meant. Each list names exact ids; one that is left out leaves its part open.")]
internal record SelectorConfig
{
    [Doc("Services: `inference`, `capacity`, or as the contract calls them.")]
    [Form(TextForm.Free)]
    public ImmutableArray<string> Services { get; init; } = [];

    [Doc("Deployments, tranches or sites.")]
    [Form(TextForm.Id)]
    public ImmutableArray<string> Deployments { get; init; } = [];

    [Doc("Models.")]
    [Form(TextForm.ModelId)]
    public ImmutableArray<string> Models { get; init; } = [];

    [Doc("Regions or sites of the provider.")]
    [Form(TextForm.Id)]
    public ImmutableArray<string> Regions { get; init; } = [];

    [Doc("Countries.")]
    [Form(TextForm.Country)]
    public ImmutableArray<string> Countries { get; init; } = [];
}

[Doc("Uses with a name, to be left out.")]
internal sealed record ExcludedConfig : SelectorConfig
{
    [MapKey]
    [Form(TextForm.Id)]
    public required string Id { get; init; } = "";
}

[Doc("Take or pay: amounts to be drawn in windows of time.")]
internal sealed record CommitmentConfig : ClauseConfig
{
    [Doc("Whether money or units are committed.")]
    public Measure Measure { get; init; }

    [Doc("The unit, for people, where quantities are committed.")]
    [Form(TextForm.Free)]
    public string Unit { get; init; } = "";

    [Doc("What a missing unit costs, where quantities are committed.")]
    [Between("0", "1000000000000")]
    public decimal UnitPrice { get; init; }

    [Doc("At which price money counts.")]
    public DrawdownBasis Basis { get; init; }

    [Doc("The parts of its term, in order; growing amounts are a ramp.")]
    [AtMost(1000)]
    public required ImmutableArray<WindowConfig> Windows { get; init; } = [];

    [Doc("Which uses count. Left out: all.")]
    public SelectorConfig Eligible { get; init; } = new();

    [Doc("Which of them do not count after all, by name.")]
    [AtMost(1000)]
    public ImmutableArray<ExcludedConfig> Excluded { get; init; } = [];

    [Doc("Uses that count up to a part of the commitment only, such as what others sell on the marketplace.")]
    [AtMost(1000)]
    public ImmutableArray<CapConfig> Caps { get; init; } = [];

    [Doc("The part of a window's shortfall that is owed at its end.")]
    [Between("0", "1")]
    public decimal OwedShare { get; init; } = 1;

    [Doc("Up to which part of a window's amount its surplus counts in the next one.")]
    [Between("0", "1")]
    public decimal SurplusRollover { get; init; }

    [Doc("Up to which part of a window's amount its shortfall is added to the next instead of being owed.")]
    [Between("0", "1")]
    public decimal ShortfallRollover { get; init; }
}

[Doc("A part of a commitment's term.")]
internal sealed record WindowConfig
{
    [MapKey]
    [Form(TextForm.Id)]
    public required string Id { get; init; } = "";

    [Doc("Its beginning.")]
    [Form(TextForm.Instant)]
    public required string From { get; init; } = "";

    [Doc("Its end, which no longer belongs to it.")]
    [Form(TextForm.Instant)]
    public required string Until { get; init; } = "";

    [Doc("What is to be drawn in it.")]
    [Between("0", "1000000000000000")]
    public required decimal Amount { get; init; }
}

[Doc("Uses that count up to a part only.")]
internal sealed record CapConfig : SelectorConfig
{
    [MapKey]
    [Form(TextForm.Id)]
    public required string Id { get; init; } = "";

    [Doc("The part of a window's amount that they may draw together.")]
    [Between("0", "1")]
    public required decimal Share { get; init; }
}

[Doc("What uses cost.")]
internal sealed record RateConfig : ClauseConfig
{
    [Doc("Which uses. Left out: all.")]
    public SelectorConfig Uses { get; init; } = new();

    [Doc("List prices of tokens. Left out: the deployment's own.")]
    public PriceConfig? Tokens { get; init; }

    [Doc("List price of a unit of a service that is not inference. Left out: the use's own.")]
    [Between("0", "1000000000000")]
    public decimal? UnitPrice { get; init; }

    [Doc("What is taken off the list price: 0.3 is 30 %.")]
    [Between("0", "1")]
    public decimal Discount { get; init; }

    [Doc("Further discounts that grow with volume, in order.")]
    [AtMost(100)]
    public ImmutableArray<VolumeTierConfig> Tiers { get; init; } = [];

    [Doc("The period over which volume adds up.")]
    public CalendarPeriod TierPeriod { get; init; }
}

[Doc("A discount for volume.")]
internal sealed record VolumeTierConfig
{
    [MapKey]
    [Form(TextForm.Id)]
    public required string Id { get; init; } = "";

    [Doc("Spend in the period from which on it holds.")]
    [Between("0", "1000000000000000")]
    public required decimal From { get; init; }

    [Doc("What is taken off the spend within the tier: 0.1 is 10 %.")]
    [Between("0", "1")]
    public required decimal Discount { get; init; }
}

[Doc("A baseline that is paid for every hour, used or not, at a lower price.")]
internal sealed record CommittedUseConfig : ClauseConfig
{
    [Doc("Which uses. Left out: all.")]
    public SelectorConfig Uses { get; init; } = new();

    [Doc("Whether the baseline is spend at list price or a quantity.")]
    public Measure Measure { get; init; }

    [Doc("The baseline of an hour.")]
    [Between("0", "1000000000000")]
    public required decimal Baseline { get; init; }

    [Doc("What a unit of it costs an hour: for spend the part of the list price that is paid (0.55 is 45 % off).")]
    [Between("0", "1000000000000")]
    public required decimal UnitPrice { get; init; }
}

[Doc("Money that is paid ahead and used up later; what is left at `until` is lost.")]
internal sealed record PrepaymentConfig : ClauseConfig
{
    [Doc("What is paid.")]
    [Between("0", "1000000000000000")]
    public required decimal Amount { get; init; }

    [Doc("When it is paid.")]
    [Form(TextForm.Instant)]
    public required string PaidAt { get; init; } = "";

    [Doc("Which uses it pays for. Left out: all.")]
    public SelectorConfig Uses { get; init; } = new();

    [Doc("The part of each of them that it pays for, above 0; the rest is billed.")]
    [Between("0", "1")]
    public decimal Share { get; init; } = 1;
}

[Doc("Money that the provider grants: for a breach of a service level, or as an incentive.")]
internal sealed record CreditConfig : ClauseConfig
{
    [Doc("What is granted.")]
    [Between("0", "1000000000000000")]
    public required decimal Amount { get; init; }

    [Doc("When it counts.")]
    [Form(TextForm.Instant)]
    public required string GrantedAt { get; init; } = "";

    [Doc("What for.")]
    [Form(TextForm.Free)]
    public string Reason { get; init; } = "";
}

[Doc("Capacity that is held for us at a named site. It sets no price.")]
internal sealed record TrancheConfig : ClauseConfig
{
    [Doc("The provider's region or site.")]
    [Form(TextForm.Id)]
    public required string Site { get; init; } = "";

    [Doc("The site's country.")]
    [Form(TextForm.Country)]
    public required string Country { get; init; } = "";

    [Doc("Kind of GPU, such as GB200.")]
    [Form(TextForm.Free)]
    public string GpuKind { get; init; } = "";

    [Doc("GPUs.")]
    [Between("0", "100000000")]
    public int Gpus { get; init; }

    [Doc("Power, in MW.")]
    [Between("0", "1000000")]
    public decimal Megawatts { get; init; }

    [Doc("When it is to be delivered.")]
    [Form(TextForm.Instant)]
    public required string DueAt { get; init; } = "";

    [Doc("When it was accepted. Left out: not yet.")]
    [Form(TextForm.Instant)]
    public string? AcceptedAt { get; init; }

    [Doc("What is owed to us while it is late. Left out: nothing.")]
    public LateConfig? Late { get; init; }

    [Doc("From how many days after its date on we may end it, if it is not delivered. Left out: never.")]
    [Between("0", "100000")]
    public int? ExitAfterDays { get; init; }
}

[Doc("A credit for each day of lateness.")]
internal sealed record LateConfig
{
    [Doc("What a day is worth.")]
    [Between("0", "1000000000000")]
    public required decimal PerDay { get; init; }

    [Doc("Days after the date that are free.")]
    [Between("0", "100000")]
    public int GraceDays { get; init; }

    [Doc("For how many days it is owed at most.")]
    [Between("1", "100000")]
    public required int MaxDays { get; init; } = 1;
}

[Doc("What capacity costs a calendar month, used or not, from its acceptance on.")]
internal sealed record ReservedFeeConfig : ClauseConfig
{
    [Doc("The tranches, by id.")]
    [Form(TextForm.Id)]
    public required ImmutableArray<string> Tranches { get; init; } = [];

    [Doc("What the amount is for.")]
    public FeeUnit Per { get; init; }

    [Doc("What that costs a month.")]
    [Between("0", "1000000000000")]
    public required decimal PerMonth { get; init; }
}

[Doc("A site of our own.")]
internal sealed record SiteConfig : ClauseConfig
{
    [Doc("The region that its deployments name.")]
    [Form(TextForm.Id)]
    public required string Region { get; init; } = "";

    [Doc("Its country.")]
    [Form(TextForm.Country)]
    public required string Country { get; init; } = "";

    [Doc("State or province, for people.")]
    [Form(TextForm.Free)]
    public string State { get; init; } = "";

    [Doc("Power, in MW.")]
    [Between("0", "1000000")]
    public required decimal Megawatts { get; init; }

    [Doc("The part of the power that is drawn on average.")]
    [Between("0", "1")]
    public decimal LoadFactor { get; init; } = 1;

    [Doc("Price of a MWh.")]
    [Between("0", "1000000")]
    public required decimal EnergyPerMegawattHour { get; init; }

    [Doc("Rent, staff, wear and write-offs of a month.")]
    [Between("0", "1000000000000")]
    public required decimal FixedPerMonth { get; init; }
}

[Doc("What the contract covers.")]
internal sealed record ScopeConfig : ClauseConfig
{
    [Doc("The uses.")]
    public SelectorConfig Uses { get; init; } = new();
}

[Doc("A right to be asked first before capacity is bought elsewhere.")]
internal sealed record FirstRefusalConfig : ClauseConfig
{
    [Doc("What counts as new capacity, by site, country and model. Left out: any.")]
    public SelectorConfig Uses { get; init; } = new();

    [Doc("Purchases below this power are free, in MW.")]
    [Between("0", "1000000")]
    public decimal FromMegawatts { get; init; }

    [Doc("Days in which the holder may answer; silence is a lapse.")]
    [Between("1", "3650")]
    public required int NoticeDays { get; init; } = 1;

    [Doc("Days after a refusal or a lapse within which the purchase must be signed. Left out: no limit.")]
    [Between("1", "3650")]
    public int? SignWithinDays { get; init; }
}

[Doc("A right to be the only provider.")]
internal sealed record ExclusivityConfig : ClauseConfig
{
    [Doc("What others may not serve. Left out: anything.")]
    public SelectorConfig Uses { get; init; } = new();
}

[Doc("What availability is owed to us in a calendar month, and what is credited where it falls short.")]
internal sealed record ServiceLevelConfig : ClauseConfig
{
    [Doc("Which uses. Left out: all.")]
    public SelectorConfig Uses { get; init; } = new();

    [Doc("What is measured, and credited, apart.")]
    public LevelScope Per { get; init; }

    [Doc("What is credited below which availability, the highest threshold first.")]
    [AtMost(100)]
    public required ImmutableArray<LevelStepConfig> Steps { get; init; } = [];

    [Doc("How many attempts a month must have to be measured.")]
    [Between("1", "1000000000")]
    public int MinAttempts { get; init; } = ServiceLevel.DefaultMinAttempts;

    [Doc("Days after the month's end within which a credit must be claimed.")]
    [Between("1", "3650")]
    public required int ClaimWithinDays { get; init; } = 1;
}

[Doc("A threshold of availability.")]
internal sealed record LevelStepConfig
{
    [MapKey]
    [Form(TextForm.Id)]
    public required string Id { get; init; } = "";

    [Doc("The availability below which it holds: 0.999 is 99.9 %.")]
    [Between("0", "1")]
    public required decimal Below { get; init; }

    [Doc("The part of the month's charges that is credited: 0.1 is 10 %.")]
    [Between("0", "1")]
    public required decimal Credit { get; init; }
}
