using System.CommandLine;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary><c>sahab explain</c>: asks a running server why a request would go where, and sends none.</summary>
internal static class ExplainCommand
{
    static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static Command Create(IAnsiConsole console, Func<string, string?> environment)
    {
        var model = new Option<string?>("--model") { Description = "The model that the request asks for." };
        var prompt = new Option<string>("--prompt")
        {
            Description = "What the user says in it.",
            DefaultValueFactory = _ => "Hello",
        };
        var file = new Option<string?>("--file")
        {
            Description = "The request itself, as JSON; --model replaces the model in it.",
        };
        var path = new Option<string>("--path")
        {
            Description = "Where the request would be sent.",
            DefaultValueFactory = _ => "/v1/chat/completions",
        };
        var key = new Option<string?>("--key-id")
        {
            Description = "Under the rules of the key with this id. Left out: of the admin key itself.",
        };
        var server = new ServerOptions();
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new Command("explain", "Show which deployment a request would go to, and why not to the others.")
        {
            model, prompt, file, path, key, json,
        };
        server.AddTo(command);
        command.SetAction((parsed, cancellation) => CommandRun.RunAsync(console, async () =>
        {
            var body = ReadRequest(parsed.GetValue(file), parsed.GetValue(model), parsed.GetValue(prompt)!);
            var query = $"api/explain?path={Uri.EscapeDataString(parsed.GetValue(path)!)}"
                + (parsed.GetValue(key) is { } id ? $"&key={Uri.EscapeDataString(id)}" : "");
            using var client = server.Connect(parsed, environment);
            var answer = await client.PostAsync(query, body, cancellation);
            Print(console, answer, parsed.GetValue(json));
        }));
        return command;
    }

    static byte[] ReadRequest(string? file, string? model, string prompt)
    {
        JsonObject request;
        try
        {
            request = file is null
                ? new JsonObject
                {
                    ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = prompt }),
                }
                : JsonNode.Parse(File.ReadAllBytes(file)) as JsonObject
                    ?? throw new CommandException($"{file} does not hold a JSON object.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new CommandException($"{file} cannot be read: {error.Message}");
        }

        if (model is not null)
        {
            request["model"] = model;
        }
        else if (request["model"] is null)
        {
            throw new CommandException("Name the model: --model NAME, or a request in which it stands: --file FILE");
        }

        return JsonSerializer.SerializeToUtf8Bytes(request);
    }

    static void Print(IAnsiConsole console, JsonNode answer, bool asJson)
    {
        var writer = console.Profile.Out.Writer;
        if (asJson)
        {
            writer.WriteLine(answer.ToJsonString(Indented));
            return;
        }

        var decision = answer["decision"]!;
        writer.WriteLine(
            $"key {answer["key"]}, model {answer["model"]}, countries {answer["countries"]}, tier {answer["tier"]}, "
            + $"needs {answer["needs"]}, estimated tokens {answer["prompt_tokens"]} + {answer["output_tokens"]}");
        writer.WriteLine(decision["chosen"] is { } chosen
            ? $"{decision["policy"]}: {chosen}"
            : $"{decision["policy"]}: none, {decision["rejection"]}");
        console.Write(ToTable(decision["candidates"]!.AsArray()));
        writer.WriteLine("Figures are millionths of a US dollar for this call; the lower the better.");
    }

    static Table ToTable(JsonArray candidates)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumn(new TableColumn("deployment").NoWrap())
            .AddColumns("in", "verdict");
        foreach (var figure in (string[])["score", "cost", "latency", "failures", "load"])
        {
            table.AddColumn(new TableColumn(figure).RightAligned().NoWrap());
        }

        foreach (var candidate in candidates)
        {
            var isChosen = (bool?)candidate!["chosen"] ?? false;
            var verdict = candidate["verdict"]?.ToString() ?? "eligible";
            var holder = candidate["held_for"] is { } group ? $" for {group}" : "";
            var home = (bool?)candidate["at_home"] ?? false ? ", prefix at home" : "";
            var isRefused = verdict != "eligible";
            table.AddRow(
                Markup.Escape(candidate["deployment"]!.ToString()),
                Markup.Escape(candidate["country"]!.ToString()),
                Markup.Escape((isChosen ? "CHOSEN" : verdict.Replace('_', ' ') + holder) + home),
                Millionths(candidate["score"], isRefused), Millionths(candidate["cost"], isRefused),
                Millionths(candidate["latency"], isRefused), Millionths(candidate["failures"], isRefused),
                FigureOf(candidate["load"]).ToString("0.00", CultureInfo.InvariantCulture));
        }

        return table;
    }

    /// <summary>Nothing for a deployment that was refused before it was scored.</summary>
    static string Millionths(JsonNode? usd, bool isRefused) =>
        isRefused ? "" : (FigureOf(usd) * 1e6).ToString("N1", CultureInfo.InvariantCulture);

    /// <summary>What is absent is zero; what is no number stands as the word for it.</summary>
    static double FigureOf(JsonNode? figure) =>
        figure is null ? 0
        : figure.GetValueKind() == JsonValueKind.Number ? (double)figure
        : double.Parse(figure.ToString(), CultureInfo.InvariantCulture);
}
