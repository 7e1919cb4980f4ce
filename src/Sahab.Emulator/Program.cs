using System.CommandLine;
using Sahab.Emulator.Configuration;

namespace Sahab.Emulator;

internal static class Program
{
    static async Task<int> Main(string[] args)
    {
        var file = new Option<string>("--config")
        {
            Description = "The YAML file that describes the clouds.",
            Required = true,
        };
        var port = new Option<int?>("--control-port")
        {
            Description = "Port of the control API and page, in place of the file's.",
        };
        var command = new RootCommand("Emulated clouds: finite, billed, and faulty on demand.") { file, port };
        command.SetAction((parsed, cancellation) => RunAsync(
            parsed.GetValue(file)!, parsed.GetValue(port), parsed.InvocationConfiguration, cancellation));
        return await command.Parse(args).InvokeAsync();
    }

    static async Task<int> RunAsync(
        string file, int? controlPort, InvocationConfiguration console, CancellationToken cancellation)
    {
        try
        {
            var config = EmulatorYaml.Load(file);
            config = config with { ControlPort = controlPort ?? config.ControlPort };
            await using var host = await EmulatorHost.StartAsync(
                config, logging: logs => logs.AddSimpleConsole(o => o.SingleLine = true), cancellation: cancellation);
            await console.Output.WriteLineAsync($"emulated clouds: {host.ControlAddress.ToString().TrimEnd('/')}");
            foreach (var cloud in config.Clouds.Keys)
            {
                await console.Output.WriteLineAsync($"  {cloud}: {host.CloudAddress(cloud)}");
            }
            await host.WaitForShutdownAsync(cancellation);
            return 0;
        }
        catch (Exception error) when (error is EmulatorConfigException or IOException)
        {
            await console.Error.WriteLineAsync(error.Message);
            return 1;
        }
    }
}
