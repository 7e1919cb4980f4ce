using System.Diagnostics.Metrics;
using Sahab.Routing.Admission;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Serve.Snapshots;

namespace Sahab.Server.Serve.Gateway;

/// <summary>How guarantees stand, as gauges that are read when somebody asks; calls pay nothing for them.</summary>
internal sealed class GuaranteeInstruments
{
    readonly SnapshotPublisher _snapshots;
    readonly MonotonicClock _clock;

    public GuaranteeInstruments(IMeterFactory meters, SnapshotPublisher snapshots, MonotonicClock clock)
    {
        _snapshots = snapshots;
        _clock = clock;
        var meter = meters.Create(GatewayInstruments.MeterName);
        Add(meter, "guaranteed", "What a group is guaranteed of a deployment's limit.", reading => reading.Guaranteed);
        Add(meter, "used", "What the group's calls use of it.", reading => reading.Used);
        Add(meter, "held_back", "What is free for the group's calls alone.", reading => reading.HeldBack);
        Add(meter, "lent", "What of the group's idle guarantee others use.", reading => reading.Lent);
        Add(meter, "borrowed", "What the group uses beyond its guarantee.", reading => reading.Borrowed);
    }

    void Add(Meter meter, string name, string what, Func<GuaranteeReading, double> figure) =>
        meter.CreateObservableGauge($"sahab.guarantee.{name}", () => Read(figure), null, what);

    IEnumerable<Measurement<double>> Read(Func<GuaranteeReading, double> figure)
    {
        if (!_snapshots.IsReady)
        {
            yield break;
        }

        var nowMs = _clock.NowMs;
        foreach (var deployment in _snapshots.Current.Routing.Deployments)
        {
            foreach (var reading in deployment.State.ReadGuarantees(nowMs))
            {
                yield return new Measurement<double>(
                    figure(reading),
                    new("sahab.group", reading.Group),
                    new("sahab.deployment", deployment.Spec.Id),
                    new("sahab.limit", Words.For(reading.Unit)));
            }
        }
    }
}
