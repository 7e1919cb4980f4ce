using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary><c>sahab contract</c>: what was agreed with providers, as it stands on a day, as we knew it on another.</summary>
internal static class ContractCommand
{
    static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Create(IAnsiConsole console, Func<string, string?> environment) =>
        new("contract", "Show what was agreed with providers, and how it stands.")
        {
            List(console, environment), Show(console, environment), BurnDownCommand.BurnDown(console, environment),
            BurnDownCommand.Forecast(console, environment), ShortfallCommand.Create(console, environment),
            OpeningCommand.Create(console, environment), AmendCommand.Create(console, environment),
        };

    static Command List(IAnsiConsole console, Func<string, string?> environment)
    {
        var question = new Question();
        var command = new Command("list", "The contracts in force.");
        question.AddTo(command);
        command.SetAction((parsed, cancellation) => CommandRun.RunAsync(console, async () =>
        {
            using var client = question.Server.Connect(parsed, environment);
            var answer = await client.GetAsync("api/contracts" + question.Query(parsed), cancellation);
            if (parsed.GetValue(question.Json))
            {
                console.Profile.Out.Writer.WriteLine(answer.ToJsonString());
                return;
            }

            var table = new Table().Border(TableBorder.Rounded)
                .AddColumns("contract", "provider", "version", "valid from", "ends", "clauses");
            foreach (var contract in answer["data"]!.AsArray())
            {
                table.AddRow(
                    Cell(contract!["id"]), Cell(contract["provider"]), Cell(contract["version"]), Cell(contract["valid_from"]),
                    Cell(contract["ends"]),
                    Markup.Escape(string.Join(", ", contract["clauses"]!.AsArray().Select(clause => clause!["id"]!.ToString()))));
            }

            console.Write(table);
        }));
        return command;
    }

    static Command Show(IAnsiConsole console, Func<string, string?> environment)
    {
        var question = new Question();
        var id = new Argument<string>("contract") { Description = "The contract's id." };
        var command = new Command("show", "A contract's versions, and its clauses in force with where each stands.") { id };
        question.AddTo(command);
        command.SetAction((parsed, cancellation) => CommandRun.RunAsync(console, async () =>
        {
            using var client = question.Server.Connect(parsed, environment);
            var answer = await client.GetAsync(
                $"api/contracts/{Uri.EscapeDataString(parsed.GetValue(id)!)}{question.Query(parsed)}", cancellation);
            if (parsed.GetValue(question.Json))
            {
                console.Profile.Out.Writer.WriteLine(answer.ToJsonString());
                return;
            }

            Print(console, answer);
        }));
        return command;
    }

    static void Print(IAnsiConsole console, JsonNode contract)
    {
        var writer = console.Profile.Out.Writer;
        writer.WriteLine(
            $"{contract["id"]} with {contract["provider"]}, "
            + (contract["version"] is { } version ? $"version {version} in force" : "not in force")
            + $" at {contract["valid_at"]}, as known at {contract["known_at"]}");
        var versions = new Table().Border(TableBorder.Rounded)
            .AddColumns("version", "valid from", "known from", "ends", "states", "drops");
        foreach (var each in contract["versions"]!.AsArray())
        {
            versions.AddRow(
                Cell(each!["number"]), Cell(each["valid_from"]), Cell(each["known_from"]), Cell(each["ends"]),
                Names(each["states"]), Names(each["drops"]));
        }

        console.Write(versions);
        var clauses = new Table().Border(TableBorder.Rounded).AddColumns("clause", "kind", "page", "says");
        foreach (var clause in contract["clauses"]?.AsArray() ?? [])
        {
            clauses.AddRow(
                Cell(clause!["id"]), Cell(clause["kind"]),
                Markup.Escape($"{clause["source"]!["document"]}, {clause["source"]!["page"]}"), Markup.Escape(Say(clause)));
        }

        console.Write(clauses);
    }

    /// <summary>What is particular to a clause, as the API has it; what is empty is left out.</summary>
    static string Say(JsonNode clause) => string.Join(", ", clause.AsObject()
        .Where(pair => pair.Key is not ("id" or "kind" or "source") && !IsEmpty(pair.Value))
        .Select(pair => $"{pair.Key} {(pair.Value is JsonValue value ? value.ToString() : Strip(pair.Value!).ToJsonString(Readable))}"));

    static JsonNode Strip(JsonNode node)
    {
        var copy = node.DeepClone();
        if (copy is JsonObject map)
        {
            foreach (var name in map.Where(pair => IsEmpty(pair.Value)).Select(pair => pair.Key).ToList())
            {
                map.Remove(name);
            }
        }

        return copy;
    }

    static bool IsEmpty(JsonNode? value) => value switch
    {
        null => true,
        JsonArray list => list.Count == 0,
        JsonObject map => map.All(pair => IsEmpty(pair.Value)),
        _ => value.ToString() is "" or "0",
    };

    static string Names(JsonNode? list) =>
        Markup.Escape(string.Join(", ", list!.AsArray().Select(name => name!.ToString())));

    static string Cell(JsonNode? value) => Markup.Escape(value?.ToString() ?? "");

    /// <summary>As of when, of which server, and in which form.</summary>
    sealed class Question
    {
        readonly Option<string?> _validAt = new("--valid-at") { Description = "As it stands then, such as 2027-01-31. Left out: now." };

        readonly Option<string?> _knownAt = new("--known-at") { Description = "As we knew it then. Left out: now." };

        public ServerOptions Server { get; } = new();

        public Option<bool> Json { get; } = new("--json") { Description = "Print JSON." };

        public void AddTo(Command command)
        {
            command.Add(_validAt);
            command.Add(_knownAt);
            command.Add(Json);
            Server.AddTo(command);
        }

        public string Query(ParseResult parsed)
        {
            var parts = new[] { ("valid_at", parsed.GetValue(_validAt)), ("known_at", parsed.GetValue(_knownAt)) }
                .Where(part => part.Item2 is not null).Select(part => $"{part.Item1}={Uri.EscapeDataString(part.Item2!)}");
            return string.Join('&', parts) is { Length: > 0 } query ? "?" + query : "";
        }
    }
}
