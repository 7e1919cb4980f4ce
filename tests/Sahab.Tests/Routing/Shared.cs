using Sahab.Routing.Admission;
using Sahab.Routing.Policies;
using Sahab.Routing.Requests;
using Sahab.Routing.Snapshot;
using static Sahab.Tests.Routing.World;

namespace Sahab.Tests.Routing;

/// <summary>Builds reserved deployments of the model "m" of which groups are guaranteed shares.</summary>
internal static class Shared
{
    public static GuaranteeTerms Share(
        string group, decimal share, decimal? lending = null, decimal? borrowing = null) =>
        new() { Group = group, Share = share, LendingLimit = lending, BorrowingLimit = borrowing };

    public static DeploymentSpec Reserved(string id, Limits limits) => Spec(id, spec => spec with
    {
        Kind = CapacityKind.Reserved,
        Prices = default,
        Limits = limits,
    });

    public static RoutingSnapshot Among(Limits limits, params GuaranteeTerms[] guarantees) =>
        Among(null, [Reserved("own", limits)], guarantees);

    public static RoutingSnapshot Among(
        RoutingSnapshot? previous, DeploymentSpec[] specs, params GuaranteeTerms[] guarantees)
    {
        var builder = new RoutingSnapshotBuilder(previous) { Profile = RoutingProfile.LeastCost };
        foreach (var spec in specs)
        {
            builder.AddDeployment(spec);
        }

        foreach (var guarantee in guarantees)
        {
            builder.AddGroup(guarantee.Group).AddGuarantee("m", guarantee);
        }

        return builder.AddModel("m", Operation.ChatCompletions).Build();
    }

    /// <summary>A call of a group; of nobody's if there is no such group.</summary>
    public static RouteRequest AskOf(this RoutingSnapshot snapshot, string group) =>
        snapshot.Ask() with { Group = snapshot.FindGroup(group), PromptTokens = 80, OutputTokens = 20 };

    public static DeploymentLease? Enter(
        this RoutingSnapshot snapshot, string group, long tokens = 100, long nowMs = Start, string deployment = "own") =>
        snapshot.State(deployment).TryReserve(
            new Demand(tokens, snapshot.FindGroup(group)), nowMs, out var lease, out _)
                ? lease
                : null;

    public static int EnterAll(this RoutingSnapshot snapshot, string group, string deployment = "own")
    {
        var calls = 0;
        while (snapshot.Enter(group, deployment: deployment) is not null)
        {
            calls++;
        }

        return calls;
    }
}
