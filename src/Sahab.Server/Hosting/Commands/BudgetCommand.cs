using System.CommandLine;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary><c>sahab budget</c>: how much organisations, projects and keys may use.</summary>
internal static class BudgetCommand
{
    public static Command Create(IAnsiConsole console, Func<string, string?> environment) =>
        new("budget", "See, set and remove budgets of a running server.")
        {
            List(console, environment), Set(console, environment), Remove(console, environment),
            Nodes(console, environment), Release(console, environment),
        };

    static Command List(IAnsiConsole console, Func<string, string?> environment)
    {
        var (organisation, server) = (Organisation(), new ServerOptions());
        var command = new Command("list", "The budgets of an organisation with how they stand.") { organisation };
        server.AddTo(command);
        command.SetAction((parsed, cancellation) => CommandRun.RunAsync(console, async () =>
        {
            using var client = server.Connect(parsed, environment);
            var answer = await client.GetAsync(PathOf(parsed.GetValue(organisation)!) + "?limit=1000", cancellation);
            var table = new Table().Border(TableBorder.Rounded)
                .AddColumns("budget", "name", "of", "kind", "limit", "spent", "reserved", "left", "resets at");
            foreach (var budget in answer["data"]!.AsArray())
            {
                table.AddRow(
                    Cell(budget!["id"]), Cell(budget["name"]), Cell(budget["key"] ?? budget["project"]), Cell(budget["kind"]),
                    Amount(budget, "limit") + $" {Cell(budget["period"])}", Amount(budget, "spent"),
                    Amount(budget, "reserved"), Amount(budget, "left"), Cell(budget["resets_at"]));
            }

            console.Write(table);
        }));
        return command;
    }

    static Command Set(IAnsiConsole console, Func<string, string?> environment)
    {
        var (organisation, server) = (Organisation(), new ServerOptions());
        var name = new Option<string>("--name") { Description = "What it is called in refusals.", Required = true };
        var measure = new Option<string>("--measure") { Description = "requests, tokens or money.", Required = true };
        var period = new Option<string>("--period")
        {
            Description = "hour, day, week, month, quarter, year or total.",
            Required = true,
        };
        var limit = new Option<string>("--limit") { Description = "How many, or how many dollars.", Required = true };
        var soft = new Option<bool>("--soft") { Description = "It only tells, and refuses nothing." };
        var thresholds = new Option<int[]>("--threshold")
        {
            Description = "A percent that is told of when it is passed.",
            AllowMultipleArgumentsPerToken = true,
        };
        var project = new Option<string?>("--project") { Description = "The project that it is about." };
        var key = new Option<string?>("--key") { Description = "The key that it is about." };
        var command = new Command("set", "Set a budget on an organisation, a project or a key.")
        {
            organisation, name, measure, period, limit, soft, thresholds, project, key,
        };
        server.AddTo(command);
        command.SetAction((parsed, cancellation) => CommandRun.RunAsync(console, async () =>
        {
            using var client = server.Connect(parsed, environment);
            var order = new JsonObject
            {
                ["name"] = parsed.GetValue(name),
                ["measure"] = parsed.GetValue(measure),
                ["period"] = parsed.GetValue(period),
                ["kind"] = parsed.GetValue(soft) ? "soft" : "hard",
                ["thresholds"] = new JsonArray([.. (parsed.GetValue(thresholds) ?? []).Select(percent => (JsonNode)percent)]),
                ["project"] = parsed.GetValue(project),
                ["key"] = parsed.GetValue(key),
            };
            var amount = parsed.GetValue(limit)!;
            if (parsed.GetValue(measure) == "money")
            {
                order["limit_usd"] = amount;
            }
            else
            {
                order["limit"] = long.TryParse(amount, out var whole)
                    ? whole
                    : throw new CommandException($"--limit must be a whole number, not '{amount}'.");
            }

            var set = await client.SendAsync(
                HttpMethod.Post, PathOf(parsed.GetValue(organisation)!), order, cancellation);
            console.Profile.Out.Writer.WriteLine(set["id"]!.ToString());
        }));
        return command;
    }

    static Command Remove(IAnsiConsole console, Func<string, string?> environment)
    {
        var (organisation, server) = (Organisation(), new ServerOptions());
        var budget = new Argument<string>("budget") { Description = "The budget's id." };
        var command = new Command("remove", "Remove a budget.") { budget, organisation };
        server.AddTo(command);
        command.SetAction((parsed, cancellation) => CommandRun.RunAsync(console, async () =>
        {
            using var client = server.Connect(parsed, environment);
            await client.SendAsync(
                HttpMethod.Delete,
                $"{PathOf(parsed.GetValue(organisation)!)}/{Uri.EscapeDataString(parsed.GetValue(budget)!)}", null, cancellation);
            console.Profile.Out.Writer.WriteLine("removed");
        }));
        return command;
    }

    static Command Nodes(IAnsiConsole console, Func<string, string?> environment)
    {
        var server = new ServerOptions();
        var command = new Command("nodes", "The nodes that hold of hard budgets, and when they were last there.");
        server.AddTo(command);
        command.SetAction((parsed, cancellation) => CommandRun.RunAsync(console, async () =>
        {
            using var client = server.Connect(parsed, environment);
            var answer = await client.GetAsync("api/budget-nodes", cancellation);
            var table = new Table().Border(TableBorder.Rounded).AddColumns("node", "windows", "last there");
            foreach (var node in answer["data"]!.AsArray())
            {
                table.AddRow(Cell(node!["id"]), Cell(node["windows"]), Cell(node["seen_at"]));
            }

            console.Write(table);
        }));
        return command;
    }

    static Command Release(IAnsiConsole console, Func<string, string?> environment)
    {
        var server = new ServerOptions();
        var node = new Option<string>("--node") { Description = "The node's id, as 'nodes' shows it.", Required = true };
        var command = new Command("release", "Take what a node holds of hard budgets, because it will not come back.") { node };
        server.AddTo(command);
        command.SetAction((parsed, cancellation) => CommandRun.RunAsync(console, async () =>
        {
            using var client = server.Connect(parsed, environment);
            await client.SendAsync(
                HttpMethod.Delete, $"api/budget-nodes/{Uri.EscapeDataString(parsed.GetValue(node)!)}", null, cancellation);
            console.Profile.Out.Writer.WriteLine("released");
        }));
        return command;
    }

    static Option<string> Organisation() =>
        new("--organisation") { Description = "The organisation's id.", Required = true };

    static string PathOf(string organisation) => $"api/organisations/{Uri.EscapeDataString(organisation)}/budgets";

    static string Amount(JsonNode budget, string name) =>
        budget[name + "_usd"] is { } usd ? Markup.Escape($"{usd} USD")
        : budget[name] is { } amount ? Markup.Escape($"{amount} {(budget["measure"]!.ToString() == "tokens" ? "tokens" : "calls")}")
        : "";

    static string Cell(JsonNode? value) => Markup.Escape(value?.ToString() ?? "");
}
