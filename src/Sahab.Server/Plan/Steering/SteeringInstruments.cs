using System.Diagnostics.Metrics;
using Sahab.Server.Serve.Snapshots;

namespace Sahab.Server.Plan.Steering;

/// <summary>λ and μ, as metrics of the meter <c>Sahab.Plan</c>.</summary>
internal sealed class SteeringInstruments
{
    public const string MeterName = "Sahab.Plan";

    readonly Counter<long> _failures;

    public SteeringInstruments(IMeterFactory meters, SteeringDesk desk, SnapshotPublisher snapshots)
    {
        var meter = meters.Create(MeterName);
        _failures = meter.CreateCounter<long>(
            "sahab.plan.steering.failures", "{failure}", "Steps of the steering that failed; prices stay as they were.");
        meter.CreateObservableGauge(
            "sahab.plan.steering.lambda",
            () => desk.Steered.Select(steered => new Measurement<double>(
                steered.Lambda,
                new KeyValuePair<string, object?>("contract", steered.Window.Standing.Contract),
                new KeyValuePair<string, object?>("commitment", steered.Window.Standing.Commitment))),
            "1",
            "The share of its price that a commitment owes anyway.");
        meter.CreateObservableGauge(
            "sahab.plan.steering.mu",
            () => snapshots.IsReady
                ? snapshots.Current.Routing.Deployments.Select(deployment => new Measurement<double>(
                    deployment.State.Price.NanoUsdPerUnit / 1_000,
                    new KeyValuePair<string, object?>("deployment", deployment.Spec.Id)))
                : [],
            "USD",
            "What a million capacity units of a deployment are worth to other calls.");
    }

    public void Failed() => _failures.Add(1);
}
