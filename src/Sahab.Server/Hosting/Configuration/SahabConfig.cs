using System.Collections.Immutable;

namespace Sahab.Server.Hosting.Configuration;

/// <summary>
/// The whole configuration, as the operator wrote it. The properties of these records are the single source of
/// the keys, their defaults, ranges and descriptions: binder, JSON schema and reference are derived from them.
/// </summary>
[Doc("The whole configuration.")]
internal sealed record SahabConfig
{
    [Doc("Where the server listens and what it accepts.")]
    public ServerConfig Server { get; init; } = new();

    [Doc("Companies that sell compute, or ourselves, by id.")]
    [AtMost(256)]
    public required ImmutableArray<ProviderConfig> Providers { get; init; } = [];

    [Doc("The models that clients may ask for, by name.")]
    [AtMost(4096)]
    public required ImmutableArray<ModelConfig> Models { get; init; } = [];

    [Doc("Where each model is served, by id.")]
    [AtMost(4096)]
    public required ImmutableArray<DeploymentConfig> Deployments { get; init; } = [];

    [Doc("Other names for models: `alias: model`. An alias may name another alias.")]
    [Form(TextForm.ModelId)]
    [AtMost(4096)]
    public ImmutableSortedDictionary<string, string> Aliases { get; init; } =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    [Doc("Who may call, by id.")]
    [AtMost(10000)]
    public ImmutableArray<TenantConfig> Tenants { get; init; } = [];

    [Doc("How users sign up and in.")]
    public SignInConfig SignIn { get; init; } = new();

    [Doc("Tenants and keys that are guaranteed capacity together, by id.")]
    [AtMost(64)]
    public ImmutableArray<GroupConfig> Groups { get; init; } = [];

    [Doc("What groups are guaranteed of reserved capacity, by any id.")]
    [AtMost(1000)]
    public ImmutableArray<GuaranteeConfig> Guarantees { get; init; } = [];

    [Doc("Sets of countries, by name: `zones: { ours: [DE, FR] }`. Known without being written: `eu`, `eea`, `nordics`, "
        + "`dach`, `gcc`.")]
    [Form(TextForm.Country)]
    [AtMost(249)]
    public ImmutableSortedDictionary<string, ImmutableArray<string>> Zones { get; init; } =
        ImmutableSortedDictionary.Create<string, ImmutableArray<string>>(StringComparer.Ordinal);

    [Doc("What projects may be declared to be for, by name. There without being written: `general`, `sensitive`, "
        + "`government`, `military`.")]
    [AtMost(100)]
    public ImmutableArray<UseClassConfig> UseClasses { get; init; } = [];

    [Doc("The register of those who process data for us.")]
    public SubprocessorsConfig Subprocessors { get; init; } = new();

    [Doc("What is sent elsewhere of what the server tells about itself.")]
    public TelemetryConfig Telemetry { get; init; } = new();

    [Doc("How a deployment is chosen, and what happens when it fails.")]
    public RoutingConfig Routing { get; init; } = new();

    [Doc("What happens when all that could serve a call is full.")]
    public AdmissionConfig Admission { get; init; } = new();

    [Doc("How usage is recorded.")]
    public MeteringConfig Metering { get; init; } = new();

    [Doc("How `/v1/files` and `/v1/batches` work.")]
    public BatchesConfig Batches { get; init; } = new();

    [Doc("What was agreed with providers, by id.")]
    [AtMost(1000)]
    public ImmutableArray<ContractConfig> Contracts { get; init; } = [];

    [Doc("What the currencies of contracts are worth in US dollars, by any id.")]
    [AtMost(10000)]
    public ImmutableArray<CurrencyRateConfig> CurrencyRates { get; init; } = [];

    [Doc("What we sell at. Left out: nothing is charged to anybody.")]
    public PriceBookConfig PriceBook { get; init; } = new();

    [Doc("Reserved capacity that we sell on.")]
    public CapacityConfig Capacity { get; init; } = new();

    [Doc("How what was sold is invoiced.")]
    public BillingConfig Billing { get; init; } = new();

    [Doc("What is kept of calls to `/v1/responses`.")]
    public ResponsesConfig Responses { get; init; } = new();

    [Doc("Where organisations may be told of events.")]
    public WebhooksConfig Webhooks { get; init; } = new();

    /// <summary>The model behind a name: the model itself, or what its aliases lead to.</summary>
    public ModelConfig? FindModel(string name)
    {
        // As many steps as there are aliases: a circle, which the rules refuse, ends here too.
        for (var step = 0; step <= Aliases.Count; step++)
        {
            foreach (var model in Models)
            {
                if (model.Id == name)
                {
                    return model;
                }
            }

            if (!Aliases.TryGetValue(name, out var target))
            {
                return null;
            }

            name = target;
        }

        return null;
    }

    public ProviderConfig? FindProvider(string id)
    {
        foreach (var provider in Providers)
        {
            if (provider.Id == id)
            {
                return provider;
            }
        }

        return null;
    }

    /// <summary>The region in which a deployment stands.</summary>
    public RegionConfig? FindRegion(DeploymentConfig deployment)
    {
        foreach (var region in FindProvider(deployment.Provider)?.Regions ?? [])
        {
            if (region.Id == deployment.Region)
            {
                return region;
            }
        }

        return null;
    }
}

[Doc("Where the server listens and what it accepts.")]
internal sealed record ServerConfig
{
    [Doc("Address and port. A change takes effect at the next start.")]
    [Form(TextForm.Endpoint)]
    public string Listen { get; init; } = "127.0.0.1:8080";

    [Doc("The country in which this node stands, with its journal and files. Rules on data need it.")]
    [Form(TextForm.Country)]
    public string? Country { get; init; }

    [Doc("The largest request body; a larger one is answered with 413.")]
    [Bytes]
    [Between("1KiB", "1GiB")]
    public long MaxBodyBytes { get; init; } = 20_971_520;

    [Doc("Calls in the house at once, waiting ones included; one more is answered with 503.")]
    [Between("1", "1000000")]
    public int MaxConcurrentCalls { get; init; } = 20_000;

    [Doc("The longest that a call may take, from its arrival to its last byte.")]
    [Between("1s", "24h")]
    public TimeSpan CallDeadline { get; init; } = TimeSpan.FromSeconds(600);
}
