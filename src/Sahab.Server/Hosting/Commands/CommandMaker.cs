using System.CommandLine;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary>A command that asks one endpoint of the control API.</summary>
internal sealed class EndpointCommand(string name, string description, string endpoint) : Command(name, description)
{
    /// <summary>Method and path, such as <c>GET api/organisations/{organisation}</c>.</summary>
    public string Endpoint { get; } = endpoint;
}

/// <summary>Makes commands that ask a server, each with the options that say which.</summary>
internal sealed partial class CommandMaker(IAnsiConsole console, Func<string, string?> environment)
{
    /// <summary>Whether its commands sign in as a user for what keys and tokens may not do.</summary>
    public bool AsUser { get; init; }

    /// <summary>A command that asks a server in its own way, and says how it ended.</summary>
    /// <param name="takes">Its arguments and options.</param>
    public Command Make(
        string name, string description, IEnumerable<Symbol> takes,
        Func<ParseResult, ControlClient, CancellationToken, Task<int>> run) =>
        Fill(new Command(name, description), takes, run);

    /// <summary>A command that asks a server in its own way.</summary>
    /// <param name="takes">Its arguments and options.</param>
    public Command Make(
        string name, string description, IEnumerable<Symbol> takes,
        Func<ParseResult, ControlClient, CancellationToken, Task> run) =>
        Make(name, description, takes, async (parsed, client, cancellation) =>
        {
            await run(parsed, client, cancellation);
            return 0;
        });

    /// <summary>
    /// A command that asks one endpoint and prints its answer: in a table, member by member, or as JSON. What stands in
    /// braces in the path is typed, in its order. A list is read to its end where the path says how much of it at a time.
    /// </summary>
    /// <param name="endpoint">Method and path, such as <c>GET api/organisations/{organisation}/keys?limit=1000</c>.</param>
    /// <param name="columns">What of a row is shown; null: no table but each member.</param>
    /// <param name="says">What else can be said.</param>
    public Command Ask(
        string name, string description, string endpoint, string[]? columns = null, params CommandField[] says)
    {
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var arguments = ArgumentsOf(endpoint);
        return Fill(
            new EndpointCommand(name, description, endpoint),
            [.. arguments, .. says.Select(each => each.Option).OfType<Symbol>(), json],
            async (parsed, client, cancellation) =>
            {
                var answer = await AskAsync(
                    new HttpMethod(endpoint.Split(' ')[0]), PathOf(endpoint, arguments, parsed), says, parsed, client, cancellation);
                Print(answer, columns, parsed.GetValue(json));
                return 0;
            });
    }

    /// <summary>A command that writes what an endpoint answers as it is: CSV, or a line for each.</summary>
    public Command Write(string name, string description, string endpoint, params CommandField[] says)
    {
        var arguments = ArgumentsOf(endpoint);
        return Fill(
            new EndpointCommand(name, description, endpoint),
            [.. arguments, .. says.Select(each => each.Option).OfType<Symbol>()],
            async (parsed, client, cancellation) =>
            {
                var path = WithQuery(PathOf(endpoint, arguments, parsed), says, parsed);
                // Past the console's formatting, which would wrap long lines.
                await console.Profile.Out.Writer.WriteAsync(await client.GetTextAsync(path, cancellation));
                return 0;
            });
    }

    /// <summary>All rows of a list, page by page.</summary>
    /// <param name="path">With how many at a time: <c>?limit=1000</c>.</param>
    public static async Task<List<JsonNode?>> ListAsync(ControlClient client, string path, CancellationToken cancellation)
    {
        var all = new List<JsonNode?>();
        for (var after = ""; after is not null;)
        {
            var page = await client.GetAsync(
                after.Length == 0 ? path : $"{path}&after={Uri.EscapeDataString(after)}", cancellation);
            all.AddRange(page["data"]!.AsArray());
            after = page["next"]?.ToString();
        }

        return all;
    }

    /// <summary>What a cell of a table shows of a value.</summary>
    public static string Cell(JsonNode? value) => Markup.Escape(TextOf(value));

    /// <summary>Whose it is, where that is an option.</summary>
    public static Option<string> Organisation() =>
        new("--organisation") { Description = "The organisation's id.", Required = true };

    /// <summary>Prints rows, each by the same members.</summary>
    public void PrintRows(string[] columns, IReadOnlyCollection<JsonNode?> rows)
    {
        if (rows.Count == 0)
        {
            console.Profile.Out.Writer.WriteLine("There is none.");
            return;
        }

        // What a list may be grouped by, each only where it is.
        columns = [.. columns.Where(column => column.Contains('.', StringComparison.Ordinal)
            || rows.Any(row => row is not JsonObject each || each.ContainsKey(column)))];
        var table = new Table().Border(TableBorder.Rounded)
            .AddColumns([.. columns.Select(column => column.Replace('_', ' ').Replace('.', ' '))]);
        foreach (var row in rows)
        {
            // A list of names is one of rows, too.
            table.AddRow([.. columns.Select(column => Cell(row is JsonObject ? MemberOf(row, column) : row))]);
        }

        console.Write(table);
    }

