using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Sahab.Server.Hosting.Telemetry;

/// <summary>
/// OpenTelemetry's SDK, started by hand: metrics are always kept for <c>/metrics</c>; metrics and traces are sent on
/// where the operator has said to.
/// </summary>
internal sealed class TelemetryPipeline : IHostedService, IDisposable
{
    /// <summary>The most metrics kept; instruments beyond it are dropped by the SDK, which says so.</summary>
    const int MaxMetrics = 300;

    /// <summary>The most tag combinations of one metric; what is beyond is summed up under one overflow tag.</summary>
    public const int MaxSeriesPerMetric = 2000;

    /// <summary>Each plane's own meter and source are called so.</summary>
    const string OwnNames = "Sahab.*";

    readonly SahabServerOptions _options;
    readonly PrometheusReader _reader = new();
    MeterProvider? _meters;
    TracerProvider? _traces;

    /// <param name="host">Here so that its gauges exist from the start.</param>
    public TelemetryPipeline(SahabServerOptions options, HostInstruments host)
    {
        _options = options;
        ArgumentNullException.ThrowIfNull(host);
    }

    /// <summary>All metrics as they are now, in Prometheus' text form.</summary>
    public string Scrape() => _reader.Scrape();

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var version = typeof(TelemetryPipeline).Assembly.GetName().Version?.ToString(3);
        var resource = ResourceBuilder.CreateDefault().AddService("sahab", serviceVersion: version);
        var meters = Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(resource)
            .SetMaxMetricStreams(MaxMetrics)
            .AddMeter(OwnNames, "System.Runtime", "System.Net.Http", "Microsoft.AspNetCore.Server.Kestrel")
            // Each attempt is measured by the gateway with more sense; the handler need not measure it once more.
            .AddView("http.client.request.duration", MetricStreamConfiguration.Drop)
            .AddView("http.client.request.time_in_queue", MetricStreamConfiguration.Drop)
            .AddView("http.client.active_requests", MetricStreamConfiguration.Drop)
            // It is counted twice for each call; sahab.serve.* tells what is in flight at each deployment.
            .AddView("http.client.open_connections", MetricStreamConfiguration.Drop)
            .AddView("http.client.connection.duration", MetricStreamConfiguration.Drop)
            .AddView("kestrel.connection.duration", MetricStreamConfiguration.Drop)
            .AddReader(_reader);
        if (_options.ExportTelemetry)
        {
            meters.AddOtlpExporter();
            _traces = Sdk.CreateTracerProviderBuilder()
                .SetResourceBuilder(resource)
                .AddSource(OwnNames)
                .AddOtlpExporter()
                .Build();
        }

        _meters = meters.Build();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        // Disposing flushes what was not sent yet, within the exporter's own time limit.
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _traces?.Dispose();
        _traces = null;
        _meters?.Dispose();
        _meters = null;
        _reader.Dispose();
    }
}
