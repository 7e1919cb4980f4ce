using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sahab.Server.Hosting.Configuration;
using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary><c>sahab purchase</c>: buys capacity step by step, and says which right stands in the way.</summary>
internal static class PurchaseCommand
{
    public static Command Create(IAnsiConsole console, Func<string, string?> environment)
    {
        var maker = new CommandMaker(console, environment);
        var command = new Command("purchase", "Buy capacity, from draft to delivery.")
        {
            List(maker, console), Draft(maker, console), Answer(maker, console),
            maker.Ask("show", "One purchase with its offers and deadlines.", "GET api/purchases/{purchase}"),
        };
        foreach (var (name, description) in (ReadOnlySpan<(string, string)>)
        [
            ("offer", "Offer it to whoever has the right to be asked first."),
            ("sign", "Sign it, unless a right stands in the way."),
            ("deliver", "Record its delivery."),
            ("withdraw", "Give it up."),
        ])
        {
            command.Add(Step(maker, console, name, description));
        }

        return command;
    }

    static Command List(CommandMaker maker, IAnsiConsole console) =>
        maker.Make("list", "All purchases, the last to be changed first.", [], async (_, client, cancellation) =>
            Print(console, (await client.GetAsync("api/purchases", cancellation))["data"]!.AsArray()));

    static Command Draft(CommandMaker maker, IAnsiConsole console)
    {
        var id = new Argument<string>("purchase") { Description = "Its id." };
        var seller = new Option<string>("--seller") { Description = "The provider that would sell it.", Required = true };
        var site = new Option<string>("--site") { Description = "The seller's region or site.", Required = true };
        var country = new Option<string>("--country") { Description = "The site's country, such as US.", Required = true };
        var due = new Option<string>("--due") { Description = "When it is to be delivered, such as 2027-01-31.", Required = true };
        var megawatts = new Option<decimal>("--megawatts") { Description = "Power." };
        var gpus = new Option<int>("--gpus") { Description = "GPUs." };
        var kind = new Option<string?>("--gpu-kind") { Description = "Their kind, such as GB200." };
        var usd = new Option<decimal>("--usd") { Description = "What it costs over its term." };
        return maker.Make(
            "draft", "Draft a purchase.", [id, seller, site, country, due, megawatts, gpus, kind, usd],
            async (parsed, client, cancellation) =>
            {
                var draft = new JsonObject
                {
                    ["id"] = parsed.GetValue(id),
                    ["seller"] = parsed.GetValue(seller),
                    ["site"] = parsed.GetValue(site),
                    ["country"] = parsed.GetValue(country),
                    ["megawatts"] = parsed.GetValue(megawatts),
                    ["gpu_kind"] = parsed.GetValue(kind),
                    ["gpus"] = parsed.GetValue(gpus),
                    ["usd"] = parsed.GetValue(usd),
                    ["due_at"] = ContractBinding.TryTime(parsed.GetValue(due)!, out var time)
                        ? time
                        : throw new CommandException($"--due must be {TextForms.Describe(TextForm.Instant)}."),
                };
                Print(console, [await client.PostAsync("api/purchases", ToBytes(draft), cancellation)]);
            });
    }

    static Command Answer(CommandMaker maker, IAnsiConsole console)
    {
        var id = new Argument<string>("purchase") { Description = "Its id." };
        var contract = new Option<string>("--contract") { Description = "The holder's contract.", Required = true };
        var says = new Option<string>("--says") { Description = "What it answered.", Required = true };
        says.AcceptOnlyFromAmong("declined", "taken");
        var evidence = new Option<string>("--evidence")
        {
            Description = "Who answered, and where that is on record.",
            Required = true,
        };
        return maker.Make(
            "answer", "Record what the holder of a right has answered.", [id, contract, says, evidence],
            async (parsed, client, cancellation) =>
            {
                var answer = new JsonObject
                {
                    ["contract"] = parsed.GetValue(contract),
                    ["says"] = parsed.GetValue(says),
                    ["evidence"] = parsed.GetValue(evidence),
                };
                Print(console, [await client.PostAsync(PathOf(parsed.GetValue(id)!, "answer"), ToBytes(answer), cancellation)]);
            });
    }

    static Command Step(CommandMaker maker, IAnsiConsole console, string name, string description)
    {
        var id = new Argument<string>("purchase") { Description = "Its id." };
        return maker.Make(name, description, [id], async (parsed, client, cancellation) =>
            Print(console, [await client.PostAsync(PathOf(parsed.GetValue(id)!, name), [], cancellation)]));
    }

    static string PathOf(string id, string step) => $"api/purchases/{Uri.EscapeDataString(id)}/{step}";

    static byte[] ToBytes(JsonObject body) => JsonSerializer.SerializeToUtf8Bytes(body);

    static void Print(IAnsiConsole console, IEnumerable<JsonNode?> purchases)
    {
        var table = new Table().Border(TableBorder.Rounded)
            .AddColumns("purchase", "seller", "site", "what", "due", "stage", "offers", "ending soon");
        foreach (var purchase in purchases)
        {
            var offers = purchase!["offers"]!.AsArray().Select(offer =>
                $"{offer!["holder"]}: {offer["answer"]?.ToString() ?? $"until {offer["ends_at"]}"}");
            var soon = purchase["ending_soon"]!.AsArray().Select(each => $"{each!["holder"]} {each["ends"]}");
            table.AddRow(
                Cell(purchase["id"]!.ToString()), Cell(purchase["seller"]!.ToString()), Cell(purchase["site"]!.ToString()),
                Cell($"{purchase["megawatts"]} MW, {purchase["gpus"]} {purchase["gpu_kind"]}"), Cell(purchase["due_at"]!.ToString()),
                Cell(purchase["stage"]!.ToString()), Cell(string.Join('\n', offers)), Cell(string.Join('\n', soon)));
        }

        console.Write(table);
    }

    static string Cell(string text) => Markup.Escape(text);
}
