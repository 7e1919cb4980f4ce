using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary><c>sahab invoice</c>: what customers owe, from the draft to the paper.</summary>
internal static class InvoiceCommand
{
    static readonly string[] Formats = ["json", "csv", "html", "pdf"];

    const string One = "api/organisations/{organisation}/invoices/{number}";

    public static Command Create(IAnsiConsole console, Func<string, string?> environment)
    {
        var maker = new CommandMaker(console, environment);
        return new("invoice", "Draft, issue, export, correct and collect invoices.")
        {
            Draft(maker, console), Issue(maker, console), List(maker, console), Show(maker, console), Export(maker),
            maker.Ask(
                "all", "Invoices and credit notes of all organisations, the newest first.", "GET api/invoices?limit=1000",
                ["number", "organisation", "month", "due_at", "total_usd", "paid_usd", "status"],
                CommandField.Text("month", "Of this month only, such as 2026-11."),
                CommandField.Text("status", "open, paid or credit-note.")),
            maker.Ask(
                "due", "Whose invoice of a month is not issued yet.", "GET api/invoices/due", ["organisation"],
                CommandField.Text("month", "Such as 2026-11.", required: true)),
            maker.Ask(
                "calls", "The calls that a line is made of, the newest first.", $"GET {One}/lines/{{line}}/calls", CallCommand.Columns,
                CommandField.Number("limit", "At most so many. Left out: 100."),
                CommandField.Text("after", "Where the answer before ended, as its 'next' told.")),
            maker.Ask(
                "correct", "Take an amount of an invoice back, by a credit note.", $"POST {One}/credit-notes", null,
                CommandField.Text("amount_usd", "Before tax, such as 12.50.", required: true),
                CommandField.Text("reason", "Why; it stands on the credit note.", required: true)),
            maker.Write("open", "Invoices that are not paid, as CSV for whoever collects.", "GET api/invoices/open"),
            maker.Ask(
                "collect", "Ask the payment service to collect all that is open.", "POST api/invoices/collect", null,
                CommandField.Text("provider", "Such as stripe.", required: true)),
            maker.Ask("pay", "Ask the payment service to collect what is open of one.", $"POST {One}/pay"),
            Payments(maker, console),
        };
    }

    static Command Payments(CommandMaker maker, IAnsiConsole console)
    {
        var file = new Argument<string>("file") { Description = "Payments in CSV: number, amount_usd, reference, paid_at." };
        return new("payment", "What was paid of invoices, and paid back.")
        {
            maker.Ask(
                "list", "What was paid of an invoice, and paid back.", $"GET {One}/payments",
                ["id", "provider", "amount_usd", "paid_at"]),
            maker.Ask(
                "add", "Record a payment; the same reference is recorded once.", $"POST {One}/payments", null,
                CommandField.Text("amount_usd", "Such as 12.50.", required: true),
                CommandField.Text("reference", "The payment's own name.", required: true)),
            maker.Ask(
                "refund", "Record that an amount was paid back.", $"POST {One}/refunds", null,
                CommandField.Text("amount_usd", "Such as 12.50.", required: true),
                CommandField.Text("reference", "The refund's own name.", required: true)),
            maker.Make(
                "import", "Record payments from a file; each reference is recorded once.", [file],
                async (parsed, client, cancellation) =>
                {
                    var path = parsed.GetRequiredValue(file);
                    var answer = await client.PostAsync(
                        "api/invoices/payments", CommandFile.Read(path), "text/csv", cancellation);
                    console.Profile.Out.Writer.WriteLine($"{answer["recorded"]} recorded, {answer["known"]} known before");
                }),
        };
    }

    static Command Draft(CommandMaker maker, IAnsiConsole console)
    {
        var (organisation, month) = (Organisation(), Month());
        return maker.Make(
            "draft", "An organisation's invoice of a month as it would be now.", [organisation, month],
            async (parsed, client, cancellation) =>
            {
                Print(console, await client.GetAsync(
                    PathOf(parsed.GetValue(organisation)!, "draft-" + parsed.GetValue(month)), cancellation));
            });
    }

