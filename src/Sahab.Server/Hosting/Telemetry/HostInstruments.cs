using System.Diagnostics.Metrics;
using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Hosting.Telemetry;

/// <summary>What configuration is in force, as metrics of the meter <c>Sahab.Hosting</c>.</summary>
internal sealed class HostInstruments
{
    public const string MeterName = "Sahab.Hosting";

    public HostInstruments(IMeterFactory meters, ConfigurationState configuration)
    {
        var meter = meters.Create(MeterName);
        meter.CreateObservableGauge(
            "sahab.configuration.version", () => configuration.Status.Applied.Version, null,
            "1 for the first configuration since the start, one more for each that replaced another.");
        meter.CreateObservableGauge(
            "sahab.configuration.refused", () => configuration.Status.IsLastKnownGood ? 1 : 0, null,
            "1 while an older configuration stays in force because the newest was refused.");
        meter.CreateObservableGauge(
            "sahab.configuration.risks", () => configuration.Status.Applied.Warnings.Length, "{risk}",
            "Risks that the configuration was applied with.");
    }
}
