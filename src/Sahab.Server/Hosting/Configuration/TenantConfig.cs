using System.Collections.Immutable;
using Sahab.Routing.Requests;

namespace Sahab.Server.Hosting.Configuration;

[Doc("Who buys from us.")]
internal sealed record TenantConfig
{
    /// <summary>The project in which its keys are.</summary>
    public const string DefaultProject = "default";

    [MapKey]
    [Form(TextForm.Id)]
    public required string Id { get; init; } = "";

    [Doc("What people call it. Left out: its id.")]
    [Form(TextForm.Free)]
    public string? Name { get; init; }

    [Doc("Its share of scarce capacity, beside the other tenants of the same tier.")]
    [Between("1", "1000")]
    public int Weight { get; init; } = 1;

    [Doc("Where its data may be processed and kept. Left out: wherever its keys allow.")]
    public DataConfig? Data { get; init; }

    [Doc("Its keys, by id.")]
    [AtMost(10000)]
    public ImmutableArray<KeyConfig> Keys { get; init; } = [];
}

[Doc("A key with which a tenant calls.")]
internal sealed record KeyConfig
{
    [MapKey]
    [Form(TextForm.Id)]
    public required string Id { get; init; } = "";

    [Doc("The key itself, from the environment or a file, or its SHA-256.")]
    public required SecretConfig Secret { get; init; } = new();

    [Doc("Whether it may use the control API and ask for explanations.")]
    public bool Admin { get; init; }

    [Doc("The only countries in which its calls may be attempted. Left out: all.")]
    [Form(TextForm.Country)]
    [AtMost(249)]
    public ImmutableArray<string>? Countries { get; init; }

    [Doc("Where its data may be processed and kept, within what the tenant's rules allow.")]
    public DataConfig? Data { get; init; }

    [Doc("The only names that it may ask for, models and aliases each by itself. Left out: all.")]
    [Form(TextForm.ModelId)]
    [AtMost(4096)]
    public ImmutableArray<string>? Models { get; init; }

    [Doc("What it may use.")]
    public LimitsConfig Limits { get; init; } = new();

    [Doc("The highest service tier that it gets; a call that asks for more gets this one.")]
    public ServiceTier MaxTier { get; init; } = ServiceTier.Priority;
}
