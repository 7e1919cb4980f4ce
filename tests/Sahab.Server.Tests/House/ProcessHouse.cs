using System.Net.Http.Headers;
using Sahab.Emulator;
using Sahab.Emulator.Configuration;

namespace Sahab.Server.Tests.House;

/// <summary>Emulated clouds in this process, and the server that calls them as a <see cref="ServerProcess"/>.</summary>
internal sealed class ProcessHouse : IAsyncDisposable
{
    readonly string _folder;

    ProcessHouse(string folder, EmulatorHost clouds, ServerProcess server) =>
        (_folder, Clouds, Server) = (folder, clouds, server);

    public EmulatorHost Clouds { get; }

    public ServerProcess Server { get; }

    /// <summary>The file of the server's configuration.</summary>
    public string Configuration => ConfigurationIn(_folder);

    /// <summary>Where the server keeps its journal and its store.</summary>
    public string Data => DataIn(_folder);

    /// <summary>Starts both. The configuration is that of <see cref="Samples"/> unless given.</summary>
    /// <param name="prepare">Puts beside the configuration what it names.</param>
    /// <param name="config">The clouds; those of <see cref="Samples"/> unless given.</param>
    public static async Task<ProcessHouse> StartAsync(
        string? yaml = null, IReadOnlyDictionary<string, string>? environment = null, bool quiet = true,
        Action<string>? prepare = null, EmulatorConfig? config = null)
    {
        var folder = Directory.CreateTempSubdirectory("sahab-process-").FullName;
        prepare?.Invoke(folder);
        config ??= Samples.TwoClouds();
        var clouds = await EmulatorHost.StartAsync(config);
        await File.WriteAllTextAsync(
            ConfigurationIn(folder), Samples.AtAddresses(yaml ?? Samples.TwoCloudsYaml, clouds, config.Clouds.Keys));
        return new ProcessHouse(
            folder, clouds,
            await ServerProcess.StartAsync(ConfigurationIn(folder), DataIn(folder), environment, quiet));
    }

    /// <summary>A client with a key, the demo key unless given.</summary>
    public HttpClient Client(string? key = null)
    {
        var client = new HttpClient { BaseAddress = Server.Address, Timeout = TimeSpan.FromMinutes(2) };
        client.DefaultRequestHeaders.Authorization =
            new AuthenticationHeaderValue("Bearer", key ?? TestHouse.DemoKey);
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await Clouds.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    static string ConfigurationIn(string folder) => Path.Combine(folder, "sahab.yaml");

    static string DataIn(string folder) => Path.Combine(folder, "data");
}
