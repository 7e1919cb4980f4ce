using System.CommandLine;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary><c>sahab key</c>: the keys that organisations make for their projects.</summary>
internal static class KeyCommand
{
    public static Command Create(IAnsiConsole console, Func<string, string?> environment) =>
        new("key", "Make, show, rotate and revoke keys of a running server.")
        {
            Add(console, environment), List(console, environment), Show(console, environment),
            Rotate(console, environment), Revoke(console, environment),
        };

    static Command Add(IAnsiConsole console, Func<string, string?> environment)
    {
        var at = new Place();
        var name = new Option<string>("--name") { Description = "What it is for.", Required = true };
        var expires = new Option<string?>("--expires-at") { Description = "When it ends, such as 2030-01-31T00:00:00Z." };
        var models = Names("--model", "A model that it may ask for. Left out: all.");
        var tiers = Names("--tier", "A service tier that its calls may have. Left out: all.");
        var countries = Names("--country", "A country that its calls may be served in. Left out: all.");
        var requests = new Option<int?>("--requests-per-minute") { Description = "Left out: no limit." };
        var tokens = new Option<long?>("--tokens-per-minute") { Description = "Left out: no limit." };
        var concurrency = new Option<int?>("--concurrency") { Description = "Calls at the same time. Left out: no limit." };
        var command = new Command("add", "Make a key. Its secret is printed once.")
        {
            name, expires, models, tiers, countries, requests, tokens, concurrency,
        };
        at.AddTo(command);
        at.OnServer(command, console, environment, async (parsed, client, cancellation) => Print(
            console, await client.SendAsync(HttpMethod.Post, at.Keys(parsed), new JsonObject
            {
                ["name"] = parsed.GetValue(name),
                ["expires_at"] = parsed.GetValue(expires),
                ["models"] = Array(parsed.GetValue(models)),
                ["service_tiers"] = Array(parsed.GetValue(tiers)),
                ["countries"] = Array(parsed.GetValue(countries)),
                ["limits"] = new JsonObject
                {
                    ["requests_per_minute"] = parsed.GetValue(requests),
                    ["tokens_per_minute"] = parsed.GetValue(tokens),
                    ["concurrency"] = parsed.GetValue(concurrency),
                },
            }, cancellation)));
        return command;
    }

    static Command List(IAnsiConsole console, Func<string, string?> environment)
    {
        var at = new Place();
        var command = new Command("list", "The keys of an organisation.");
        at.AddTo(command);
        at.OnServer(command, console, environment, async (parsed, client, cancellation) =>
        {
            var table = new Table().Border(TableBorder.Rounded)
                .AddColumns("key", "project", "name", "hint", "status", "expires", "last used");
            for (var after = ""; after is not null;)
            {
                var page = await client.GetAsync(
                    $"api/organisations/{at.Organisation(parsed)}/keys?limit=1000&after={after}", cancellation);
                foreach (var key in page["data"]!.AsArray())
                {
                    table.AddRow(
                        Cell(key!["id"]), Cell(key["project"]), Cell(key["name"]), Cell(key["hint"]), Cell(key["status"]),
                        Cell(key["expires_at"]), Cell(key["last_used_at"]));
                }

                after = page["next"]?.ToString();
            }

            console.Write(table);
        });
        return command;
    }

    static Command Show(IAnsiConsole console, Func<string, string?> environment) => OfKey(
        "show", "One key.", console, environment,
        (path, _, client, cancellation) => client.GetAsync(path, cancellation));

    static Command Rotate(IAnsiConsole console, Func<string, string?> environment)
    {
        var overlap = new Option<double?>("--overlap-hours")
        {
            Description = "For so long the secret before stays good: 0 to 168. Left out: 24.",
        };
        var command = OfKey(
            "rotate", "Give a key another secret, which is printed once.", console, environment,
            (path, parsed, client, cancellation) => client.SendAsync(
                HttpMethod.Post, path + "/rotate",
                parsed.GetValue(overlap) is { } hours ? new JsonObject { ["overlap_hours"] = hours } : null, cancellation));
        command.Add(overlap);
        return command;
    }

    static Command Revoke(IAnsiConsole console, Func<string, string?> environment) => OfKey(
        "revoke", "End a key and all its secrets, at once and for good.", console, environment,
        (path, _, client, cancellation) => client.SendAsync(HttpMethod.Post, path + "/revoke", null, cancellation));

    static Command OfKey(
        string name, string description, IAnsiConsole console, Func<string, string?> environment,
        Func<string, ParseResult, ControlClient, CancellationToken, Task<JsonNode>> ask)
    {
        var at = new Place();
        var key = new Argument<string>("key") { Description = "The key's id, key_...; never its secret." };
        var command = new Command(name, description) { key };
        at.AddTo(command);
        at.OnServer(command, console, environment, async (parsed, client, cancellation) => Print(
            console,
            await ask($"{at.Keys(parsed)}/{Uri.EscapeDataString(parsed.GetValue(key)!)}", parsed, client, cancellation)));
        return command;
    }

    static void Print(IAnsiConsole console, JsonNode key)
    {
        var writer = console.Profile.Out.Writer;
        foreach (var (name, value) in key.AsObject().Where(member => member.Value is not null))
        {
            writer.WriteLine($"{name}: {(value is JsonValue ? value.ToString() : value!.ToJsonString())}");
        }
    }

    static Option<string[]> Names(string name, string description) =>
        new(name) { Description = description, AllowMultipleArgumentsPerToken = true };

    static JsonArray? Array(string[]? names) =>
        names is { Length: > 0 } ? new JsonArray([.. names.Select(name => (JsonNode)name)]) : null;

    static string Cell(JsonNode? value) => Markup.Escape(value?.ToString() ?? "");

    /// <summary>Whose keys, on which server.</summary>
    sealed class Place
    {
        readonly Option<string> _organisation = new("--organisation") { Description = "The organisation's id.", Required = true };

        readonly Option<string> _project = new("--project")
        {
            Description = "The project's id.",
            DefaultValueFactory = _ => "default",
        };

        readonly ServerOptions _server = new();

        public void AddTo(Command command)
        {
            command.Add(_organisation);
            command.Add(_project);
            _server.AddTo(command);
        }

        public string Organisation(ParseResult parsed) => Uri.EscapeDataString(parsed.GetValue(_organisation)!);

        public string Keys(ParseResult parsed) =>
            $"api/organisations/{Organisation(parsed)}/projects/{Uri.EscapeDataString(parsed.GetValue(_project)!)}/keys";

        public void OnServer(
            Command command, IAnsiConsole console, Func<string, string?> environment,
            Func<ParseResult, ControlClient, CancellationToken, Task> run) =>
            command.SetAction((parsed, cancellation) => CommandRun.RunAsync(console, async () =>
            {
                using var client = _server.Connect(parsed, environment);
                await run(parsed, client, cancellation);
            }));
    }
}
