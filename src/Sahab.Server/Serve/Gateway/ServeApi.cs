using Sahab.Ledger.Rating;
using Sahab.Routing.Snapshot;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Serve.Snapshots;

namespace Sahab.Server.Serve.Gateway;

/// <summary>The control API of this plane: how the deployments are, what was called, and why a call would go where.</summary>
internal static class ServeApi
{
    /// <summary>Calls returned unless the query says otherwise.</summary>
    const int DefaultCalls = 50;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/deployments", (SnapshotPublisher snapshots, MonotonicClock clock) =>
                snapshots.Current.Routing.Deployments
                    .Select(deployment => DeploymentStatus.Of(deployment, clock.NowMs)).ToArray())
            .WithSummary("Every deployment with its traffic, latency, errors, breaker and load.");
        api.MapGet("/calls", (RecentCalls recent, int? limit, string? model, string? tenant, string? outcome) =>
                recent.Latest(RecentCalls.Capacity).Where(new CallQuestion(model, tenant, outcome).Asks)
                    .Take(Math.Clamp(limit ?? DefaultCalls, 1, RecentCalls.Capacity)).Select(CallSummary.Of).ToArray())
            .WithSummary("The latest calls, each with its attempts and reasons; at most 512 are kept. Filters: model, tenant, "
                + "outcome (ok, failed, limited, refused, left).");
        api.MapGet("/calls/{id:guid}/route", (Guid id, RecentCalls recent, Explainer explainer) =>
                recent.Find(id) is not { } call ? ControlError.NotFound("id", $"The call '{id}' is not among the latest.")
                : explainer.Like(call) is { } explained ? Results.Json(explained, Explanation.Json)
                : ControlError.Conflict("Its key or its model is not there any more, or its calls are not taken."))
            .Produces<ExplainedRequest>()
            .WithSummary("Where a call like one of the latest would go now, and why: of the same key, model, tier and size.");
        api.MapPost("/explain", (HttpContext context, Explainer explainer) => explainer.HandleAsync(context)).Reads("application/json")
            .WithMetadata(new RefusesAsFrontDoor())
            .Produces<ExplainedRequest>()
            .WithSummary("Why a request would go where: the body is that of the request, which is not sent on.");
    }
}

/// <summary>A deployment as the control API tells it.</summary>
internal sealed record DeploymentStatus(
    string Id, string Provider, string Region, string Country, string Model, string Capacity, string Breaker,
    string? Reason, long RetryInMs, int InFlight, double Load, double? FirstTokenMs, double? TokensPerSecond,
    double FailureRate, long RequestsLastMinute, long TokensLastMinute, long Succeeded, long Failed, long Throttled)
{
    public static DeploymentStatus Of(Deployment deployment, long nowMs)
    {
        var (spec, reading) = (deployment.Spec, deployment.State.Read(nowMs));
        return new DeploymentStatus(
            spec.Id, spec.Provider, spec.Region, spec.Country.ToString(), spec.Model,
            spec.Kind == CapacityKind.OnDemand ? "on-demand" : spec.Kind == CapacityKind.Reserved ? "reserved" : "spot",
            reading.ThrottledForMs > 0 ? "throttled" : BreakerName(reading.Breaker),
            reading.Breaker == BreakerState.Closed ? null : reading.Outage.ToString(),
            Math.Max(reading.OpenForMs, reading.ThrottledForMs),
            reading.InFlight, reading.Load, Known(reading.FirstTokenMs), Known(reading.TokensPerSecond),
            reading.FailureRate, reading.RequestsLastMinute, reading.TokensLastMinute, reading.Succeeded,
            reading.Failed, reading.Throttled);
    }

    static string BreakerName(BreakerState state) => state switch
    {
        BreakerState.Closed => "closed",
        BreakerState.Open => "open",
        _ => "half_open",
    };

    /// <summary>JSON has no word for a figure that was never observed but null.</summary>
    static double? Known(double figure) => double.IsNaN(figure) ? null : figure;
}

/// <summary>A finished call as the control API tells it.</summary>
internal sealed record CallSummary(
    Guid Id, DateTimeOffset StartedAt, string Tenant, string Key, string Model, string Operation, bool Streamed,
    int Status, double DurationMs, double QueuedMs, double OverheadMs, string? Reason,
    IReadOnlyList<AttemptSummary> Attempts)
{
    public static CallSummary Of(FinishedCall call) => new(
        call.Id, call.StartedAt, call.Tenant, call.Key, call.Model, call.Operation, call.Streamed, call.Status,
        call.DurationMs, call.QueuedMs, call.OverheadMs, call.Reason, [.. call.Attempts.Select(AttemptSummary.Of)]);
}

/// <summary>One attempt of a finished call.</summary>
internal sealed record AttemptSummary(
    int Number, string Deployment, string Provider, string Region, string Country, string Outcome, int UpstreamStatus,
    double DurationMs, double? FirstTokenMs, AttemptTokens Usage, string Flags, decimal CostUsd)
{
    public static AttemptSummary Of(UsageEvent attempt) => new(
        attempt.Attempt, attempt.Deployment, attempt.Provider, attempt.Region, attempt.Country,
        attempt.Outcome.ToString(), attempt.UpstreamStatus, attempt.Duration.TotalMilliseconds,
        attempt.FirstToken?.TotalMilliseconds, AttemptTokens.Of(attempt.Usage), attempt.Flags.ToString(), attempt.Cost().ToUsd());
}

/// <summary>The tokens of one attempt.</summary>
/// <param name="PlainPromptTokens">Prompt tokens that no cache held or took.</param>
internal sealed record AttemptTokens(
    long PromptTokens, long CachedTokens, long OutputTokens, long ReasoningTokens, long CacheWriteTokens,
    long CacheWrite1hTokens, long TotalTokens, long PlainPromptTokens, bool IsConsistent)
{
    public static AttemptTokens Of(TokenUsage usage) => new(
        usage.PromptTokens, usage.CachedTokens, usage.OutputTokens, usage.ReasoningTokens, usage.CacheWriteTokens,
        usage.CacheWrite1hTokens, usage.TotalTokens, usage.PlainPromptTokens, usage.IsConsistent);
}
