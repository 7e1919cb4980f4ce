using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sahab.Server.Source.Purchases;
using Spectre.Console;
using static Sahab.Server.Hosting.Commands.CommandMaker;

namespace Sahab.Server.Hosting.Commands;

/// <summary><c>sahab claim</c>: what providers owe us back, from what was found to what is on a bill.</summary>
internal static class ClaimCommand
{
    public static Command Create(IAnsiConsole console, Func<string, string?> environment)
    {
        var maker = new CommandMaker(console, environment);
        var granted = new Option<decimal>("--granted-usd") { Description = "What it grants; 0: nothing.", Required = true };
        var credited = new Option<decimal>("--usd") { Description = "How much.", Required = true };
        return new Command("claim", "Claim from providers what they billed too much or owe for a service level.")
        {
            List(maker, console),
            maker.Ask("show", "One claim with its history.", "GET api/claims/{claim}"),
            Raise(maker, console),
            Step(maker, console, "send", "Record that the provider was told."),
            Step(maker, console, "answer", "Record what the provider grants.", granted, "granted_usd"),
            Step(maker, console, "credit", "Record a credit on a bill.", credited, "usd"),
            Step(maker, console, "close", "End it without more."),
        };
    }

    static Command List(CommandMaker maker, IAnsiConsole console)
    {
        var month = new Option<string?>("--month")
        {
            Description = "Of which month service levels are looked at. Left out: the last.",
        };
        return maker.Make(
            "list", "What contracts owe for a month, and all claims.", [month],
            async (parsed, client, cancellation) =>
            {
                var query = parsed.GetValue(month) is { } of ? $"?month={Uri.EscapeDataString(of)}" : "";
                PrintOwed(console, await client.GetAsync("api/claims/owed" + query, cancellation));
                Print(console, [.. (await client.GetAsync("api/claims", cancellation))["data"]!.AsArray()]);
            });
    }

    static Command Raise(CommandMaker maker, IAnsiConsole console)
    {
        var id = new Argument<string>("claim") { Description = "Its id." };
        var month = new Option<string>("--month") { Description = "The billing period, such as 2026-11.", Required = true };
        var provider = new Option<string?>("--provider") { Description = "Against whom, where it is about a bill." };
        var bill = new Option<string?>("--bill") { Description = "The bill: what it has too much is claimed, in CSV of FOCUS." };
        var tolerance = BillCommand.Tolerance();
        var about = new Option<string?>("--about") { Description = "What is claimed, by hand." };
        var usd = new Option<decimal?>("--usd") { Description = "What that comes to." };
        var contract = new Option<string?>("--contract") { Description = "The contract whose service level was not kept." };
        var clause = new Option<string?>("--clause") { Description = "The service level." };
        var scope = new Option<string?>("--scope") { Description = "The deployment or region. Left out: all of the clause." };
        var days = new Option<int?>("--credit-days") { Description = "For how many days a granted credit is waited for." };
        var note = new Option<string?>("--note") { Description = "Who raises it, and why." };
        return maker.Make(
            "raise", "Raise a claim: of a bill, of something else, or of a service level.",
            [id, month, provider, bill, tolerance, about, usd, contract, clause, scope, days, note],
            async (parsed, client, cancellation) =>
            {
                var body = new JsonObject
                {
                    ["id"] = parsed.GetValue(id),
                    ["kind"] = parsed.GetValue(contract) is null ? "billing-difference" : "service-level",
                    ["month"] = parsed.GetValue(month),
                    ["provider"] = parsed.GetValue(provider),
                    ["about"] = parsed.GetValue(about),
                    ["usd"] = parsed.GetValue(usd),
                    ["contract"] = parsed.GetValue(contract),
                    ["clause"] = parsed.GetValue(clause),
                    ["scope"] = parsed.GetValue(scope),
                    ["credit_days"] = parsed.GetValue(days),
                    ["note"] = parsed.GetValue(note),
                };
                if (parsed.GetValue(bill) is { } file)
                {
                    body["differences"] = await DifferencesAsync(
                        client, file, parsed.GetValue(month)!,
                        parsed.GetValue(provider) ?? throw new CommandException("--provider says whose bill it is."),
                        parsed.GetValue(tolerance), cancellation);
                }

                Print(console, [await client.PostAsync("api/claims", JsonSerializer.SerializeToUtf8Bytes(body), cancellation)]);
            });
    }

