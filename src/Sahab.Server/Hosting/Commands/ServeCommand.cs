using System.CommandLine;
using System.Security.Cryptography;
using Sahab.Server.Govern.Residency;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Hosting.Database;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Sell.Prices;
using Sahab.Server.Source.Contracts;
using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary><c>sahab serve</c>: runs the server until it is told to stop.</summary>
internal static partial class ServeCommand
{
    /// <summary>The configuration has errors, or nothing was found to serve.</summary>
    public const int NothingToServe = 2;

    /// <summary>With the value <c>json</c>, each log line is a JSON object.</summary>
    const string LogFormatVariable = "SAHAB_LOG_FORMAT";

    public static Command Create(IAnsiConsole console, Func<string, string?> environment)
    {
        var config = new Option<string?>("--config")
        {
            Description = "The configuration. Left out: what is found in the environment and on this machine.",
        };
        var listen = new Option<string?>("--listen") { Description = "Address and port, such as 127.0.0.1:8080." };
        var data = new Option<string>("--data")
        {
            Description = "The folder for the journal and the store.",
            DefaultValueFactory = _ => "data",
        };
        var quiet = new Option<bool>("--quiet") { Description = "Log warnings and errors only." };
        var command = new Command("serve", "Run the server until Ctrl-C.") { config, listen, data, quiet };
        command.SetAction((result, cancellation) => RunAsync(
            console,
            environment,
            new ServeArguments(
                result.GetValue(config), result.GetValue(listen), result.GetRequiredValue(data),
                result.GetValue(quiet)),
            cancellation));
        return command;
    }

    static async Task<int> RunAsync(
        IAnsiConsole console, Func<string, string?> environment, ServeArguments arguments, CancellationToken cancellation)
    {
        var options = arguments.Config is { } path
            ? FromFile(console, environment, path)
            : await FromDiscoveryAsync(console, environment, cancellation);
        if (options is null)
        {
            return NothingToServe;
        }

        options = options with
        {
            DataFolder = arguments.Data,
            Listen = arguments.Listen,
            LogLevel = arguments.Quiet ? LogLevel.Warning : LogLevel.Information,
            JsonLogs = environment(LogFormatVariable) == "json",
            ExportTelemetry = environment(ConfigReader.ExportVariable) is { Length: > 0 },
        };
        await using var server = await StartAsync(console, options, cancellation);
        if (server is null)
        {
            return NothingToServe;
        }

        Announce(console, server, options.JsonLogs);
        await server.WaitForShutdownAsync(cancellation);
        return 0;
    }

    /// <summary>Starts the server, or says why it cannot be started with this data and this configuration.</summary>
    static async Task<SahabServer?> StartAsync(
        IAnsiConsole console, SahabServerOptions options, CancellationToken cancellation)
    {
        try
        {
            return await SahabServer.StartAsync(options, cancellation);
        }
        catch (Exception error) when (error is SchemaException or JournalUnavailableException or ContractHistoryException
            or ResidencyException or PriceHistoryException or CryptographicException)
        {
            console.Profile.Out.Writer.WriteLine(error.Message);
            return null;
        }
    }

    static void Announce(IAnsiConsole console, SahabServer server, bool isJson)
    {
        var address = server.Address.GetLeftPart(UriPartial.Authority);
        if (isJson)
        {
            // What reads the log as JSON would stumble over a line of text.
            LogReady(server.Services.GetRequiredService<ILoggerFactory>().CreateLogger<SahabServer>(), address);
        }
        else
        {
            console.Profile.Out.Writer.WriteLine($"Sahab is ready at {address}");
        }
    }

    static SahabServerOptions? FromFile(IAnsiConsole console, Func<string, string?> environment, string path)
    {
        var reader = new ConfigReader(environment);
        var reading = reader.Read(path);
        if (reading.Config is null)
        {
            CheckCommand.Print(console, reading);
            return null;
        }

        var state = new ConfigurationState(reading, TimeProvider.System);
        return new SahabServerOptions
        {
            Configuration = state,
            Reloads = loggers => new ConfigurationLoop(
                state, reader, reading, TimeProvider.System, loggers.CreateLogger<ConfigurationLoop>()),
            DataFolder = "",
        };
    }

    static async Task<SahabServerOptions?> FromDiscoveryAsync(
        IAnsiConsole console, Func<string, string?> environment, CancellationToken cancellation)
    {
        var writer = console.Profile.Out.Writer;
        var key = new Secret("sk-sahab-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)));
        using var http = new HttpMessageInvoker(new SocketsHttpHandler { AllowAutoRedirect = false });
        var found = await new Discovery(environment, http, TimeProvider.System, new DiscoveryPlaces())
            .FindAsync(key, cancellation);
        writer.WriteLine("No configuration was given, so this is what was looked for:");
        foreach (var line in found.Lines)
        {
            writer.WriteLine($"  {line}");
        }

        if (found.Config is not { } config)
        {
            writer.WriteLine(
                "Nothing to serve. Set OPENAI_API_KEY, start a model server on this machine, "
                + "or give a configuration: ./sahab serve --config sahab.yaml");
            return null;
        }

        writer.WriteLine($"key for this run: {key.Reveal()}");
        return new SahabServerOptions
        {
            Configuration = new ConfigurationState(config, "discovery", "", [], TimeProvider.System),
            DataFolder = "",
        };
    }

    [LoggerMessage(110, LogLevel.Information, "Sahab is ready at {Address}")]
    static partial void LogReady(ILogger logger, string address);

    sealed record ServeArguments(string? Config, string? Listen, string Data, bool Quiet);
}
