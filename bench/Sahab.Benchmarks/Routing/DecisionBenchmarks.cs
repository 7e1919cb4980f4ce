using BenchmarkDotNet.Attributes;
using Sahab.Ledger.Rating;
using Sahab.Routing.Admission;
using Sahab.Routing.Decisions;
using Sahab.Routing.Policies;
using Sahab.Routing.Requests;
using Sahab.Routing.Snapshot;
using Sahab.Routing.Steering;

namespace Sahab.Benchmarks.Routing;

/// <summary>A routing decision among deployments that all have limits, history and calls in flight.</summary>
[MemoryDiagnoser]
public class DecisionBenchmarks
{
    private const long Now = 1_000_000;

    /// <summary>As it is without contracts: their prices are not looked at, and nothing is counted.</summary>
    private RoutingProfile _unsteered = RoutingProfile.Balanced with
    {
        Scorers = Scorers.Cost | Scorers.Latency | Scorers.Failures,
    };

    private RoutingProfile _balanced = RoutingProfile.Balanced;
    private RoutingProfile _shuffle = RoutingProfile.WeightedShuffle;
    private RouteRequest _request;
    private RandomSource _random = new(1);

    /// <summary>How many deployments can serve the model.</summary>
    [Params(8, 64)]
    public int Candidates { get; set; }

    [GlobalSetup]
    public void Build()
    {
        var builder = new RoutingSnapshotBuilder();
        for (var index = 0; index < Candidates; index++)
        {
            builder.AddDeployment(new DeploymentSpec
            {
                Id = "deployment-" + index,
                Provider = "provider",
                Region = "region",
                Model = "m",
                Country = CountryCode.Parse("NL"),
                Capabilities = Capabilities.Tools | Capabilities.JsonSchema,
                ContextTokens = 128_000,
                Limits = new Limits { RequestsPerMinute = 1_000_000, TokensPerMinute = 1L << 40, Concurrency = 1_000 },
                Prices = PriceTerms.FromUsdPerMillion(2m + (index * 0.01m), 1m, 8m),
            });
        }

        var snapshot = builder.AddModel("m", Operation.ChatCompletions).Build();
        foreach (var deployment in snapshot.Deployments)
        {
            deployment.State.TryReserve(1_000, Now, out var done, out _);
            done.FirstToken(250, Now);
            done.Succeed(new AttemptUsage(800, 300, 200, 3_000, AtHome: true), Now);
            deployment.State.TryReserve(1_000, Now, out _, out _);
        }

        CommitmentStake[] stakes = [new(), new()];
        for (var index = 0; index < Candidates; index += 2)
        {
            var price = snapshot.Deployments[index].State.Price;
            price.Stake = stakes[index / 2 % 2];
            price.Rate = new ContractRate(PriceTerms.FromUsdPerMillion(1.8m, 0.9m, 7.2m));
            price.Set(0.1, 0);
        }

        snapshot.TryGetModel("m", out var route);
        _request = new RouteRequest
        {
            Route = route!,
            Countries = CountrySet.FromCodes([CountryCode.Parse("NL"), CountryCode.Parse("NO")]),
            Needs = Capabilities.Tools,
            PromptTokens = 1_000,
            OutputTokens = 300,
            PatienceMs = 500,
            PrefixHash = 0x1234_5678_9ABC_DEF0,
        };
    }

    /// <summary>The decision as it would be without contracts.</summary>
    [Benchmark(Baseline = true)]
    public int Unsteered() => Router.Decide(_request, _unsteered, Now, ref _random).Position;

    /// <summary>
    /// Steered by contracts: every other deployment draws on one of two commitments, at a contract's rate, and the call is
    /// patient.
    /// </summary>
    [Benchmark]
    public int Balanced() => Router.Decide(_request, _balanced, Now, ref _random).Position;

    [Benchmark]
    public int WeightedShuffle() => Router.Decide(_request, _shuffle, Now, ref _random).Position;

    [Benchmark]
    public bool UnsteeredWithReservation()
    {
        Router.DecideAndReserve(_request, _unsteered, Now, ref _random, out var lease);
        return lease.Release(0, Now);
    }

    [Benchmark]
    public bool BalancedWithReservation()
    {
        Router.DecideAndReserve(_request, _balanced, Now, ref _random, out var lease);
        return lease.Release(0, Now);
    }
}
