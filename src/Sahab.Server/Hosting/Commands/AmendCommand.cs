using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Sahab.Server.Hosting.Configuration;
using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary>
/// <c>sahab contract amend</c>: what a proposed configuration would change in what was agreed and in what was booked.
/// Nothing is applied: the server takes the file up when it stands in the place of its own.
/// </summary>
internal static class AmendCommand
{
    public static Command Create(IAnsiConsole console, Func<string, string?> environment)
    {
        var (server, json) = (new ServerOptions(), new Option<bool>("--json") { Description = "Print JSON." });
        var file = new Argument<string>("file") { Description = "The configuration with the amendment in it." };
        var command = new Command(
            "amend",
            "Check a configuration with amended contracts against the running server, and say what it would book. "
            + "Nothing is applied.") { file, json };
        server.AddTo(command);
        command.SetAction((parsed, cancellation) => CommandRun.RunAsync(console, async () =>
        {
            var yaml = await ReadAsync(parsed.GetValue(file)!, cancellation);
            using var client = server.Connect(parsed, environment);
            var answer = await client.PostAsync("api/contracts/preview", yaml, "application/yaml", cancellation);
            if (parsed.GetValue(json))
            {
                console.Profile.Out.Writer.WriteLine(answer.ToJsonString());
                return;
            }

            Print(console, answer);
        }));
        return command;
    }

    static async Task<byte[]> ReadAsync(string path, CancellationToken cancellation)
    {
        try
        {
            var length = new FileInfo(path).Length;
            return length <= ConfigReader.MaxBytes
                ? await File.ReadAllBytesAsync(path, cancellation)
                : throw new CommandException($"{path} is larger than {ConfigReader.MaxBytes >> 20} MiB.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"{path} cannot be read: {error.Message}");
        }
    }

    static void Print(IAnsiConsole console, JsonNode answer)
    {
        var writer = console.Profile.Out.Writer;
        var versions = answer["versions"]!.AsArray();
        if (versions.Count == 0)
        {
            writer.WriteLine("No version of a contract is new.");
        }

        foreach (var version in versions)
        {
            writer.WriteLine(
                $"New: version {version!["number"]} of contract {version["contract"]}, valid from {version["valid_from"]}, "
                + $"known from {version["known_from"]}"
                + (version["reaches_back"]!.GetValue<bool>() ? "; it reaches back before what is settled." : "."));
        }

        writer.WriteLine($"{answer["rebooked_events"]} events would be priced by other terms.");
        if (answer["differences"] is not { } differences)
        {
            writer.WriteLine("That is too many to say here what they would come to.");
            return;
        }

        if (differences.AsArray().Count == 0)
        {
            writer.WriteLine("Nothing that is booked would change.");
            return;
        }

        var table = new Table().Border(TableBorder.Rounded).AddColumn("account")
            .AddColumn(new TableColumn("would change by USD").RightAligned().NoWrap());
        foreach (var difference in differences.AsArray())
        {
            table.AddRow(
                Markup.Escape(difference!["account"]!.ToString()),
                difference["usd"]!.GetValue<decimal>().ToString("N9", CultureInfo.InvariantCulture));
        }

        console.Write(table);
        writer.WriteLine(
            $"As of {answer["known_at"]}, for hours settled until {answer["settled_until"] ?? "now"}. Nothing was applied.");
    }
}
