using System.Collections.Immutable;
using System.Text;
using Sahab.Planning.Scenarios;
using Sahab.Planning.Traces;
using Sahab.Routing.Requests;
using Sahab.Routing.Snapshot;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Serve.Snapshots;

namespace Sahab.Server.Plan.Scenarios;

/// <summary>What one reading of a scenario gave.</summary>
/// <param name="Scenario">As written, its time not compressed; null if there is any error.</param>
/// <param name="Scale">By how much the file wants its time compressed.</param>
/// <param name="Problems">In the order of their places.</param>
internal sealed record ScenarioReading(Scenario? Scenario, double Scale, ImmutableArray<ConfigProblem> Problems);

/// <summary>Reads a scenario from YAML, by the binder of the configuration and with the same exact errors.</summary>
internal sealed class ScenarioReader
{
    public const int MaxBytes = 1 << 20;

    readonly string _file;
    readonly ProblemList _problems;
    readonly Dictionary<string, TraceSample> _traces = new(StringComparer.Ordinal);

    ScenarioReader(string file)
    {
        _file = file;
        _problems = new ProblemList(file);
    }

    public static ScenarioReading Read(string file)
    {
        var reader = new ScenarioReader(file);
        var (scenario, scale) = reader.Read();
        return new ScenarioReading(
            reader._problems.HasErrors ? null : scenario, scale, reader._problems.ToImmutable());
    }

    (Scenario? Scenario, double Scale) Read()
    {
        if (ReadText() is not { } text || YamlTree.Parse(text, _problems) is not { } root)
        {
            return default;
        }

        var config = new ConfigBinder(_problems).Bind<ScenarioConfig>(root);
        if (_problems.HasErrors)
        {
            return default;
        }

        var scenario = Build(config);
        foreach (var problem in scenario is null ? [] : ScenarioCheck.ProblemsOf(scenario))
        {
            _problems.Error(problem.Key, problem.Message, problem.Remedy);
        }

        return (scenario, (double)config.Scale);
    }

    string? ReadText()
    {
        try
        {
            var file = new FileInfo(_file);
            if (file.Length <= MaxBytes)
            {
                return File.ReadAllText(_file, Encoding.UTF8);
            }

            _problems.Error((0, 0), "", $"the file is larger than {MaxBytes >> 20} MiB", "Make it smaller");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            _problems.Error(
                (0, 0), "", "the file cannot be read", "Name a scenario, such as samples/scenarios/steady-growth.yaml");
        }

        return null;
    }

    Scenario? Build(ScenarioConfig config)
    {
        var deployments = config.Deployments.Select(deployment => Build(config, deployment)).ToList();
        var traffic = config.Traffic.Select(Build).ToList();
        var contracts = BuildContracts(config);
        foreach (var outage in config.Outages.Where(outage => (outage.Provider is null) == (outage.Deployment is null)))
        {
            _problems.Error(
                $"outages.{outage.Id}", "it has to name a provider or a deployment, and not both", "Write one of them");
        }

        new GuaranteeRules(
            config.Groups, config.Guarantees,
            new GuaranteeGround(
                [.. config.Tenants.Select(tenant => tenant.Id)],
                [.. ModelsOf(config)],
                [
                    .. config.Deployments.Where(deployment => deployment.Capacity == CapacityKind.Reserved)
                        .Select(deployment => deployment.Model).Distinct(),
                ]),
            _problems).Check();
        return _problems.HasErrors ? null : new Scenario
        {
            Name = config.Name,
            Seed = (ulong)config.Seed,
            Length = config.Length,
            Bucket = config.Bucket,
            Shapes = config.Shapes,
            Deployments = [.. deployments.OfType<ScenarioDeployment>()],
            Traffic = [.. traffic.OfType<TrafficTerms>()],
            Tenants = [.. config.Tenants.Select(tenant => Build(tenant) with
            {
                Group = config.Groups.FirstOrDefault(group => group.Members.Contains(tenant.Id))?.Id,
            })],
            Guarantees = [.. SnapshotBuilder.GuaranteesFor(config.Guarantees, ModelsOf(config))
                .Select(given => new ScenarioGuarantee(given.Model, given.Terms))],
            Tiers = BuildTiers(config.Tiers),
            Spikes = [.. config.Spikes.Select(spike =>
                new Spike(spike.Traffic, spike.From, spike.Length, (double)spike.Factor))],
            Outages = [.. config.Outages.Select(outage =>
                new Outage(outage.Provider, outage.Deployment, outage.From, outage.Length))],
            PriceChanges = [.. config.PriceChanges.Select(change =>
                new PriceChange(change.Deployment, change.At, SnapshotBuilder.PricesFor(change.Price)))],
            Contracts = contracts,
            Commitments = [.. config.Commitments.Select(commitment => new ScenarioCommitment
            {
                Id = commitment.Id,
                Deployments = commitment.Deployments,
                Period = commitment.Period,
                UsdPerPeriod = commitment.UsdPerPeriod,
            })],
            Profile = SnapshotBuilder.ProfileFor(config.Routing),
            Health = SnapshotBuilder.HealthFor(config.Routing.Breaker),
            MaxAttempts = config.Routing.MaxAttempts,
            MaxWaiting = config.MaxWaiting,
            RefusalUsdPerMillionTokens = config.RefusalUsdPerMillionTokens,
        };
    }

