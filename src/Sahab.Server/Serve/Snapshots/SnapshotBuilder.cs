using System.Collections.Frozen;
using System.Collections.Immutable;
using Sahab.Ledger.Rating;
using Sahab.Routing.Admission;
using Sahab.Routing.Policies;
using Sahab.Routing.Requests;
using Sahab.Routing.Snapshot;
using Sahab.Routing.Steering;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Sell.Capacity;
using Sahab.Server.Serve.Providers;
using Sahab.Server.Serve.Providers.Vllm;

namespace Sahab.Server.Serve.Snapshots;

/// <summary>Builds the front door's snapshot from a configuration that was validated before.</summary>
internal static class SnapshotBuilder
{
    const double NanoUsdPerUsdPerMs = 1_000_000_000 / 1000.0;

    /// <param name="pools">The connections of each provider, by its id.</param>
    /// <param name="upstreams">Makes the way to each deployment.</param>
    /// <param name="storeKeys">The keys of the store.</param>
    /// <param name="reserved">What is reserved now.</param>
    /// <param name="previous">The snapshot in force, whose learned state is carried over; null at the start.</param>
    public static ServeSnapshot Build(
        SahabConfig config, IReadOnlyDictionary<string, HttpMessageInvoker> pools, UpstreamFactory upstreams,
        StoreKeyTable storeKeys, ImmutableArray<ReservedShare> reserved, ServeSnapshot? previous, DateTimeOffset now)
    {
        var routing = BuildRouting(config, previous?.Routing, reserved);
        return new ServeSnapshot
        {
            Routing = routing,
            Keys = BuildKeys(config, routing, storeKeys, previous?.Keys),
            Reserved = ReservedTable.Of(routing, reserved, previous?.Reserved),
            Targets = config.Deployments.ToFrozenDictionary(
                deployment => Find(routing, deployment.Id),
                deployment => TargetFor(config, deployment, Find(routing, deployment.Id), pools, upstreams)),
            Models = BuildModels(config, routing),
            MaxOutputTokens = BuildModels(config, routing).Where(model => model.MaxOutputTokens > 0)
                .DistinctBy(model => model.Route).ToFrozenDictionary(model => model.Route, model => model.MaxOutputTokens),
            Probes = BuildProbes(config, routing, pools),
            LoadedAtUnixSeconds = now.ToUnixTimeSeconds(),
            MaxBodyBytes = (int)Math.Min(config.Server.MaxBodyBytes, int.MaxValue),
            MaxConcurrentCalls = config.Server.MaxConcurrentCalls,
            MaxAttempts = config.Routing.MaxAttempts,
            CallDeadlineMs = (long)config.Server.CallDeadline.TotalMilliseconds,
            MaxWaiting = config.Admission.Queue.MaxWaiting,
            MaxWaitMs = (long)config.Admission.Queue.MaxWait.TotalMilliseconds,
        };
    }

    static Deployment Find(RoutingSnapshot routing, string id) =>
        routing.TryGetDeployment(id, out var deployment)
            ? deployment
            : throw new InvalidOperationException($"Deployment '{id}' is not in the snapshot.");

    /// <summary>The part that the router sees.</summary>
    public static RoutingSnapshot BuildRouting(
        SahabConfig config, RoutingSnapshot? previous, ImmutableArray<ReservedShare> reserved = default)
    {
        var builder = new RoutingSnapshotBuilder(previous)
        {
            Profile = ProfileFor(config.Routing),
            Health = HealthFor(config.Routing.Breaker),
            DefaultOutputTokens = config.Admission.DefaultOutputTokens,
        };
        foreach (var model in config.Models)
        {
            builder.AddModel(model.Id, [.. model.Operations]);
        }

        foreach (var deployment in config.Deployments)
        {
            builder.AddDeployment(SpecFor(config, deployment));
        }

        AddGuarantees(
            builder, config.Groups, config.Guarantees, config.Models.Select(model => model.Id));
        ReservedTable.AddTo(builder, config, reserved.IsDefault ? [] : reserved);
        foreach (var alias in config.Aliases.Keys)
        {
            if (config.FindModel(alias) is { } model)
            {
                builder.AddAlias(alias, model.Id);
            }
        }

        return builder.Build();
    }