    /// <summary>What the bill has too much. What it has too little the provider may claim.</summary>
    static async Task<JsonArray> DifferencesAsync(
        ControlClient client, string file, string month, string provider, decimal tolerance, CancellationToken cancellation)
    {
        var (_, differences) = await BillCommand.CompareAsync(client, file, month, provider, tolerance, cancellation);
        var claimed = differences.Where(each => each.OverbilledUsd > 0).ToList();
        return claimed.Count == 0
            ? throw new CommandException("The bill has nothing too much: there is nothing to claim.")
            : new JsonArray([.. claimed.Select(each => (JsonNode)new JsonObject
            {
                ["hour"] = each.Key.Hour,
                ["region"] = each.Key.Region,
                ["model"] = each.Key.Model,
                ["meter"] = JsonSerializer.SerializeToNode(each.Key.Meter, PurchaseJson.Options),
                ["usd"] = each.OverbilledUsd,
                ["cause"] = BillCommand.Say(each),
            })]);
    }

    static Command Step(
        CommandMaker maker, IAnsiConsole console, string name, string description,
        Option<decimal>? amount = null, string amountName = "")
    {
        var id = new Argument<string>("claim") { Description = "Its id." };
        var note = new Option<string>("--note") { Description = "Who says so, and where that is on record.", Required = true };
        return maker.Make(name, description, amount is null ? [id, note] : [id, note, amount], async (parsed, client, cancellation) =>
        {
            var body = new JsonObject { ["note"] = parsed.GetValue(note) };
            if (amount is not null)
            {
                body[amountName] = parsed.GetValue(amount);
            }

            var path = $"api/claims/{Uri.EscapeDataString(parsed.GetValue(id)!)}/{name}";
            Print(console, [await client.PostAsync(path, JsonSerializer.SerializeToUtf8Bytes(body), cancellation)]);
        });
    }

    static void PrintOwed(IAnsiConsole console, JsonNode owed)
    {
        var credits = owed["data"]!.AsArray();
        if (credits.Count == 0)
        {
            console.Profile.Out.Writer.WriteLine($"No contract owes anything for the service levels of {owed["month"]}.");
            return;
        }

        var table = new Table().Border(TableBorder.Rounded).Title(Markup.Escape($"owed for {owed["month"]}"))
            .AddColumns("contract", "clause", "scope", "failed", "available", "USD", "claim before", "claim");
        foreach (var credit in credits)
        {
            table.AddRow(
                Cell(credit!["contract"]), Cell(credit["clause"]), Cell(credit["scope"]),
                Markup.Escape($"{credit["failed"]} of {credit["attempts"]}"),
                Markup.Escape(credit["availability"]!.GetValue<decimal>().ToString("P3", CultureInfo.InvariantCulture)),
                Cell(credit["credit_usd"]), Cell(credit["claim_before"]),
                credit["claim"] is { } claim ? Cell(claim) : credit["too_late"]!.GetValue<bool>() ? "too late" : "not claimed");
        }

        console.Write(table);
    }

    static void Print(IAnsiConsole console, IReadOnlyCollection<JsonNode?> claims)
    {
        if (claims.Count == 0)
        {
            console.Profile.Out.Writer.WriteLine("There is no claim.");
            return;
        }

        var table = new Table().Border(TableBorder.Rounded)
            .AddColumns("claim", "provider", "month", "kind", "claimed", "granted", "credited", "stage", "due");
        foreach (var claim in claims)
        {
            table.AddRow(
                Cell(claim!["id"]), Cell(claim["provider"]), Cell(claim["month"]), Cell(claim["kind"]),
                Cell(claim["claimed_usd"]), Cell(claim["granted_usd"]), Cell(claim["credited_usd"]),
                Markup.Escape($"{claim["stage"]}{(claim["overdue"]!.GetValue<bool>() ? ", overdue" : "")}"),
                Cell(claim["credit_due"] ?? (claim["stage"]!.ToString() == "raised" ? claim["claim_before"] : null)));
        }

        console.Write(table);
    }
}