    /// <summary>Prints each member that has a value.</summary>
    public void PrintMembers(JsonNode of)
    {
        foreach (var (name, value) in of.AsObject().Where(member => member.Value is not null))
        {
            console.Profile.Out.Writer.WriteLine(
                $"{name}: {(value is JsonValue ? value.ToString() : value!.ToJsonString())}");
        }
    }

    Command Fill(
        Command command, IEnumerable<Symbol> takes, Func<ParseResult, ControlClient, CancellationToken, Task<int>> run)
    {
        var server = new ServerOptions(AsUser);
        foreach (var symbol in takes)
        {
            if (symbol is Argument argument)
            {
                command.Add(argument);
            }
            else
            {
                command.Add((Option)symbol);
            }
        }

        server.AddTo(command);
        command.SetAction((parsed, cancellation) => CommandRun.RunAsync(console, async () =>
        {
            await using var client = await server.ConnectAsync(parsed, environment, cancellation);
            return await run(parsed, client, cancellation);
        }));
        return command;
    }

    static async Task<JsonNode> AskAsync(
        HttpMethod method, string path, CommandField[] says, ParseResult parsed, ControlClient client,
        CancellationToken cancellation)
    {
        if (method == HttpMethod.Get)
        {
            path = WithQuery(path, says, parsed);
            return path.Contains("limit=1000", StringComparison.Ordinal)
                ? new JsonObject
                {
                    ["object"] = "list",
                    ["data"] = new JsonArray(
                        [.. (await ListAsync(client, path, cancellation)).Select(row => row?.DeepClone())]),
                    ["next"] = null,
                }
                : await client.GetAsync(path, cancellation);
        }

        return await client.SendAsync(method, path, says.Length == 0 ? null : CommandField.BodyOf(says, parsed), cancellation);
    }

    /// <summary>What stands in braces in the path.</summary>
    static Argument<string>[] ArgumentsOf(string endpoint) =>
    [
        .. Parameters().Matches(endpoint).Select(match => new Argument<string>(match.Groups[1].Value)
        {
            Description = DescriptionOf(match.Groups[1].Value),
        }),
    ];

    static string PathOf(string endpoint, Argument<string>[] arguments, ParseResult parsed) => arguments.Aggregate(
        endpoint[(endpoint.IndexOf(' ', StringComparison.Ordinal) + 1)..],
        (path, argument) => path.Replace(
            $"{{{argument.Name}}}", Uri.EscapeDataString(parsed.GetRequiredValue(argument)), StringComparison.Ordinal));

    static string WithQuery(string path, CommandField[] says, ParseResult parsed)
    {
        foreach (var field in says)
        {
            if (field.Read(parsed) is { } value)
            {
                path += $"{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{field.Member}="
                    + Uri.EscapeDataString(value.ToString());
            }
        }

        return path;
    }

    void Print(JsonNode answer, string[]? columns, bool asJson)
    {
        if (asJson)
        {
            console.Profile.Out.Writer.WriteLine(answer.ToJsonString());
        }
        else if (answer is JsonObject { Count: 0 })
        {
            console.Profile.Out.Writer.WriteLine("done");
        }
        else if (columns is null)
        {
            PrintMembers(answer);
        }
        else
        {
            PrintRows(columns, [.. answer as JsonArray ?? answer["data"] as JsonArray ?? [answer.DeepClone()]]);
        }
    }

    static JsonNode? MemberOf(JsonNode? of, string path) =>
        path.Split('.').Aggregate(of, (at, name) => (at as JsonObject)?[name]);

    static string TextOf(JsonNode? value) => value switch
    {
        null => "",
        JsonArray texts when texts.All(text => text is JsonValue) => string.Join(", ", texts),
        JsonValue => value.ToString(),
        _ => value.ToJsonString(),
    };

    static string DescriptionOf(string parameter) => parameter switch
    {
        "tenant" or "organisation" => "The organisation's id.",
        "user" => "The member's id, as the list shows it.",
        "number" => "Such as INV-2026-000001; draft-2026-11 for a month as it would be now.",
        "key" => "The key's id, key_...; never its secret.",
        "line" => "The line's number.",
        _ => $"The {parameter}'s id.",
    };

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex Parameters();
}
