using System.Text;

namespace Sahab.Server.Hosting.Telemetry;

/// <summary>The metrics for Prometheus to fetch.</summary>
internal static class MetricsApi
{
    public static void Map(IEndpointRouteBuilder endpoints) =>
        endpoints.MapGet("/metrics", (TelemetryPipeline pipeline, HttpContext context) =>
            {
                context.Response.Headers.CacheControl = "no-store";
                return Results.Text(pipeline.Scrape(), PrometheusText.ContentType, Encoding.UTF8);
            })
            .ExcludeFromDescription();
}
