using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Sahab.Emulator.Billing;
using Sahab.Emulator.Configuration;
using Sahab.Emulator.Control;
using Sahab.Emulator.Dialects;
using Sahab.Emulator.Engine;
using Sahab.Emulator.Faults;
using Sahab.Emulator.Hosting;

namespace Sahab.Emulator;

/// <summary>Emulated clouds, running in this process until disposed.</summary>
public sealed class EmulatorHost : IAsyncDisposable
{
    /// <summary>The largest request body, in bytes.</summary>
    public const long MaxBodyBytes = 20 * 1024 * 1024;

    /// <summary>Connections to all clouds together; more are closed as they come.</summary>
    public const int MaxConnections = 50_000;

    readonly WebApplication _app;
    readonly Emulation _emulation;
    readonly CloudSockets _sockets;
    readonly Uri _control;

    EmulatorHost(WebApplication app, Emulation emulation, CloudSockets sockets, Uri control) =>
        (_app, _emulation, _sockets, _control) = (app, emulation, sockets, control);

    /// <summary>Address of the control API and page.</summary>
    public Uri ControlAddress => _control;

    /// <summary>Faults in force.</summary>
    public IReadOnlyList<Fault> ActiveFaults => _emulation.Faults.Active;

    /// <summary>Starts every cloud; returns once all of them answer.</summary>
    /// <param name="config">What to emulate.</param>
    /// <param name="time">The real time; the system's when absent.</param>
    /// <param name="logging">Where errors are logged; nowhere when absent.</param>
    /// <param name="cancellation">Gives up the start.</param>
    /// <exception cref="EmulatorConfigException">The configuration is not valid.</exception>
    public static async Task<EmulatorHost> StartAsync(
        EmulatorConfig config, TimeProvider? time = null, Action<ILoggingBuilder>? logging = null,
        CancellationToken cancellation = default)
    {
        EmulatorYaml.Check(config);
        time ??= TimeProvider.System;
        var clouds = config.Clouds.ToDictionary(c => c.Key, c => new Cloud(c.Key, c.Value, config.Models));
        var sockets = new CloudSockets(clouds.Values);
        var outages = new Outages(clouds, sockets);
        var clock = new EmulatedClock(time, config.Speed);
        var faults = new FaultBoard(time, (ulong)config.Seed, outages.ApplyAsync);
        var emulation = new Emulation(config, clock, new Ticker(clock)) { Faults = faults, Clouds = clouds };
        var control = new IPEndPoint(IPAddress.Loopback, config.ControlPort);
        var app = Build(emulation, sockets, control, logging);
        await app.StartAsync(cancellation);
        var port = new Uri(app.Urls.Last()).Port;
        return new EmulatorHost(app, emulation, sockets, new Uri($"http://127.0.0.1:{port}"));
    }

    /// <summary>
    /// Base address of a cloud, such as <c>http://127.0.0.1:8091/</c>; regions are the first path segment.
    /// </summary>
    /// <exception cref="KeyNotFoundException">No cloud has this id.</exception>
    public Uri CloudAddress(string id) => _sockets.AddressOf(id);

    /// <summary>Where a cloud speaks HTTP/2 over cleartext; null where it does not.</summary>
    /// <exception cref="KeyNotFoundException">No cloud has this id.</exception>
    public Uri? CloudHttp2Address(string id) => _sockets.Http2AddressOf(id);

    /// <summary>Puts a fault in force; it is when the task is done.</summary>
    /// <exception cref="ArgumentException">The fault makes no sense, or too many are in force.</exception>
    public async Task<Fault> AddFaultAsync(FaultSpec spec)
    {
        if (_emulation.FindProblem(spec) is { } problem)
        {
            throw new ArgumentException(problem, nameof(spec));
        }
        return await _emulation.Faults.AddAsync(spec)
            ?? throw new ArgumentException($"{FaultBoard.MaxFaults} faults are in force already", nameof(spec));
    }

    /// <summary>Ends a fault; false when there is none with this id.</summary>
    public async Task<bool> RemoveFaultAsync(string id) => await _emulation.Faults.RemoveAsync(f => f.Id == id) > 0;

