using System.CommandLine;
using Sahab.Server.Hosting.Configuration;
using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary><c>sahab schema</c>: prints what a configuration may hold.</summary>
internal static class SchemaCommand
{
    public static Command Create(IAnsiConsole console)
    {
        var reference = new Option<bool>("--reference")
        {
            Description = "Print the reference of all keys in Markdown instead.",
        };
        var command = new Command("schema", "Print the JSON schema of the configuration.") { reference };
        command.SetAction(result => console.Profile.Out.Writer.Write(
            result.GetValue(reference) ? ConfigReference.Write() : ConfigSchema.Write()));
        return command;
    }
}
