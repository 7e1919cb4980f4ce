using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary><c>sahab review</c>: decides on what projects are declared to be for.</summary>
internal static class ReviewCommand
{
    public static Command Create(IAnsiConsole console, Func<string, string?> environment)
    {
        var command = new Command("review", "Decide on what projects are declared to be for.")
        {
            List(console, environment),
            Step(
                console, environment, "approve", "Approve; it takes two people, neither of whom has declared it.",
                needsReason: false),
            Step(console, environment, "reject", "Reject.", needsReason: true),
            Step(console, environment, "revoke", "Revoke an approval: the project's keys stop at once.", needsReason: true),
        };
        return command;
    }

    static Command List(IAnsiConsole console, Func<string, string?> environment)
    {
        var server = new ServerOptions();
        var all = new Option<bool>("--all") { Description = "Those that were decided, too." };
        var command = new Command("list", "Reviews that wait for a decision.") { all };
        server.AddTo(command);
        command.SetAction((parsed, cancellation) => CommandRun.RunAsync(console, async () =>
        {
            using var client = server.Connect(parsed, environment);
            var state = parsed.GetValue(all) ? "all" : "pending";
            Print(console, [.. (await client.GetAsync($"api/reviews?state={state}", cancellation))["data"]!.AsArray()]);
        }));
        return command;
    }

    static Command Step(
        IAnsiConsole console, Func<string, string?> environment, string name, string description, bool needsReason)
    {
        var server = new ServerOptions();
        var id = new Argument<Guid>("review") { Description = "Its id." };
        var reason = new Option<string>("--reason") { Description = "Why; the project's people read it.", Required = true };
        var command = new Command(name, description) { id };
        if (needsReason)
        {
            command.Add(reason);
        }

        server.AddTo(command);
        command.SetAction((parsed, cancellation) => CommandRun.RunAsync(console, async () =>
        {
            var body = needsReason ? new JsonObject { ["reason"] = parsed.GetValue(reason) } : [];
            using var client = server.Connect(parsed, environment);
            Print(console, [await client.PostAsync(
                $"api/reviews/{parsed.GetValue(id)}/{name}", JsonSerializer.SerializeToUtf8Bytes(body), cancellation)]);
        }));
        return command;
    }

    static void Print(IAnsiConsole console, IEnumerable<JsonNode?> all)
    {
        var table = new Table().Border(TableBorder.Rounded)
            .AddColumns("review", "organisation", "project", "class", "state", "approvals", "justification");
        foreach (var each in all)
        {
            table.AddRow([.. ((string[])
                [
                    $"{each!["id"]}", $"{each["organisation"]}", $"{each["project"]}", $"{each["class"]}", $"{each["state"]}",
                    $"{each["approvals"]}", $"{each["justification"]}",
                ]).Select(Markup.Escape)]);
        }

        console.Write(table);
    }
}
