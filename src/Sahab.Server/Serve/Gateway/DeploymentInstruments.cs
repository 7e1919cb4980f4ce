using System.Diagnostics.Metrics;
using Sahab.Routing.Snapshot;
using Sahab.Server.Hosting;
using Sahab.Server.Serve.Snapshots;

namespace Sahab.Server.Serve.Gateway;

/// <summary>
/// How the deployments and the door are, as gauges that are read when somebody asks; calls pay nothing for them.
/// </summary>
internal sealed class DeploymentInstruments
{
    readonly SnapshotPublisher _snapshots;
    readonly MonotonicClock _clock;

    public DeploymentInstruments(
        IMeterFactory meters, SnapshotPublisher snapshots, FrontDoor door, Placement placement, DrainGate drains,
        MonotonicClock clock)
    {
        _snapshots = snapshots;
        _clock = clock;
        var meter = meters.Create(GatewayInstruments.MeterName);
        meter.CreateObservableGauge(
            "sahab.serve.calls.in_house", () => door.InHouse, "{call}", "Calls that have arrived and not ended.");
        meter.CreateObservableGauge(
            "sahab.serve.calls.waiting", () => placement.Waiting, "{call}", "Calls that wait for capacity.");
        meter.CreateObservableGauge(
            "sahab.serve.streams.draining", () => drains.Running, "{stream}",
            "Streams that are read on after their client has gone.");
        Add(meter, "in_flight", "{call}", "Calls that run at the deployment.", reading => reading.InFlight);
        Add(meter, "load", "1", "How full the deployment's fullest limit is.", reading => reading.Load);
        Add(meter, "breaker", null, "0 closed, 1 open, 2 half open.", reading => (double)reading.Breaker);
        Add(meter, "breaker.open", "s", "Until the breaker lets a probe go.", reading => reading.OpenForMs / 1000.0);
        Add(meter, "throttled", "s", "For how long the provider wants to be left alone.",
            reading => reading.ThrottledForMs / 1000.0);
        Add(meter, "failure", "1", "Recent share of failed calls.", reading => reading.FailureRate);
        Add(meter, "first_token", "s", "Average time to the first token, the latest counting most.",
            reading => reading.FirstTokenMs / 1000);
        Add(meter, "output_rate", "{token}/s", "Average output tokens per second of one call.",
            reading => reading.TokensPerSecond);
        Add(meter, "requests.last_minute", "{request}", "Requests in the last 60 seconds.",
            reading => reading.RequestsLastMinute);
        Add(meter, "tokens.last_minute", "{token}", "Tokens in the last 60 seconds, estimates of running calls included.",
            reading => reading.TokensLastMinute);
    }

    void Add(Meter meter, string name, string? unit, string what, Func<DeploymentReading, double> figure) =>
        meter.CreateObservableGauge($"sahab.deployment.{name}", () => Read(figure), unit, what);

    IEnumerable<Measurement<double>> Read(Func<DeploymentReading, double> figure)
    {
        if (!_snapshots.IsReady)
        {
            yield break;
        }

        var nowMs = _clock.NowMs;
        foreach (var deployment in _snapshots.Current.Routing.Deployments)
        {
            var value = figure(deployment.State.Read(nowMs));
            // A figure that was never observed has no value yet, which is not the same as zero.
            if (!double.IsNaN(value))
            {
                var spec = deployment.Spec;
                yield return new Measurement<double>(
                    value,
                    new("sahab.deployment", spec.Id),
                    new("gen_ai.provider.name", spec.Provider),
                    new("sahab.region", spec.Region),
                    new("gen_ai.request.model", spec.Model));
            }
        }
    }
}
