namespace Sahab.Server.Hosting.Telemetry;

/// <summary>Registers what the server tells about itself: log, metrics and traces. See docs/operations/telemetry.md.</summary>
internal static class TelemetryModule
{
    public static void AddTelemetry(this IServiceCollection services)
    {
        services.AddSingleton<HostInstruments>();
        services.AddSingleton<TelemetryPipeline>();
        services.AddHostedService(provider => provider.GetRequiredService<TelemetryPipeline>());
    }

    /// <summary>Maps <c>/metrics</c>; who may read it, the group says.</summary>
    public static void MapTelemetry(this IEndpointRouteBuilder endpoints) => MetricsApi.Map(endpoints);

    /// <param name="json">Whether each line is a JSON object instead of text.</param>
    public static void AddServerLog(this ILoggingBuilder logging, bool json)
    {
        // With this category on, the framework makes an activity and a scope for each request, which nobody reads:
        // the gateway's spans are its own.
        logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        // These repeat the header line that could not be read and the path that leads nowhere, which may hold a key.
        logging.AddFilter("Microsoft.AspNetCore.Server.Kestrel.BadRequests", LogLevel.None);
        logging.AddFilter("Microsoft.AspNetCore.Routing", LogLevel.Warning);
        if (json)
        {
            logging.AddJsonConsole(console =>
            {
                console.TimestampFormat = Timestamp;
                console.UseUtcTimestamp = true;
            });
            return;
        }

        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = Timestamp + " ";
            console.UseUtcTimestamp = true;
        });
    }

    const string Timestamp = "yyyy-MM-ddTHH:mm:ss.fffZ";
}
