using Sahab.Ledger.Rating;
using Sahab.Routing.Admission;
using Sahab.Routing.Decisions;
using Sahab.Routing.Policies;
using Sahab.Routing.Requests;
using Sahab.Routing.Snapshot;

namespace Sahab.Tests.Routing;

/// <summary>Builds deployments of one model "m" and asks for them.</summary>
internal static class World
{
    public const long Start = 1_000_000;

    public static DeploymentSpec Spec(string id, Func<DeploymentSpec, DeploymentSpec>? change = null)
    {
        var spec = new DeploymentSpec
        {
            Id = id,
            Provider = "p-" + id,
            Region = "r-" + id,
            Country = CountryCode.Parse("NL"),
            Model = "m",
            Capabilities = Capabilities.Tools,
            Prices = PriceTerms.FromUsdPerMillion(2m, 1m, 8m),
        };
        return change is null ? spec : change(spec);
    }

    public static RoutingSnapshot Of(params DeploymentSpec[] specs) => From(null, RoutingProfile.Balanced, specs);

    public static RoutingSnapshot From(
        RoutingSnapshot? previous, RoutingProfile profile, params DeploymentSpec[] specs) =>
        Build(new RoutingSnapshotBuilder(previous) { Profile = profile }, specs);

    public static RoutingSnapshot With(HealthTerms health, params DeploymentSpec[] specs) =>
        Build(new RoutingSnapshotBuilder { Health = health }, specs);

    public static RouteRequest Ask(this RoutingSnapshot snapshot)
    {
        snapshot.TryGetModel("m", out var route).ShouldBeTrue();
        return new RouteRequest
        {
            Route = route!,
            Countries = CountrySet.All,
            PromptTokens = 1_000,
            OutputTokens = 200,
            Tier = ServiceTier.Default,
        };
    }

    public static RouteDecision Decide(this RoutingSnapshot snapshot, in RouteRequest request, ulong seed = 1) =>
        DecideAt(snapshot, request, Start, seed);

    public static RouteDecision DecideAt(
        this RoutingSnapshot snapshot, in RouteRequest request, long nowMs, ulong seed = 1)
    {
        var random = new RandomSource(seed);
        return Router.Decide(request, snapshot.Profile, nowMs, ref random);
    }

    public static DecisionTrace Explain(this RoutingSnapshot snapshot, in RouteRequest request, long nowMs = Start)
    {
        var random = new RandomSource(1);
        var trace = new DecisionTrace();
        Router.Decide(request, snapshot.Profile, nowMs, ref random, trace);
        return trace;
    }

    /// <summary>How often each of many seeds chooses each deployment.</summary>
    public static Dictionary<string, int> Shares(
        this RoutingSnapshot snapshot, RouteRequest request, int times = 2_000, long nowMs = Start)
    {
        var shares = snapshot.Deployments.ToDictionary(deployment => deployment.Spec.Id, _ => 0);
        var random = new RandomSource(7);
        for (var time = 0; time < times; time++)
        {
            var decision = Router.Decide(request, snapshot.Profile, nowMs, ref random);
            shares[decision.Choice!.Spec.Id]++;
        }

        return shares;
    }

    public static DeploymentState State(this RoutingSnapshot snapshot, string id)
    {
        snapshot.TryGetDeployment(id, out var deployment).ShouldBeTrue();
        return deployment!.State;
    }

    public static DeploymentLease Reserve(this DeploymentState state, long tokens = 100, long nowMs = Start)
    {
        state.TryReserve(tokens, nowMs, out var lease, out var verdict).ShouldBeTrue(verdict.ToString());
        return lease;
    }

    public static CandidateVerdict Refusal(this DeploymentState state, long tokens = 100, long nowMs = Start)
    {
        if (state.TryReserve(tokens, nowMs, out var lease, out var verdict))
        {
            lease.Release(0, nowMs);
        }

        return verdict;
    }

    public static void Fail(this DeploymentState state, int times, long nowMs = Start)
    {
        for (var time = 0; time < times; time++)
        {
            state.Reserve(0, nowMs).Fail(FailureKind.ServerError, 0, nowMs).ShouldBeTrue();
        }
    }

    /// <summary>Calls that end well with this speed and this cached part of a prompt of 1,000 tokens.</summary>
    public static void Serve(
        this DeploymentState state,
        int times,
        double firstTokenMs = 300,
        double tokensPerSecond = 50,
        long cachedTokens = 0,
        bool atHome = false,
        long nowMs = Start)
    {
        for (var time = 0; time < times; time++)
        {
            var lease = state.Reserve(0, nowMs);
            lease.FirstToken(firstTokenMs, nowMs);
            lease.Succeed(new AttemptUsage(1_000, cachedTokens, 101, 100_000 / tokensPerSecond, atHome), nowMs)
                .ShouldBeTrue();
        }
    }

    public static Limits Limit(int? requests = null, long? tokens = null, int? concurrency = null) =>
        new() { RequestsPerMinute = requests, TokensPerMinute = tokens, Concurrency = concurrency };

    public static AttemptUsage Used(long tokens) => new(tokens, 0, 0, 0, AtHome: false);

    private static RoutingSnapshot Build(RoutingSnapshotBuilder builder, DeploymentSpec[] specs)
    {
        foreach (var spec in specs)
        {
            builder.AddDeployment(spec);
        }

        return builder.AddModel("m", Operation.ChatCompletions).AddAlias("alias-of-m", "m").Build();
    }
}
