using System.CommandLine;
using Sahab.Server.Hosting.Commands;
using Spectre.Console;

namespace Sahab.Server.Hosting;

/// <summary>The executable <c>sahab</c>: the server and its command line.</summary>
internal static class Program
{
    static Task<int> Main(string[] args)
    {
        // The one place that opens the console: everything else writes through what it is given.
        var console = AnsiConsole.Console;
        Func<string, string?> environment = Environment.GetEnvironmentVariable;
        var root = new RootCommand("Sahab: one front door over many clouds.")
        {
            ServeCommand.Create(console, environment),
            CheckCommand.Create(console, environment),
            SchemaCommand.Create(console),
            UsageCommand.Create(console),
        };
        return root.Parse(args).InvokeAsync();
    }
}
