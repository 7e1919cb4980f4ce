using System.Net.Http.Headers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sahab.Emulator;
using Sahab.Emulator.Configuration;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Serve.Gateway;

namespace Sahab.Server.Tests.House;

/// <summary>
/// A whole Sahab for one test: emulated clouds and the real server in this process, on free loopback ports, with a
/// data folder of its own. The configuration is YAML in which <c>{azure}</c> stands for a cloud's address.
/// </summary>
internal sealed class TestHouse : IAsyncDisposable
{
    public const string DemoKey = "sk-test-demo";
    public const string AdminKey = "sk-test-admin";
    public const string CloudKey = "cloud-secret";
    public const string CloudKeyId = "sahab";

    readonly string _folder;
    bool _stopped;

    TestHouse(string folder, EmulatorHost clouds, SahabServer server, ConfigurationState configuration)
    {
        _folder = folder;
        Clouds = clouds;
        Server = server;
        Configuration = configuration;
    }

    /// <summary>Where its configuration and its data are.</summary>
    public string Folder => _folder;

    public EmulatorHost Clouds { get; }

    public SahabServer Server { get; }

    public ConfigurationState Configuration { get; }

    /// <summary>Where clients on this machine reach the server, also where it listens beyond it.</summary>
    public Uri Address => Server.Address.Host == "0.0.0.0"
        ? new UriBuilder(Server.Address) { Host = "127.0.0.1" }.Uri
        : Server.Address;

    public T Get<T>()
        where T : notnull => Server.Services.GetRequiredService<T>();

    /// <summary>Starts both. The clouds are those of <see cref="Samples"/> unless given.</summary>
    /// <param name="prepare">Called when the clouds have their addresses, before the configuration is read.</param>
    /// <param name="cloudTime">The clouds' own time; the system's unless given, whatever the server's is.</param>
    /// <param name="postgres">The connection string of a store that several houses share; SQLite unless given.</param>
    public static async Task<TestHouse> StartAsync(
        string? yaml = null, EmulatorConfig? clouds = null, TimeProvider? time = null, string listen = "127.0.0.1:0",
        Action<EmulatorHost>? prepare = null, TimeProvider? cloudTime = null, string? postgres = null)
    {
        clouds ??= Samples.TwoClouds();
        var folder = Directory.CreateTempSubdirectory("sahab-test-").FullName;
        var emulator = await EmulatorHost.StartAsync(clouds, cloudTime);
        prepare?.Invoke(emulator);
        yaml ??= Samples.TwoCloudsYaml;
        yaml += postgres is null ? "" : "\nmetering: { store: { postgres: { env: POSTGRES } } }\n";
        var configuration = Read(folder, yaml, clouds, emulator, postgres);
        var server = await SahabServer.StartAsync(
            new SahabServerOptions
            {
                Configuration = configuration,
                DataFolder = Path.Combine(folder, "data"),
                Listen = listen,
                Time = time ?? TimeProvider.System,
                Seed = 1,
                LogLevel = LogLevel.Warning,
            },
            CancellationToken.None);
        return new TestHouse(folder, emulator, server, configuration);
    }

    /// <summary>A client with a key, the demo key unless given; it holds answers to what the API's description says of them.</summary>
    public HttpClient Client(string? key = null)
    {
        var client = new HttpClient(new DescribedAnswers(new SocketsHttpHandler())) { BaseAddress = Address, Timeout = TimeSpan.FromMinutes(2) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key ?? DemoKey);
        return client;
    }

    /// <summary>
    /// The latest calls, the newest first, when none is in the house: a client has its answer a moment before its call
    /// is closed.
    /// </summary>
    public async Task<List<FinishedCall>> CallsAsync(int most = 100)
    {
        var door = Get<FrontDoor>();
        while (door.InHouse > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }

        return [.. Get<RecentCalls>().Latest(most)];
    }

    /// <summary>Waits until everything that was journaled is in the store.</summary>
    public Task DrainLedgerAsync() => Get<UsageLoop>().DrainAsync(CancellationToken.None);

    /// <summary>Stops the server as a signal does: calls in the house end first. The clouds go on.</summary>
    public async Task StopServerAsync()
    {
        if (!_stopped)
        {
            _stopped = true;
            await Server.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopServerAsync();
        await Clouds.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    static ConfigurationState Read(
        string folder, string yaml, EmulatorConfig clouds, EmulatorHost emulator, string? postgres)
    {
        var file = Path.Combine(folder, "sahab.yaml");
        File.WriteAllText(file, Samples.AtAddresses(yaml, emulator, clouds.Clouds.Keys));
        var reading = new ConfigReader(name => name switch
        {
            "DEMO_KEY" => DemoKey,
            "ADMIN_KEY" => AdminKey,
            "CLOUD_KEY" => CloudKey,
            "CLOUD_KEY_ID" => CloudKeyId,
            "WRONG_KEY" => "not-the-secret",
            "OCI_KEY" => OciKey.PrivatePem,
            "POSTGRES" => postgres,
            _ => null,
        }).Read(file);
        reading.Errors.ShouldBeEmpty(string.Join('\n', reading.Problems));
        return new ConfigurationState(reading, TimeProvider.System);
    }
}
