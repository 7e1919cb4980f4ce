using System.CommandLine;
using Sahab.Server.Hosting.Commands;
using Spectre.Console;

namespace Sahab.Server.Hosting;

internal static class Program
{
    static Task<int> Main(string[] args)
    {
        var console = AnsiConsole.Console;
        var root = new RootCommand("One front door over many clouds.")
        {
            CheckCommand.Create(console, Environment.GetEnvironmentVariable),
            SchemaCommand.Create(console),
        };
        return root.Parse(args).InvokeAsync();
    }
}