    static void AddGuarantees(
        RoutingSnapshotBuilder builder, ImmutableArray<GroupConfig> groups, ImmutableArray<GuaranteeConfig> guarantees,
        IEnumerable<string> models)
    {
        foreach (var group in groups)
        {
            builder.AddGroup(group.Id);
        }

        foreach (var (model, guarantee) in GuaranteesFor(guarantees, [.. models]))
        {
            builder.AddGuarantee(model, guarantee);
        }
    }

    /// <summary>Each guarantee with each model that it is of.</summary>
    public static IEnumerable<(string Model, GuaranteeTerms Terms)> GuaranteesFor(
        ImmutableArray<GuaranteeConfig> guarantees, ImmutableArray<string> models) =>
        guarantees.SelectMany(
            guarantee => guarantee.Models ?? models,
            (guarantee, model) => (model, new GuaranteeTerms
            {
                Group = guarantee.Group,
                Share = guarantee.Share,
                LendingLimit = guarantee.LendingLimit,
                BorrowingLimit = guarantee.BorrowingLimit,
            }));

    /// <summary>The policy by which the router chooses.</summary>
    public static RoutingProfile ProfileFor(RoutingConfig config) => config.Policy switch
    {
        PolicyName.WeightedShuffle => RoutingProfile.WeightedShuffle,
        PolicyName.LeastBusy => RoutingProfile.LeastBusy,
        PolicyName.LowestLatency => RoutingProfile.LowestLatency,
        PolicyName.LowestPrice => RoutingProfile.LowestPrice,
        PolicyName.PriorityOrder => RoutingProfile.PriorityOrder,
        PolicyName.LeastCost => Steered(RoutingProfile.LeastCost, config),
        _ => Steered(RoutingProfile.Balanced, config) with
        {
            NanoUsdPerMs = (double)config.LatencyValueUsdPerSecond * NanoUsdPerUsdPerMs,
        },
    };

    static RoutingProfile Steered(RoutingProfile profile, RoutingConfig config) => profile with
    {
        PrefixAffinity = config.PrefixAffinity,
        PriorityPatienceMs = (long)config.Patience.Priority.TotalMilliseconds,
        DefaultPatienceMs = (long)config.Patience.Default.TotalMilliseconds,
        FlexPatienceMs = (long)config.Patience.Flex.TotalMilliseconds,
    };

    /// <summary>When a failing deployment is left alone.</summary>
    public static HealthTerms HealthFor(BreakerConfig breaker) => new()
    {
        ConsecutiveFailures = breaker.Failures,
        OpenForMs = (long)breaker.OpenFor.TotalMilliseconds,
        MaxOpenForMs = (long)breaker.MaxOpenFor.TotalMilliseconds,
    };

    static DeploymentSpec SpecFor(SahabConfig config, DeploymentConfig deployment)
    {
        var model = config.FindModel(deployment.Model)!;
        return new DeploymentSpec
        {
            Id = deployment.Id,
            Provider = deployment.Provider,
            Region = deployment.Region,
            Country = CountryCode.Parse(config.FindRegion(deployment)!.Country),
            Model = deployment.Model,
            Kind = deployment.Capacity,
            Capabilities = (deployment.Capabilities ?? model.Capabilities)
                & UpstreamFactory.CapabilitiesOf(config.FindProvider(deployment.Provider)!),
            ContextTokens = deployment.ContextTokens ?? model.ContextTokens,
            Limits = LimitsFor(deployment.Limits),
            Prices = PricesFor(deployment.Price),
            Weights = new CapacityWeights(
                (double)deployment.CapacityWeights.Prompt, (double)deployment.CapacityWeights.Cached,
                (double)deployment.CapacityWeights.Output),
            Weight = deployment.Weight,
            Priority = deployment.Priority,
        };
    }

    /// <summary>The prices as the ledger rates by them.</summary>
    public static PriceTerms PricesFor(PriceConfig price) => PriceTerms.FromUsdPerMillion(
        price.Prompt, price.Cached ?? price.Prompt, price.Output, price.CacheWrite, price.CacheWrite1h);

    /// <summary>The limits as admission keeps them.</summary>
    public static Limits LimitsFor(LimitsConfig limits) => new()
    {
        RequestsPerMinute = limits.RequestsPerMinute,
        TokensPerMinute = limits.TokensPerMinute,
        Concurrency = limits.Concurrency,
    };

