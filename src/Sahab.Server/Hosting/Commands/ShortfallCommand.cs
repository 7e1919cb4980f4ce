using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary><c>sahab contract shortfall</c>: how the windows of commitments stand, and what is missing.</summary>
internal static class ShortfallCommand
{
    public static Command Create(IAnsiConsole console, Func<string, string?> environment)
    {
        var (server, json) = (new ServerOptions(), new Option<bool>("--json") { Description = "Print JSON." });
        var contract = new Argument<string?>("contract")
        {
            Description = "The contract's id. Left out: all of them.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var command = new Command(
            "shortfall", "How each window of each commitment stands, as settled, and what is missing.") { contract, json };
        server.AddTo(command);
        command.SetAction((parsed, cancellation) => CommandRun.RunAsync(console, async () =>
        {
            using var client = server.Connect(parsed, environment);
            var path = parsed.GetValue(contract) is { } id
                ? $"api/contracts/{Uri.EscapeDataString(id)}/standings"
                : "api/commitments";
            var answer = await client.GetAsync(path, cancellation);
            if (parsed.GetValue(json))
            {
                console.Profile.Out.Writer.WriteLine(answer.ToJsonString());
                return;
            }

            Print(console, answer);
        }));
        return command;
    }

    static void Print(IAnsiConsole console, JsonNode answer)
    {
        var writer = console.Profile.Out.Writer;
        if (answer["settled_until"] is not { } until)
        {
            writer.WriteLine("Nothing is settled yet. There is no contract, or the server has just been started.");
            return;
        }

        var table = new Table().Border(TableBorder.Rounded).AddColumns("contract", "commitment", "from", "until", "in");
        foreach (var figure in (string[])["target", "drawn", "carried", "deferred", "remaining", "owed"])
        {
            table.AddColumn(new TableColumn(figure).RightAligned().NoWrap());
        }

        foreach (var standing in answer["data"]!.AsArray())
        {
            table.AddRow(
                Cell(standing!["contract"]), Cell(standing["commitment"]), Day(standing["from"]), Day(standing["until"]),
                Cell(standing["unit"]), Amount(standing["target"]), Amount(standing["drawn"]),
                Amount(standing["carried"]), Amount(standing["deferred"]), Amount(standing["remaining"]),
                standing["before_books"]?.GetValue<bool>() == true ? "before our books" : Amount(standing["owed"]));
        }

        console.Write(table);
        writer.WriteLine($"Settled until {until}. What is owed is in the contract's currency; it is known at a window's end.");
    }

    static string Cell(JsonNode? value) => Markup.Escape(value?.ToString() ?? "");

    static string Day(JsonNode? time) => Markup.Escape(time!.ToString()[..10]);

    static string Amount(JsonNode? amount) =>
        amount?.GetValue<decimal>().ToString("N2", CultureInfo.InvariantCulture) ?? "";
}
