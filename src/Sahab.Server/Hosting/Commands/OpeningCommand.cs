using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary>
/// <c>sahab contract opening</c>: what the books of a contract begin with, and what was used before them and is not posted.
/// </summary>
internal static class OpeningCommand
{
    public static Command Create(IAnsiConsole console, Func<string, string?> environment)
    {
        var (server, json) = (new ServerOptions(), new Option<bool>("--json") { Description = "Print JSON." });
        var contract = new Argument<string>("contract") { Description = "The contract's id." };
        var command = new Command(
            "opening", "What the books of a contract begin with, and what was used before and is not posted.")
        {
            contract, json,
        };
        server.AddTo(command);
        command.SetAction((parsed, cancellation) => CommandRun.RunAsync(console, async () =>
        {
            using var client = server.Connect(parsed, environment);
            var answer = await client.GetAsync(
                $"api/contracts/{Uri.EscapeDataString(parsed.GetValue(contract)!)}/opening", cancellation);
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
        if (answer["opening"] is not { } opening)
        {
            writer.WriteLine($"The books of {answer["contract"]} begin with the contract: it has no opening balances.");
            return;
        }

        writer.WriteLine($"The books of {answer["contract"]} begin at {opening["books_from"]}, in {answer["currency"]}:");
        var table = new Table().Border(TableBorder.Rounded).AddColumns("what", "of", "since")
            .AddColumn(new TableColumn("amount").RightAligned().NoWrap());
        table.AddRow("accrued, not billed", "", "", Amount(opening["accrued"]));
        table.AddRow("billed, not paid", "", "", Amount(opening["owed"]));
        foreach (var draw in opening["commitments"]!.AsArray())
        {
            foreach (var figure in (string[])["drawn", "surplus", "carried", "deferred"])
            {
                if (figure == "drawn" || draw![figure]!.GetValue<decimal>() != 0)
                {
                    table.AddRow(figure, Cell(draw!["commitment"]), Day(draw["window"]), Amount(draw[figure]));
                }
            }
        }

        foreach (var rate in opening["rates"]!.AsArray())
        {
            table.AddRow("volume", Cell(rate!["rate"]), Day(rate["from"]), Amount(rate["volume"]));
        }

        foreach (var paid in opening["prepayments"]!.AsArray())
        {
            table.AddRow("left of what was paid", Cell(paid!["prepayment"]), "", Amount(paid["left"]));
        }

        console.Write(table);
        var before = answer["before_books"]!;
        writer.WriteLine($"Used before and not posted: {before["events"]} calls.");
        foreach (var hour in before["hours"]!.AsArray())
        {
            writer.WriteLine($"{hour!["hour"]}  {hour["events"]} calls, {Amount(hour["net"])} by the contract's rate");
        }
    }

    static string Cell(JsonNode? value) => Markup.Escape(value?.ToString() ?? "");

    static string Day(JsonNode? time) => Markup.Escape(time!.ToString()[..10]);

    static string Amount(JsonNode? amount) => amount!.GetValue<decimal>().ToString("N2", CultureInfo.InvariantCulture);
}