    /// <summary>Ends all faults.</summary>
    public Task ClearFaultsAsync() => _emulation.Faults.RemoveAsync(_ => true);

    /// <summary>The books of one cloud, or of all.</summary>
    public IReadOnlyList<BillEntry> ReadBill(string? cloud = null) =>
        [.. _emulation.Clouds.Values.Where(c => cloud is null || c.Id == cloud).SelectMany(c => c.Bill.ReadEntries())];

    /// <summary>The latest lines in the books of one cloud, oldest first.</summary>
    public IReadOnlyList<BillLine> ReadBillLines(string cloud) => _emulation.Clouds[cloud].Bill.ReadLines();

    /// <summary>Empties all books.</summary>
    public void ClearBills()
    {
        foreach (var cloud in _emulation.Clouds.Values)
        {
            cloud.Bill.Clear();
        }
    }

    /// <summary>Revokes a cloud's key, or accepts it again. Tokens that it was given stay good.</summary>
    public void AcceptKey(string cloud, string key, bool accepts) => _emulation.Clouds[cloud].Accept(key, accepts);

    /// <summary>Ends all tokens that a cloud's token service gave out.</summary>
    public void EndTokens(string cloud) => _emulation.Clouds[cloud].EndTokens();

    /// <summary>Tokens that a cloud's token service gave out.</summary>
    public int IssuedTokens(string cloud) => _emulation.Clouds[cloud].Tokens;

    /// <summary>Calls that a cloud is working on or lets wait.</summary>
    public int RunningCalls(string cloud) => _emulation.Clouds[cloud].Calls.Count;

    /// <summary>Completes once a cloud works on no call, so that its books are at rest.</summary>
    /// <param name="cloud">Cloud id.</param>
    /// <param name="cancellation">Gives up the wait.</param>
    public async Task WhenQuietAsync(string cloud, CancellationToken cancellation = default)
    {
        var wait = new Ticker.Wait();
        while (RunningCalls(cloud) > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            await _emulation.Ticker.WaitUntil(wait, _emulation.Clock.RealMs);
        }
    }

    /// <summary>Completes when the process is asked to stop.</summary>
    public Task WaitForShutdownAsync(CancellationToken cancellation = default) =>
        _app.WaitForShutdownAsync(cancellation);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var call in _emulation.Clouds.Values.SelectMany(c => c.Calls.Keys))
        {
            call.Kill();
        }
        await _app.DisposeAsync();
        await _emulation.Faults.DisposeAsync();
        await _emulation.Ticker.DisposeAsync();
    }

    static WebApplication Build(
        Emulation emulation, CloudSockets sockets, IPEndPoint control, Action<ILoggingBuilder>? logging)
    {
        var builder = WebApplication.CreateSlimBuilder();
        // The YAML is the only configuration: neither the environment nor a stray appsettings.json has a say.
        builder.Configuration.Sources.Clear();
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Warning);
        logging?.Invoke(builder.Logging);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(2));
        var options = Options.Create(new SocketTransportOptions { UnsafePreferInlineScheduling = true });
        var plain = new SocketTransportFactory(options, NullLoggerFactory.Instance);
        builder.Services.AddSingleton<IConnectionListenerFactory>(new CloudTransport(plain, emulation.Clock.Time));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
            kestrel.Limits.MaxConcurrentConnections = MaxConnections;
            // A client may read as slowly as it likes: how gateways treat slow readers is part of what is tested here.
            kestrel.Limits.MinResponseDataRate = null;
            foreach (var endpoint in sockets.All)
            {
                kestrel.Listen(endpoint, listen => listen.Protocols = endpoint.IsHttp2
                    ? HttpProtocols.Http2
                    : HttpProtocols.Http1);
            }
            kestrel.Listen(control);
        });
        var app = builder.Build();
        var dialects = CloudDialect.All(emulation);
        app.Use(next => http => http.Features.Get<CloudConnection>() is { } connection
            ? connection.HandleAsync(http, dialects[connection.Cloud.Config.Style])
            : next(http));
        app.UseRouting();
        ControlApi.Map(app, emulation, sockets);
        return app;
    }
}
