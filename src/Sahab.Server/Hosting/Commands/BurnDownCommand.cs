using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Sahab.Server.Source.Commitments;
using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary>
/// <c>sahab contract burndown</c> and <c>sahab contract forecast</c>: how commitments stand and how they will end.
/// </summary>
internal static class BurnDownCommand
{
    public static Command BurnDown(IAnsiConsole console, Func<string, string?> environment)
    {
        var contract = new Argument<string?>("contract")
        {
            Description = "The contract's id. Left out: all.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var question = new Question();
        var command = new Command(
            "burndown", "How far commitments are drawn, what will be missed, when, and what that costs.") { contract };
        question.AddTo(command);
        command.SetAction((parsed, cancellation) => CommandRun.RunAsync(console, async () =>
        {
            using var client = question.Server.Connect(parsed, environment);
            var answers = new List<JsonNode>();
            foreach (var id in await ContractsAsync(client, parsed.GetValue(contract), cancellation))
            {
                answers.Add(await client.GetAsync(
                    $"api/contracts/{Uri.EscapeDataString(id)}/burndown{question.Query(parsed)}", cancellation));
            }

            if (parsed.GetValue(question.Json))
            {
                JsonNode all = parsed.GetValue(contract) is null ? new JsonArray([.. answers]) : answers[0];
                console.Profile.Out.Writer.WriteLine(all.ToJsonString());
                return;
            }

            PrintBurnDown(console, answers);
        }));
        return command;
    }

    public static Command Forecast(IAnsiConsole console, Func<string, string?> environment)
    {
        var contract = new Argument<string>("contract") { Description = "The contract's id." };
        var days = new Option<int>("--days")
        {
            Description = "How many days to print. JSON has all.",
            DefaultValueFactory = _ => 14,
        };
        var question = new Question();
        var command = new Command("forecast", "What commitments will draw day by day, and how sure that is.")
        {
            contract, days,
        };
        question.AddTo(command);
        command.SetAction((parsed, cancellation) => CommandRun.RunAsync(console, async () =>
        {
            using var client = question.Server.Connect(parsed, environment);
            var answer = await client.GetAsync(
                $"api/contracts/{Uri.EscapeDataString(parsed.GetValue(contract)!)}/forecast{question.Query(parsed)}",
                cancellation);
            if (parsed.GetValue(question.Json))
            {
                console.Profile.Out.Writer.WriteLine(answer.ToJsonString());
                return;
            }

            PrintForecast(console, answer, parsed.GetValue(days));
        }));
        return command;
    }

    static async Task<List<string>> ContractsAsync(ControlClient client, string? one, CancellationToken cancellation)
    {
        if (one is not null)
        {
            return [one];
        }

        var list = await client.GetAsync("api/contracts", cancellation);
        return [.. list["data"]!.AsArray().Select(contract => contract!["id"]!.ToString())];
    }

    static void PrintBurnDown(IAnsiConsole console, List<JsonNode> contracts)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns(
            "commitment", "until", "target", "counted", "pace", "by forecast", "missing", "costs", "alarm");
        var says = new List<string>();
        foreach (var contract in contracts)
        {
            foreach (var each in contract["data"]!.AsArray())
            {
                var unit = each!["unit"]!.ToString();
                foreach (var window in each["windows"]!.AsArray().Where(window => Is(window!, "phase", "running")))
                {
                    var name = $"{contract["contract"]} {each["commitment"]}";
                    var expected = window!["forecast"]!["expected"]!;
                    table.AddRow(
                        Markup.Escape(name), window["until"]!.ToString()[..10], Of(window["target"], unit),
                        Of(window["counted"], unit),
                        window["pace"] is { } pace ? OutlookWords.Percent(Number(pace)) : "",
                        Of(expected["counted"], unit), Of(expected["shortfall"], unit),
                        Of(expected["owed"], contract["currency"]!.ToString()),
                        window["alarm"]!.ToString().Replace('-', ' '));
                    says.Add($"{name}: {window["says"]}");
                }
            }
        }

        if (says.Count == 0)
        {
            console.Profile.Out.Writer.WriteLine("No window of a commitment runs today.");
            return;
        }

        console.Write(table);
        foreach (var say in says)
        {
            console.Profile.Out.Writer.WriteLine(say);
        }
    }

    static void PrintForecast(IAnsiConsole console, JsonNode answer, int most)
    {
        foreach (var each in answer["data"]!.AsArray())
        {
            var unit = each!["unit"]!.ToString();
            console.Profile.Out.Writer.WriteLine(
                $"{answer["contract"]} {each["commitment"]}: {Of(each["level_per_day"], unit)} on an average day, "
                + $"{Of(each["trend_per_day"], unit)} more each day at first, from {each["history"]!.AsArray().Count} "
                + "days on which anything was drawn");
            var table = new Table().Border(TableBorder.Rounded).AddColumns(
                "day", "expected", "low", "high", "counted by then", "low", "high");
            foreach (var day in each["days"]!.AsArray().Take(most))
            {
                var (drawn, counted) = (day!["drawn"]!, day["counted"]!);
                table.AddRow(
                    day["day"]!.ToString(), Of(drawn["expected"], unit), Of(drawn["low"], unit), Of(drawn["high"], unit),
                    Of(counted["expected"], unit), Of(counted["low"], unit), Of(counted["high"], unit));
            }

            console.Write(table);
        }
    }

    static bool Is(JsonNode node, string name, string value) => node[name]?.ToString() == value;

    static string Of(JsonNode? amount, string unit) => Markup.Escape(OutlookWords.Amount(Number(amount!), unit));

    static decimal Number(JsonNode node) => decimal.Parse(
        node.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture);

    /// <summary>Of which commitment, of which server, and in which form.</summary>
    sealed class Question
    {
        readonly Option<string?> _commitment = new("--commitment") { Description = "This one only, by its clause's id." };

        public ServerOptions Server { get; } = new();

        public Option<bool> Json { get; } = new("--json") { Description = "Print JSON." };

        public void AddTo(Command command)
        {
            command.Add(_commitment);
            command.Add(Json);
            Server.AddTo(command);
        }

        public string Query(ParseResult parsed) => parsed.GetValue(_commitment) is { } name
            ? $"?commitment={Uri.EscapeDataString(name)}"
            : "";
    }
}
