using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Hosting.Telemetry;
using Sahab.Server.Plan.Steering;
using Sahab.Server.Portal;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Serve;
using Sahab.Server.Serve.Gateway;
using Sahab.Server.Serve.Snapshots;
using Sahab.Server.Source.Bills;
using Sahab.Server.Source.Claims;
using Sahab.Server.Source.Commitments;
using Sahab.Server.Source.Contracts;
using Sahab.Server.Source.Purchases;

namespace Sahab.Server.Hosting;

/// <summary>How to start a server.</summary>
internal sealed record SahabServerOptions
{
    /// <summary>The configuration, as it was read.</summary>
    public required ConfigurationState Configuration { get; init; }

    /// <summary>Watches the configuration's file; none where there is no file.</summary>
    public Func<ILoggerFactory, ConfigurationLoop>? Reloads { get; init; }

    /// <summary>The folder for the journal and the store; made where it is missing.</summary>
    public required string DataFolder { get; init; }

    /// <summary>Address and port; port 0 takes a free one. The configuration's unless given.</summary>
    public string? Listen { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Seeds ids and random choices; different at every start unless given.</summary>
    public ulong? Seed { get; init; }

    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>Whether each log line is a JSON object.</summary>
    public bool JsonLogs { get; init; }

    /// <summary>Whether metrics and traces are sent on; where to and how, the SDK reads from <c>OTEL_*</c>.</summary>
    public bool ExportTelemetry { get; init; }
}

/// <summary>The server in one object: a test starts it as the command line does.</summary>
internal sealed class SahabServer : IAsyncDisposable
{
    /// <summary>How long calls in the house may go on once the server was told to stop.</summary>
    static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(30);

    readonly WebApplication _app;

    SahabServer(WebApplication app) => _app = app;

    public IServiceProvider Services => _app.Services;

    /// <summary>The address on which it listens.</summary>
    public Uri Address => new(_app.Urls.First());

    /// <summary>Builds the server, starts it, and returns once it answers.</summary>
    public static async Task<SahabServer> StartAsync(SahabServerOptions options, CancellationToken cancellation)
    {
        Directory.CreateDirectory(options.DataFolder);
        var app = Build(options);
        try
        {
            await MeteringModule.PrepareAsync(app.Services, cancellation);
            await ContractModule.PrepareAsync(app.Services, cancellation);
            await app.StartAsync(cancellation);
            return new SahabServer(app);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>Completes when the server has been told to stop.</summary>
    public Task WaitForShutdownAsync(CancellationToken cancellation) => _app.WaitForShutdownAsync(cancellation);

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
    }

    static WebApplication Build(SahabServerOptions options)
    {
        var config = options.Configuration.Current;
        // The YAML is what is reloaded. Without this the whole working folder is watched for an appsettings.json, and
        // where the data lies below it, each commit of the journal is looked at.
        var builder = WebApplication.CreateSlimBuilder(["--hostBuilder:reloadConfigOnChange=false"]);
        builder.Logging.SetMinimumLevel(options.LogLevel);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Logging.AddServerLog(options.JsonLogs);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTimeout);
        builder.WebHost.ConfigureKestrel(kestrel => Listen(kestrel, options, config));
        builder.Services.Configure<SocketTransportOptions>(sockets =>
        {
            // Request code runs on the threads that wait for sockets; nothing on that path may block.
            sockets.UnsafePreferInlineScheduling = InlineScheduling.IsOn;
        });
        var services = builder.Services;
        services.AddSingleton(options);
        services.AddSingleton(options.Time);
        services.AddSingleton<IMemoryPoolFactory<byte>, BlockPoolFactory>();
        services.AddSingleton(options.Configuration);
        services.AddSingleton<MonotonicClock>();
        services.AddSingleton(new IdSource(options.Time, options.Seed));
        if (options.Reloads is { } reloads)
        {
            services.AddHostedService(provider => reloads(provider.GetRequiredService<ILoggerFactory>()));
        }

        services.AddMetrics();
        services.AddOpenApi();
        services.ConfigureHttpJsonOptions(json => ControlJson.Configure(json.SerializerOptions));
        services.AddMetering(
            config.Metering, options.DataFolder, provider => provider.GetRequiredService<ContractShelf>().Known);
        services.AddContracts();
        services.AddCommitments();
        services.AddSteering();
        services.AddForecasts();
        services.AddPurchases();
        services.AddBills();
        services.AddClaims();
        services.AddServe(options.DataFolder);
        services.AddTelemetry();
        services.AddPortal();
        var app = builder.Build();
        options.Configuration.Subscribe("serve", app.Services.GetRequiredService<SnapshotPublisher>().Prepare);
        app.UseFrontDoor();
        app.UseViewerGate();
        app.UseRouting();
        var api = app.MapGroup("/api").AddEndpointFilter<RouteGroupBuilder, AdminFilter>();
        HostApi.Map(app, api);
        app.MapOpenApi();
        app.MapServe(api);
        api.MapMetering();
        api.MapContracts();
        api.MapCommitments();
        api.MapSteering();
        api.MapForecasts();
        api.MapPurchases();
        api.MapBills();
        api.MapClaims();
        app.MapTelemetry();
        app.MapPortal();
        return app;
    }

    static void Listen(KestrelServerOptions kestrel, SahabServerOptions options, SahabConfig config)
    {
        kestrel.AddServerHeader = false;
        // The gateway applies the configured limit itself, so that a reload can change it.
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Listen(IPEndPoint.Parse(options.Listen ?? config.Server.Listen));
    }
}