    static Command Issue(CommandMaker maker, IAnsiConsole console)
    {
        var month = Month();
        var organisation = new Option<string?>("--organisation") { Description = "Of whom. Left out: of all." };
        return maker.Make(
            "issue", "Issue the invoices of a month that is over.", [month, organisation],
            async (parsed, client, cancellation) =>
            {
                var body = new JsonObject { ["month"] = parsed.GetValue(month) };
                if (parsed.GetValue(organisation) is { } one)
                {
                    body["organisation"] = one;
                }

                var answer = await client.PostAsync("api/invoices/issue", JsonSerializer.SerializeToUtf8Bytes(body), cancellation);
                var output = console.Profile.Out.Writer;
                foreach (var issued in answer["data"]!.AsArray())
                {
                    var before = issued!["new"]!.GetValue<bool>() ? "" : "  (was issued before)";
                    output.WriteLine($"{issued["number"]}  {issued["organisation"]}{before}");
                }

                foreach (var refused in answer["refused"]!.AsArray())
                {
                    output.WriteLine($"not issued: {refused!["organisation"]}: {refused["reason"]}");
                }

                return answer["refused"]!.AsArray().Count == 0 ? 0 : 1;
            });
    }

    static Command List(CommandMaker maker, IAnsiConsole console)
    {
        var organisation = Organisation();
        return maker.Make(
            "list", "The invoices and credit notes of an organisation, the newest first.", [organisation],
            async (parsed, client, cancellation) =>
            {
                var (output, after) = (console.Profile.Out.Writer, "");
                do
                {
                    var page = await client.GetAsync(
                        $"{PathOf(parsed.GetValue(organisation)!, null)}?limit=1000{after}", cancellation);
                    foreach (var each in page["data"]!.AsArray())
                    {
                        output.WriteLine($"{each!["number"]}  {each["month"]}  {each["total_usd"],14} USD  {each["status"]}");
                    }

                    after = page["next"]?.ToString() is { } next ? $"&after={Uri.EscapeDataString(next)}" : "";
                }
                while (after.Length > 0);
            });
    }

    static Command Show(CommandMaker maker, IAnsiConsole console)
    {
        var (organisation, number) = (Organisation(), Number());
        return maker.Make(
            "show", "An invoice or credit note, line by line.", [organisation, number],
            async (parsed, client, cancellation) =>
            {
                Print(console, await client.GetAsync(
                    PathOf(parsed.GetValue(organisation)!, parsed.GetValue(number)), cancellation));
            });
    }

    static Command Export(CommandMaker maker)
    {
        var (organisation, number) = (Organisation(), Number());
        var file = new Argument<string>("file")
        {
            Description = "Where to: its ending says the form (.json, .csv, .html, .pdf).",
        };
        return maker.Make(
            "export", "Write an invoice or credit note to a file.", [organisation, number, file],
            async (parsed, client, cancellation) =>
            {
                var path = parsed.GetValue(file)!;
                var format = Path.GetExtension(path).TrimStart('.');
                if (!Formats.Contains(format))
                {
                    throw new CommandException($"'{path}' does not end in one of: .{string.Join(", .", Formats)}.");
                }

                var from = PathOf(parsed.GetValue(organisation)!, parsed.GetValue(number));
                await File.WriteAllBytesAsync(
                    path, await client.GetBytesAsync(format == "json" ? from : $"{from}.{format}", cancellation), cancellation);
            });
    }

    static void Print(IAnsiConsole console, JsonNode document)
    {
        var output = console.Profile.Out.Writer;
        output.WriteLine($"{document["number"] ?? "draft"}  {document["organisation"]}  {document["month"]}");
        foreach (var line in document["lines"]!.AsArray())
        {
            output.WriteLine($"{line!["line"],5}  {line["amount_usd"],18}  {line["text"]}"
                + (line["quantity"] is { } quantity ? $" ({quantity} {line["unit"]})" : ""));
        }

        output.WriteLine($"total  {document["totals"]!["total_usd"],18}  USD");
    }

    static Argument<string> Organisation() => new("organisation") { Description = "Its id." };

    static Argument<string> Number() => new("number")
    {
        Description = "Such as INV-2026-000001; draft-2026-11 for a month as it would be now.",
    };

    static Argument<string> Month() => new("month") { Description = "Such as 2026-11." };

    static string PathOf(string organisation, string? number) =>
        $"api/organisations/{Uri.EscapeDataString(organisation)}/invoices"
        + (number is null ? "" : "/" + Uri.EscapeDataString(number));
}
