using System.CommandLine;
using System.Text.Json.Nodes;
using Spectre.Console;
using static Sahab.Server.Hosting.Commands.CommandMaker;

namespace Sahab.Server.Hosting.Commands;

/// <summary><c>sahab budget</c>: how much organisations, projects and keys may use.</summary>
internal static class BudgetCommand
{
    const string One = "api/organisations/{organisation}/budgets/{budget}";

    public static Command Create(IAnsiConsole console, Func<string, string?> environment)
    {
        var maker = new CommandMaker(console, environment);
        return new("budget", "See, set and remove budgets of a running server.")
        {
            List(maker, console), Set(maker, console), Remove(maker, console), Nodes(maker, console), Release(maker, console),
            maker.Ask("show", "One budget with how it stands.", $"GET {One}"),
            maker.Ask(
                "change", "Change a budget's name, limit, kind or thresholds.", $"PATCH {One}", null,
                CommandField.Text("name", "What it is called in refusals."),
                CommandField.Text("kind", "hard, or soft: it only tells, and refuses nothing."),
                CommandField.Number("limit", "How many requests or tokens."),
                CommandField.Text("limit_usd", "How many dollars, of one that is in money."),
                CommandField.Numbers("thresholds", "threshold", "A percent that is told of when it is passed."),
                CommandField.Text("usage", "'reset' begins it anew.")),
            maker.Ask(
                "events", "The thresholds that it has passed, and when it was exhausted.", $"GET {One}/events",
                ["at", "kind", "percent", "spent", "spent_usd", "limit", "limit_usd", "window_start"]),
        };
    }

    static Command List(CommandMaker maker, IAnsiConsole console)
    {
        var organisation = CommandMaker.Organisation();
        return maker.Make(
            "list", "The budgets of an organisation with how they stand.", [organisation],
            async (parsed, client, cancellation) =>
            {
                var budgets = await CommandMaker.ListAsync(
                    client, PathOf(parsed.GetValue(organisation)!) + "?limit=1000", cancellation);
                var table = new Table().Border(TableBorder.Rounded)
                    .AddColumns("budget", "name", "of", "kind", "limit", "spent", "reserved", "left", "resets at");
                foreach (var budget in budgets)
                {
                    table.AddRow(
                        Cell(budget!["id"]), Cell(budget["name"]), Cell(budget["key"] ?? budget["project"]), Cell(budget["kind"]),
                        Amount(budget, "limit") + $" {Cell(budget["period"])}", Amount(budget, "spent"),
                        Amount(budget, "reserved"), Amount(budget, "left"), Cell(budget["resets_at"]));
                }

                console.Write(table);
            });
    }

    static Command Set(CommandMaker maker, IAnsiConsole console)
    {
        var organisation = CommandMaker.Organisation();
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
        return maker.Make(
            "set", "Set a budget on an organisation, a project or a key.",
            [organisation, name, measure, period, limit, soft, thresholds, project, key],
            async (parsed, client, cancellation) =>
            {
                var order = new JsonObject
                {
                    ["name"] = parsed.GetValue(name),
                    ["measure"] = parsed.GetValue(measure),
                    ["period"] = parsed.GetValue(period),
                    ["kind"] = parsed.GetValue(soft) ? "soft" : "hard",
                    ["thresholds"] = parsed.GetValue(thresholds) is { Length: > 0 } percents
                        ? new JsonArray([.. percents.Select(percent => (JsonNode)percent)]) : null,
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
            });
    }

    static Command Remove(CommandMaker maker, IAnsiConsole console)
    {
        var organisation = CommandMaker.Organisation();
        var budget = new Argument<string>("budget") { Description = "The budget's id." };
        return maker.Make("remove", "Remove a budget.", [budget, organisation], async (parsed, client, cancellation) =>
        {
            await client.SendAsync(
                HttpMethod.Delete,
                $"{PathOf(parsed.GetValue(organisation)!)}/{Uri.EscapeDataString(parsed.GetValue(budget)!)}", null, cancellation);
            console.Profile.Out.Writer.WriteLine("removed");
        });
    }

    static Command Nodes(CommandMaker maker, IAnsiConsole console)
    {
        return maker.Make(
            "nodes", "The nodes that hold of hard budgets, and when they were last there.", [],
            async (parsed, client, cancellation) =>
            {
                var answer = await client.GetAsync("api/budget-nodes", cancellation);
                var table = new Table().Border(TableBorder.Rounded).AddColumns("node", "windows", "last there");
                foreach (var node in answer["data"]!.AsArray())
                {
                    table.AddRow(Cell(node!["id"]), Cell(node["windows"]), Cell(node["seen_at"]));
                }

                console.Write(table);
            });
    }

    static Command Release(CommandMaker maker, IAnsiConsole console)
    {
        var node = new Option<string>("--node") { Description = "The node's id, as 'nodes' shows it.", Required = true };
        return maker.Make(
            "release", "Take what a node holds of hard budgets, because it will not come back.", [node],
            async (parsed, client, cancellation) =>
            {
                await client.SendAsync(
                    HttpMethod.Delete, $"api/budget-nodes/{Uri.EscapeDataString(parsed.GetValue(node)!)}", null, cancellation);
                console.Profile.Out.Writer.WriteLine("released");
            });
    }

    static string PathOf(string organisation) => $"api/organisations/{Uri.EscapeDataString(organisation)}/budgets";

    static string Amount(JsonNode budget, string name) =>
        budget[name + "_usd"] is { } usd ? Markup.Escape($"{usd} USD")
        : budget[name] is { } amount ? Markup.Escape($"{amount} {(budget["measure"]!.ToString() == "tokens" ? "tokens" : "calls")}")
        : "";
}
