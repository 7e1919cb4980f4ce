using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using Sahab.Ledger.Capacity;
using Sahab.Server.Sell.Metering;

namespace Sahab.Server.Sell.Capacity;

/// <summary>The room's metrics.</summary>
internal sealed class CapacityInstruments
{
    readonly Counter<long> _refused;
    ImmutableArray<(string Model, CapacityStep Step, int AtRisk)> _readings = [];

    public CapacityInstruments(IMeterFactory meters)
    {
        var meter = meters.Create(UsageInstruments.MeterName);
        _refused = meter.CreateCounter<long>(
            "sahab.sell.capacity.refused", "{reservation}", "Reservations that were refused because too little was free.");
        Add(meter, "held", "Tokens a minute that are held of a model.", reading => reading.Step.Held);
        Add(meter, "sellable", "Tokens a minute that may be sold of it.", reading => reading.Step.Sellable);
        Add(meter, "sold", "Tokens a minute that are sold of it.", reading => reading.Step.Sold);
        Add(
            meter, "at_risk", "Reservations that what is held does not cover when what holds most of it fails.",
            reading => reading.AtRisk);
    }

    public void Refused(string model) => _refused.Add(1, new KeyValuePair<string, object?>("sahab.model", model));

    /// <summary>Takes how models stand now.</summary>
    public void Put(ImmutableArray<(string Model, CapacityStep Step, int AtRisk)> readings) =>
        ImmutableInterlocked.InterlockedExchange(ref _readings, readings);

    void Add(
        Meter meter, string name, string what, Func<(string Model, CapacityStep Step, int AtRisk), long> figure) =>
        meter.CreateObservableGauge(
            $"sahab.sell.capacity.{name}",
            () => _readings.Select(reading => new Measurement<long>(
                figure(reading), new KeyValuePair<string, object?>("sahab.model", reading.Model))),
            null, what);
}
