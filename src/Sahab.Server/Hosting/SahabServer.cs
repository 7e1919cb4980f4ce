using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Sahab.Server.Govern;
using Sahab.Server.Govern.Residency;
using Sahab.Server.Hosting.Access;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Hosting.Telemetry;
using Sahab.Server.Plan.Steering;
using Sahab.Server.Portal;
using Sahab.Server.Sell.Budgets;
using Sahab.Server.Sell.Capacity;
using Sahab.Server.Sell.Invoices;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Sell.Prices;
using Sahab.Server.Sell.Receipts;
using Sahab.Server.Sell.Tenants;
using Sahab.Server.Sell.Tenants.Keys;
using Sahab.Server.Sell.Webhooks;
using Sahab.Server.Serve;
using Sahab.Server.Serve.Gateway;
using Sahab.Server.Serve.Incidents;
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
    /// <summary>How long a client may take to send a request's head; idle connections are kept a little longer than proxies do.</summary>
    public static readonly TimeSpan HeadTimeout = TimeSpan.FromSeconds(30);

    public static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(130);

    /// <summary>How fast a body must come and an answer must be taken, in bytes per second, after so long.</summary>
    public const int MinBytesPerSecond = 240;

    public static readonly TimeSpan SlowStart = TimeSpan.FromSeconds(5);

    /// <summary>Of a request's head, in bytes, and of its first line.</summary>
    public const int MaxHeadBytes = 32 * 1024;

    public const int MaxRequestLineBytes = 8 * 1024;

    public const int MaxHeaders = 100;

    /// <summary>Connections at a time; one more is closed at once.</summary>
    public const int MaxConnections = 50_000;

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
            await ResidencyModule.PrepareAsync(app.Services, cancellation);
            await PriceModule.PrepareAsync(app.Services, cancellation);
            await TenantsModule.PrepareAsync(app.Services, cancellation);
            await KeysModule.PrepareAsync(app.Services, cancellation);
            await BudgetModule.PrepareAsync(app.Services, cancellation);
            await ReceiptModule.PrepareAsync(app.Services, cancellation);
            await CapacityModule.PrepareAsync(app.Services, cancellation);
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
        // A line of a head ends in CR and LF; a lone LF is part of a value to some proxies, and Kestrel takes it for an end
        // unless it is told not to.
        AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", true);
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
        services.AddOpenApi(ApiDescription.Describe);
        services.ConfigureHttpJsonOptions(json => ControlJson.Configure(json.SerializerOptions));
        services.AddAccess();
        services.AddTenants();
        services.AddSingleton<ICallerSource, KeyCallers>();
        services.AddGovern(options.ExportTelemetry);
        services.AddKeys();
        services.AddBudgets();
        services.AddMetering(
            config.Metering, options.DataFolder, provider => provider.GetRequiredService<ContractShelf>().Known,
            provider => provider.GetRequiredService<PriceShelf>().Current);
        services.AddContracts();
        services.AddPrices();
        services.AddReceipts(options.DataFolder);
        services.AddInvoices();
        services.AddCommitments();
        services.AddSteering();
        services.AddForecasts();
        services.AddPurchases();
        services.AddBills();
        services.AddClaims();
        services.AddCapacity();
        services.AddWebhooks();
        services.AddServe(options.DataFolder);
        services.AddIncidents();
        services.AddTelemetry();
        services.AddPortal();
        var app = builder.Build();
        options.Configuration.Subscribe("serve", app.Services.GetRequiredService<SnapshotPublisher>().Prepare);
        app.UseFrontDoor();
        app.UseAnswerHeaders();
        app.UseRouting();
        MapApi(app, app.MapControlApi());
        var pages = app.MapGroup("").AddEndpointFilter<RouteGroupBuilder, PageFilter>();
        pages.MapGroup("").Needs(Permission.SeeOperations).MapTelemetry();
        pages.MapPortal();
        return app;
    }

    static void MapApi(WebApplication app, RouteGroupBuilder api)
    {
        var operations = api.MapGroup("").Needs(Permission.SeeOperations);
        HostApi.Map(app, operations);
        app.MapOpenApi();
        app.MapServe(operations);
        operations.MapMetering();
        api.MapKeys();
        api.MapBudgets();
        operations.MapSteering();
        api.MapPrices();
        api.MapReceipts();
        api.MapInvoices();
        api.MapCustomerUsage();
        var sourcing = api.MapGroup("").Needs(Permission.SeeSourcing, Permission.ChangeSourcing);
        sourcing.MapContracts();
        sourcing.MapCommitments();
        sourcing.MapForecasts();
        sourcing.MapPurchases();
        sourcing.MapBills();
        sourcing.MapClaims();
        api.MapIncidents(operations);
        PlaygroundApi.Map(api);
        api.MapCapacity();
        api.MapWebhooks();
        api.MapGovern();
        api.MapTenants();
    }

    static void Listen(KestrelServerOptions kestrel, SahabServerOptions options, SahabConfig config)
    {
        kestrel.AddServerHeader = false;
        // The gateway applies the configured limit itself, so that a reload can change it.
        var limits = kestrel.Limits;
        limits.MaxRequestBodySize = null;
        limits.RequestHeadersTimeout = HeadTimeout;
        limits.KeepAliveTimeout = IdleTimeout;
        limits.MinRequestBodyDataRate = new MinDataRate(MinBytesPerSecond, SlowStart);
        limits.MinResponseDataRate = new MinDataRate(MinBytesPerSecond, SlowStart);
        limits.MaxRequestHeadersTotalSize = MaxHeadBytes;
        limits.MaxRequestLineSize = MaxRequestLineBytes;
        limits.MaxRequestHeaderCount = MaxHeaders;
        limits.MaxConcurrentConnections = MaxConnections;
        kestrel.Listen(IPEndPoint.Parse(options.Listen ?? config.Server.Listen));
    }
}