    static DeploymentTarget TargetFor(
        SahabConfig config, DeploymentConfig deployment, Deployment entry,
        IReadOnlyDictionary<string, HttpMessageInvoker> pools, UpstreamFactory upstreams)
    {
        var provider = config.FindProvider(deployment.Provider)!;
        var region = config.FindRegion(deployment)!;
        return new DeploymentTarget(
            entry,
            region.Country,
            upstreams.Create(provider, region, deployment, pools[provider.Id]),
            deployment.UpstreamModel ?? deployment.Model,
            [.. provider.AllSecrets().Select(secret => secret.Reveal())],
            provider.RunningUsage,
            provider.BrokenStreams == BrokenStreams.Billed,
            (long)provider.Timeouts.FirstByte.TotalMilliseconds,
            (long)provider.Timeouts.BetweenChunks.TotalMilliseconds);
    }

    /// <summary>What part of what is scarce each tenant of the configuration has.</summary>
    public static FrozenDictionary<string, TenantStanding> StandingsFor(SahabConfig config, RoutingSnapshot routing)
    {
        var groups = GroupsFor(config, routing);
        return config.Tenants.ToFrozenDictionary(
            tenant => tenant.Id,
            tenant => new TenantStanding(tenant.Weight, groups.GetValueOrDefault(tenant.Id)),
            StringComparer.Ordinal);
    }

    static Dictionary<string, TenantGroup?> GroupsFor(SahabConfig config, RoutingSnapshot routing) => config.Groups
        .SelectMany(group => group.Members, (group, member) => (member, routing.FindGroup(group.Id)))
        .ToDictionary(StringComparer.Ordinal);

    static ApiKeyTable BuildKeys(
        SahabConfig config, RoutingSnapshot routing, StoreKeyTable storeKeys, ApiKeyTable? previous)
    {
        var limiters = (previous ?? ApiKeyTable.Empty).Keys.ToDictionary(
            key => (key.Tenant, key.Id), key => key.Limiter);
        var groups = GroupsFor(config, routing);
        var keys = new Dictionary<KeyDigest, ApiKey>();
        foreach (var tenant in config.Tenants)
        {
            foreach (var key in tenant.Keys)
            {
                var limits = LimitsFor(key.Limits);
                if (limiters.TryGetValue((tenant.Id, key.Id), out var limiter))
                {
                    limiter.Change(limits);
                }

                keys[KeyDigest.FromHex(key.Secret.Hash!)] = KeyFor(tenant, key, limiter ?? new KeyLimiter(limits)) with
                {
                    Group = groups.GetValueOrDefault($"{tenant.Id}/{key.Id}") ?? groups.GetValueOrDefault(tenant.Id),
                };
            }
        }

        return new ApiKeyTable(keys.ToFrozenDictionary(), storeKeys);
    }

    static ApiKey KeyFor(TenantConfig tenant, KeyConfig key, KeyLimiter limiter)
    {
        var countries = key.Countries is { } codes
            ? CountrySet.FromCodes(codes.Select(code => CountryCode.Parse(code)))
            : CountrySet.All;
        return new ApiKey(
            tenant.Id, key.Id, tenant.Weight, key.Admin, countries, countries.ToString(),
            key.Models?.ToFrozenSet(StringComparer.Ordinal), limiter, key.MaxTier);
    }

    static ImmutableArray<LoadProbe> BuildProbes(
        SahabConfig config, RoutingSnapshot routing, IReadOnlyDictionary<string, HttpMessageInvoker> pools)
    {
        var probes = ImmutableArray.CreateBuilder<LoadProbe>();
        foreach (var deployment in config.Deployments)
        {
            var provider = config.FindProvider(deployment.Provider)!;
            if (provider is { Probe: { } probe, Dialect: Dialect.OpenAi })
            {
                var baseUrl = new Uri(config.FindRegion(deployment)!.BaseUrl.TrimEnd('/'));
                probes.Add(new LoadProbe(
                    Find(routing, deployment.Id).State, pools[provider.Id], new Uri(baseUrl, "metrics"),
                    new Uri(baseUrl, "health"), deployment.UpstreamModel ?? deployment.Model, probe.Interval));
            }
        }

        return probes.ToImmutable();
    }

    static ImmutableArray<ServedModel> BuildModels(SahabConfig config, RoutingSnapshot routing)
    {
        var served = ImmutableArray.CreateBuilder<ServedModel>();
        foreach (var name in config.Models.Select(model => model.Id).Concat(config.Aliases.Keys))
        {
            if (routing.TryGetModel(name, out var route) && config.FindModel(name) is { } model)
            {
                served.Add(new ServedModel(name, route, model.OwnedBy, model.MaxOutputTokens));
            }
        }

        return served.ToImmutable();
    }
}
