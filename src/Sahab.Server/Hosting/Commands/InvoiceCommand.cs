using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary><c>sahab invoice</c>: what customers owe, from the draft to the paper.</summary>
internal static class InvoiceCommand
{
    static readonly string[] Formats = ["json", "csv", "html", "pdf"];

    public static Command Create(IAnsiConsole console, Func<string, string?> environment) =>
        new("invoice", "Draft, issue and export invoices.")
        {
            Draft(console, environment),
            Issue(console, environment),
            List(console, environment),
            Show(console, environment),
            Export(console, environment),
        };

    static Command Draft(IAnsiConsole console, Func<string, string?> environment)
    {
        var (server, organisation, month) = (new ServerOptions(), Organisation(), Month());
        var command = new Command("draft", "An organisation's invoice of a month as it would be now.") { organisation, month };
        server.AddTo(command);
        command.SetAction((parsed, cancellation) => CommandRun.RunAsync(console, async () =>
        {
            using var client = server.Connect(parsed, environment);
            Print(console, await client.GetAsync(
                PathOf(parsed.GetValue(organisation)!, "draft-" + parsed.GetValue(month)), cancellation));
        }));
        return command;
    }

    static Command Issue(IAnsiConsole console, Func<string, string?> environment)
    {
        var (server, month) = (new ServerOptions(), Month());
        var organisation = new Option<string?>("--organisation") { Description = "Of whom. Left out: of all." };
        var command = new Command("issue", "Issue the invoices of a month that is over.") { month, organisation };
        server.AddTo(command);
        command.SetAction((parsed, cancellation) => CommandRun.RunAsync(console, async () =>
        {
            using var client = server.Connect(parsed, environment);
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
        }));
        return command;
    }

    static Command List(IAnsiConsole console, Func<string, string?> environment)
    {
        var (server, organisation) = (new ServerOptions(), Organisation());
        var command = new Command("list", "The invoices and credit notes of an organisation, the newest first.") { organisation };
        server.AddTo(command);
        command.SetAction((parsed, cancellation) => CommandRun.RunAsync(console, async () =>
        {
            using var client = server.Connect(parsed, environment);
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
        }));
        return command;
    }

    static Command Show(IAnsiConsole console, Func<string, string?> environment)
    {
        var (server, organisation, number) = (new ServerOptions(), Organisation(), Number());
        var command = new Command("show", "An invoice or credit note, line by line.") { organisation, number };
        server.AddTo(command);
        command.SetAction((parsed, cancellation) => CommandRun.RunAsync(console, async () =>
        {
            using var client = server.Connect(parsed, environment);
            Print(console, await client.GetAsync(
                PathOf(parsed.GetValue(organisation)!, parsed.GetValue(number)), cancellation));
        }));
        return command;
    }

    static Command Export(IAnsiConsole console, Func<string, string?> environment)
    {
        var (server, organisation, number) = (new ServerOptions(), Organisation(), Number());
        var file = new Argument<string>("file")
        {
            Description = "Where to: its ending says the form (.json, .csv, .html, .pdf).",
        };
        var command = new Command("export", "Write an invoice or credit note to a file.") { organisation, number, file };
        server.AddTo(command);
        command.SetAction((parsed, cancellation) => CommandRun.RunAsync(console, async () =>
        {
            var path = parsed.GetValue(file)!;
            var format = Path.GetExtension(path).TrimStart('.');
            if (!Formats.Contains(format))
            {
                throw new CommandException($"'{path}' does not end in one of: .{string.Join(", .", Formats)}.");
            }

            using var client = server.Connect(parsed, environment);
            var from = PathOf(parsed.GetValue(organisation)!, parsed.GetValue(number));
            await File.WriteAllBytesAsync(
                path, await client.GetBytesAsync(format == "json" ? from : $"{from}.{format}", cancellation), cancellation);
        }));
        return command;
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
