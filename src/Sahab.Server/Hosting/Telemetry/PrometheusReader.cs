using System.Text;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Sahab.Server.Hosting.Telemetry;

/// <summary>Collects the SDK's metrics when it is asked to, and renders them; sums and buckets since the start.</summary>
internal sealed class PrometheusReader : BaseExportingMetricReader
{
    /// <summary>Longer than any observable instrument may take.</summary>
    const int CollectTimeoutMs = 5000;

    readonly Lock _gate = new();
    readonly PrometheusExporter _exporter;

    public PrometheusReader()
        : this(new PrometheusExporter())
    {
    }

    PrometheusReader(PrometheusExporter exporter)
        : base(exporter) => _exporter = exporter;

    public string Scrape()
    {
        lock (_gate)
        {
            _exporter.Text.Clear();
            // The exporter's own way in: the SDK lets a pull exporter be collected by no other.
            return _exporter.Collect!(CollectTimeoutMs) ? _exporter.Text.ToString() : "";
        }
    }

    [ExportModes(ExportModes.Pull)]
    sealed class PrometheusExporter : BaseExporter<Metric>, IPullMetricExporter
    {
        public StringBuilder Text { get; } = new();

        public Func<int, bool>? Collect { get; set; }

        public override ExportResult Export(in Batch<Metric> batch)
        {
            PrometheusText.Write(Text, batch);
            return ExportResult.Success;
        }
    }
}
