using System.Collections.Immutable;

namespace Sahab.Server.Hosting.Configuration;

[Doc("Reserved capacity that we sell on: never more than is left when what holds most of it fails.")]
internal sealed record CapacityConfig
{
    [Doc("What is taken to fail at once.")]
    public FailureDomain FailureDomain { get; init; } = FailureDomain.Provider;

    [Doc("What customers can reserve, by any id. Another price from a date on is another offer.")]
    [AtMost(1000)]
    public ImmutableArray<CapacityOfferConfig> Offers { get; init; } = [];

    [Doc("Times in which reserved deployments are out, as was announced, by any id: nothing is sold of them then.")]
    [AtMost(1000)]
    public ImmutableArray<PlannedOutageConfig> Outages { get; init; } = [];
}

/// <summary>What fails at once.</summary>
internal enum FailureDomain
{
    /// <summary>All regions of a provider.</summary>
    Provider,

    /// <summary>A region of a provider.</summary>
    Region,

    /// <summary>A deployment.</summary>
    Deployment,
}

[Doc("Capacity of a model that can be reserved in units.")]
internal sealed record CapacityOfferConfig
{
    [MapKey]
    [Form(TextForm.Id)]
    public required string Id { get; init; } = "";

    [Doc("The model.")]
    [Form(TextForm.ModelId)]
    public required string Model { get; init; } = "";

    [Doc("From when on it is sold.")]
    [Form(TextForm.Instant)]
    public required string From { get; init; } = "";

    [Doc("From when on it is sold no more. Left out: it is open.")]
    [Form(TextForm.Instant)]
    public string? Until { get; init; }

    [Doc("What one unit is: tokens in a minute, prompt and output together, as limits of deployments count them.")]
    [Between("1", "1000000000000")]
    public required long TokensPerMinute { get; init; } = 1;

    [Doc("The fewest units of a reservation.")]
    [Between("1", "1000000")]
    public long Smallest { get; init; } = 1;

    [Doc("The most units of a reservation.")]
    [Between("1", "1000000")]
    public long Largest { get; init; } = 1000;

    [Doc("The part of what is reserved that others may use while it is idle. What was lent comes back as their calls leave "
        + "the last minute.")]
    [Between("0", "1")]
    public decimal Lendable { get; init; }

    [Doc("For how long it can be reserved, by any id, such as `month`.")]
    [AtMost(100)]
    public required ImmutableArray<CapacityTermConfig> Terms { get; init; } = [];
}

[Doc("A time for which capacity can be reserved.")]
internal sealed record CapacityTermConfig
{
    [MapKey]
    [Form(TextForm.Id)]
    public required string Id { get; init; } = "";

    [Doc("How long it is.")]
    [Between("1h", "2000d")]
    public required TimeSpan Length { get; init; }

    [Doc("What one unit costs for the whole of it, in US dollars.")]
    [Between("0", "100000000")]
    public required decimal Price { get; init; }
}

[Doc("A time in which reserved deployments are out.")]
internal sealed record PlannedOutageConfig
{
    [MapKey]
    [Form(TextForm.Id)]
    public required string Id { get; init; } = "";

    [Doc("The provider.")]
    [Form(TextForm.Id)]
    public required string Provider { get; init; } = "";

    [Doc("Its region. Left out: all.")]
    [Form(TextForm.Id)]
    public string? Region { get; init; }

    [Doc("Its beginning.")]
    [Form(TextForm.Instant)]
    public required string From { get; init; } = "";

    [Doc("Its end, which no longer belongs to it.")]
    [Form(TextForm.Instant)]
    public required string Until { get; init; } = "";
}