    // By the very rules of the configuration, which know providers.
    ScenarioContracts? BuildContracts(ScenarioConfig config)
    {
        if (config.Contracts.IsEmpty)
        {
            return null;
        }

        var agreed = new SahabConfig
        {
            Providers = [.. config.Deployments.Select(deployment => deployment.Provider).Distinct()
                .Select(provider => new ProviderConfig { Id = provider, Regions = [] })],
            Models = [],
            Deployments = [],
            Contracts = config.Contracts,
            CurrencyRates = config.CurrencyRates,
        };
        new ContractRules(agreed, _problems, DateTimeOffset.MaxValue).Check();
        if (config.Begins is null)
        {
            _problems.Error(
                "contracts", "nothing says when on their calendar the scenario begins",
                "Write it at the top, such as begins: 2026-01-01");
        }

        return _problems.HasErrors || !ContractBinding.TryTime(config.Begins!, out var begins) ? null : new ScenarioContracts
        {
            Book = ContractBinding.BookOf(agreed),
            Begins = begins,
        };
    }

    static ImmutableArray<string> ModelsOf(ScenarioConfig config) =>
        [.. config.Deployments.Select(deployment => deployment.Model).Distinct()];

    ScenarioDeployment? Build(ScenarioConfig config, ScenarioDeploymentConfig deployment)
    {
        var upstream = config.Upstreams.FirstOrDefault(upstream => upstream.Id == deployment.Upstream);
        if (upstream is null)
        {
            _problems.Error(
                $"deployments.{deployment.Id}.upstream", $"there is no {TextForms.Quote(deployment.Upstream)}",
                Suggestions.Sentence(
                    deployment.Upstream, [.. config.Upstreams.Select(each => each.Id)], "upstreams there are"));
            return null;
        }

        var terms = Build(upstream);
        return new ScenarioDeployment
        {
            Spec = new DeploymentSpec
            {
                Id = deployment.Id,
                Provider = deployment.Provider,
                Region = deployment.Region,
                Country = CountryCode.Parse(deployment.Country),
                Model = deployment.Model,
                Kind = deployment.Capacity,
                Limits = SnapshotBuilder.LimitsFor(deployment.Limits),
                Prices = SnapshotBuilder.PricesFor(deployment.Price),
                Weights = terms.WeightsAt(Math.Min(
                    terms.MaxBatch, (double?)deployment.Limits.Concurrency / deployment.Replicas ?? terms.MaxBatch)),
                Weight = deployment.Weight,
                Priority = deployment.Priority,
            },
            Upstream = terms,
            Replicas = deployment.Replicas,
            ReservedUsdPerHour = deployment.ReservedUsdPerHour,
        };
    }

    static UpstreamTerms Build(UpstreamConfig upstream) => new()
    {
        PrefillTokensPerSecond = (double)upstream.PrefillTokensPerSecond,
        StepMs = (double)upstream.StepMs,
        StepMsPerCall = (double)upstream.StepMsPerCall,
        StepMsPerThousandTokens = (double)upstream.StepMsPerThousandTokens,
        ChunkTokens = upstream.ChunkTokens,
        MaxBatch = upstream.MaxBatch,
        MemoryTokens = upstream.MemoryTokens,
        MaxWaiting = upstream.MaxWaiting,
        OverheadMs = (double)upstream.OverheadMs,
    };

    TrafficTerms? Build(TrafficConfig traffic)
    {
        var trace = Load(
            $"traffic.{traffic.Id}.trace", "Name a trace, relative to this file's folder", () => LoadTrace(traffic.Trace));
        var demand = traffic.Demand is not { } curve ? null : Load(
            $"traffic.{traffic.Id}.demand", "Name a file with demand by windows, and a model that it has",
            () => DemandCurve.Load(PathOf(curve.File), curve.Model));
        return trace is null ? null : new TrafficTerms
        {
            Id = traffic.Id,
            Model = traffic.Model,
            Trace = trace,
            Demand = demand,
            CallsPerHour = (double)traffic.CallsPerHour,
            GrowthPerWeek = (double)traffic.GrowthPerWeek,
            DailySwing = (double)traffic.DailySwing,
            WeekendDrop = (double)traffic.WeekendDrop,
            Peak = traffic.Peak / TimeSpan.FromDays(1),
            PrefixShare = (double)traffic.PrefixShare,
            Prefixes = traffic.Prefixes,
        };
    }

    string PathOf(string file) => Path.Combine(Path.GetDirectoryName(Path.GetFullPath(_file))!, file);

    TraceSample LoadTrace(string file)
    {
        var path = PathOf(file);
        return _traces.TryGetValue(path, out var known) ? known : _traces[path] = TraceSample.Load(path);
    }

    T? Load<T>(string key, string remedy, Func<T> load)
        where T : class
    {
        try
        {
            return load();
        }
        catch (TraceException error)
        {
            _problems.Error(key, error.Message.TrimEnd('.'), remedy);
            return null;
        }
    }

    static ScenarioTenant Build(ScenarioTenantConfig tenant) => new()
    {
        Id = tenant.Id,
        Share = (double)tenant.Share,
        Weight = tenant.Weight,
        Countries = tenant.Countries is { } codes
            ? CountrySet.FromCodes(codes.Select(code => CountryCode.Parse(code)))
            : CountrySet.All,
        Limits = SnapshotBuilder.LimitsFor(tenant.Limits),
    };

    static ImmutableArray<TierTerms> BuildTiers(TiersConfig tiers) =>
    [
        .. BuildTier(ServiceTier.Priority, tiers.Priority), .. BuildTier(ServiceTier.Default, tiers.Default),
        .. BuildTier(ServiceTier.Flex, tiers.Flex), .. BuildTier(ServiceTier.Batch, tiers.Batch),
    ];

    static ImmutableArray<TierTerms> BuildTier(ServiceTier tier, TierConfig? config) => config is null ? [] :
    [
        new TierTerms
        {
            Tier = tier,
            Share = (double)config.Share,
            MaxWait = config.MaxWait,
            FirstToken = config.FirstToken,
            Target = (double)config.Target,
            MustServe = config.MustServe,
        },
    ];
}
