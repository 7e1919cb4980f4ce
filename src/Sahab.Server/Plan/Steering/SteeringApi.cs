using System.Text;
using System.Text.Json.Nodes;
using Sahab.Routing.Snapshot;
using Sahab.Server.Serve.Snapshots;

namespace Sahab.Server.Plan.Steering;

/// <summary>By what the router is steered now. Mapped into a group that admits administrators only.</summary>
internal static class SteeringApi
{
    public static IEndpointRouteBuilder Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/steering", (SteeringDesk desk, SnapshotPublisher snapshots) => Results.Text(
                ToJson(desk, snapshots.Current.Routing).ToJsonString(), "application/json", Encoding.UTF8))
            .WithSummary("λ of each commitment, and rate, μ and bars of each deployment, as the router sees them now")
            .Produces(StatusCodes.Status200OK);
        return api;
    }

    static JsonObject ToJson(SteeringDesk desk, RoutingSnapshot routing) => new()
    {
        ["object"] = "steering",
        ["policy"] = routing.Profile.Name,
        ["commitments"] = new JsonArray([.. desk.Steered
            .OrderBy(steered => steered.Window.Id, StringComparer.Ordinal).Select(steered => (JsonNode)new JsonObject
            {
                ["contract"] = steered.Window.Standing.Contract,
                ["commitment"] = steered.Window.Standing.Commitment,
                ["from"] = steered.Window.Standing.Window.From.UtcDateTime,
                ["until"] = steered.Window.Standing.Window.Until.UtcDateTime,
                ["target_usd"] = Math.Round(
                    steered.Window.Standing.Target * (decimal)steered.Window.UsdPerUnit, 9),
                ["drawn_usd"] = Math.Round(steered.DrawnUsd, 9),
                ["lambda"] = Math.Round(steered.Lambda, 6),
                ["deployments"] = new JsonArray([.. steered.Window.Deployments.Select(id => JsonValue.Create(id))]),
            })]),
        ["deployments"] = new JsonArray([.. routing.Deployments.Select(deployment => (JsonNode)new JsonObject
        {
            ["deployment"] = deployment.Spec.Id,
            ["lambda"] = Math.Round(deployment.State.Price.CommitmentShare, 6),
            ["mu_usd_per_million_units"] = Math.Round(deployment.State.Price.NanoUsdPerUnit / 1_000, 6),
            ["barred"] = deployment.State.Price.IsBarred,
            ["rate_usd_per_million"] = RateOf(deployment),
        })]),
    };

    static JsonObject RateOf(Deployment deployment)
    {
        const decimal nanoPerUsd = 1_000_000_000;
        var prices = deployment.State.Price.Rate?.Prices ?? deployment.Spec.Prices;
        return new JsonObject
        {
            ["prompt"] = prices.PromptNanoPerMillion / nanoPerUsd,
            ["cached"] = prices.CachedNanoPerMillion / nanoPerUsd,
            ["output"] = prices.OutputNanoPerMillion / nanoPerUsd,
        };
    }
}
