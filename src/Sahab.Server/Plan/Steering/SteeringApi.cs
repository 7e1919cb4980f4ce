using Sahab.Routing.Snapshot;
using Sahab.Server.Serve.Snapshots;

namespace Sahab.Server.Plan.Steering;

/// <summary>By what the router is steered now. Mapped into a group that admits administrators only.</summary>
internal static class SteeringApi
{
    public static IEndpointRouteBuilder Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/steering", (SteeringDesk desk, SnapshotPublisher snapshots) =>
                Results.Ok(SteeringAnswer.Of(desk, snapshots.Current.Routing)))
            .WithSummary("λ of each commitment, and rate, μ and bars of each deployment, as the router sees them now")
            .Produces<SteeringAnswer>();
        return api;
    }
}

/// <summary>By what the router is steered now.</summary>
/// <param name="Object">Always <c>steering</c>.</param>
internal sealed record SteeringAnswer(
    string Object, string Policy, IReadOnlyList<SteeredCommitmentAnswer> Commitments,
    IReadOnlyList<SteeredDeploymentAnswer> Deployments)
{
    public static SteeringAnswer Of(SteeringDesk desk, RoutingSnapshot routing) => new(
        "steering", routing.Profile.Name,
        [.. desk.Steered.OrderBy(steered => steered.Window.Id, StringComparer.Ordinal).Select(SteeredCommitmentAnswer.Of)],
        [.. routing.Deployments.Select(SteeredDeploymentAnswer.Of)]);
}

/// <summary>A commitment as the router is steered by it now.</summary>
/// <param name="DrawnUsd">What is drawn by estimate: as settled, and what was placed since.</param>
/// <param name="Lambda">λ times what is owed of a missing dollar. 0 to 1.</param>
/// <param name="Deployments">Whose calls draw from it.</param>
internal sealed record SteeredCommitmentAnswer(
    string Contract, string Commitment, DateTime From, DateTime Until, decimal TargetUsd, decimal DrawnUsd, double Lambda,
    IReadOnlyList<string> Deployments)
{
    public static SteeredCommitmentAnswer Of(SteeredWindow steered)
    {
        var standing = steered.Window.Standing;
        return new SteeredCommitmentAnswer(
            standing.Contract, standing.Commitment, standing.Window.From.UtcDateTime, standing.Window.Until.UtcDateTime,
            Math.Round(standing.Target * (decimal)steered.Window.UsdPerUnit, 9), Math.Round(steered.DrawnUsd, 9),
            Math.Round(steered.Lambda, 6), steered.Window.Deployments);
    }
}

/// <summary>A deployment as the router sees it now.</summary>
/// <param name="Barred">Whether a contract keeps us from it.</param>
internal sealed record SteeredDeploymentAnswer(
    string Deployment, double Lambda, double MuUsdPerMillionUnits, bool Barred, TokenRateAnswer RateUsdPerMillion)
{
    public static SteeredDeploymentAnswer Of(Deployment deployment)
    {
        var price = deployment.State.Price;
        return new SteeredDeploymentAnswer(
            deployment.Spec.Id, Math.Round(price.CommitmentShare, 6), Math.Round(price.NanoUsdPerUnit / 1_000, 6),
            price.IsBarred, TokenRateAnswer.Of(deployment));
    }
}

/// <summary>What a million tokens cost, in US dollars.</summary>
internal sealed record TokenRateAnswer(decimal Prompt, decimal Cached, decimal Output)
{
    public static TokenRateAnswer Of(Deployment deployment)
    {
        const decimal nanoPerUsd = 1_000_000_000;
        var prices = deployment.State.Price.Rate?.Prices ?? deployment.Spec.Prices;
        return new TokenRateAnswer(
            prices.PromptNanoPerMillion / nanoPerUsd, prices.CachedNanoPerMillion / nanoPerUsd,
            prices.OutputNanoPerMillion / nanoPerUsd);
    }
}
