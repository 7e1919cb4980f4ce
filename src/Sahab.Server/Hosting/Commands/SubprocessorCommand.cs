using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary><c>sahab subprocessor</c>: the register of those who process data for us.</summary>
internal static class SubprocessorCommand
{
    public static Command Create(IAnsiConsole console, Func<string, string?> environment) =>
        new("subprocessor", "The register of those who process data for us.")
        {
            List(console, environment), Add(console, environment), Remove(console, environment),
        };

    static Command List(IAnsiConsole console, Func<string, string?> environment)
    {
        var server = new ServerOptions();
        var command = new Command("list", "All of them, with what was announced.");
        server.AddTo(command);
        command.SetAction((parsed, cancellation) => CommandRun.RunAsync(console, async () =>
        {
            using var client = server.Connect(parsed, environment);
            Print(console, [.. (await client.GetAsync("api/subprocessors/register", cancellation))["data"]!.AsArray()]);
        }));
        return command;
    }

    static Command Add(IAnsiConsole console, Func<string, string?> environment)
    {
        var server = new ServerOptions();
        var id = new Argument<string>("subprocessor") { Description = "Its id." };
        var name = new Option<string>("--name") { Description = "The company.", Required = true };
        var provider = new Option<string?>("--provider") { Description = "The provider of the configuration that it stands for." };
        var purpose = new Option<string>("--purpose") { Description = "What it does for us.", Required = true };
        var countries = new Option<string[]>("--country")
        {
            Description = "Where it processes data, such as US; may be given several times.",
            Required = true,
        };
        var used = new Option<bool>("--already-in-use")
        {
            Description = "Its provider served before there was a register: it needs no notice.",
        };
        var command = new Command("add", "Announce one; it takes effect when its notice is over.")
        {
            id, name, provider, purpose, countries, used,
        };
        server.AddTo(command);
        command.SetAction((parsed, cancellation) => CommandRun.RunAsync(console, async () =>
        {
            var body = new JsonObject
            {
                ["id"] = parsed.GetRequiredValue(id),
                ["name"] = parsed.GetRequiredValue(name),
                ["provider"] = parsed.GetValue(provider),
                ["purpose"] = parsed.GetRequiredValue(purpose),
                ["countries"] = new JsonArray([.. parsed.GetRequiredValue(countries).Select(country => (JsonNode)country)]),
                ["already_in_use"] = parsed.GetValue(used),
            };
            using var client = server.Connect(parsed, environment);
            Print(console, [await client.PostAsync(
                "api/subprocessors", JsonSerializer.SerializeToUtf8Bytes(body), cancellation)]);
        }));
        return command;
    }

    static Command Remove(IAnsiConsole console, Func<string, string?> environment)
    {
        var server = new ServerOptions();
        var id = new Argument<string>("subprocessor") { Description = "Its id." };
        var command = new Command("remove", "Remove one: from now on it gets no data.") { id };
        server.AddTo(command);
        command.SetAction((parsed, cancellation) => CommandRun.RunAsync(console, async () =>
        {
            using var client = server.Connect(parsed, environment);
            Print(console, [await client.SendAsync(
                HttpMethod.Delete, $"api/subprocessors/{Uri.EscapeDataString(parsed.GetRequiredValue(id))}", null,
                cancellation)]);
        }));
        return command;
    }

    static void Print(IAnsiConsole console, IEnumerable<JsonNode?> all)
    {
        var table = new Table().Border(TableBorder.Rounded)
            .AddColumns("subprocessor", "name", "provider", "countries", "state", "since", "purpose");
        foreach (var each in all)
        {
            table.AddRow([.. ((string[])
                [
                    $"{each!["id"]}", $"{each["name"]}", $"{each["provider"]}", string.Join(", ", each["countries"]!.AsArray()),
                    $"{each["state"]}", $"{each["since"]}", $"{each["purpose"]}",
                ]).Select(Markup.Escape)]);
        }

        console.Write(table);
    }
}
