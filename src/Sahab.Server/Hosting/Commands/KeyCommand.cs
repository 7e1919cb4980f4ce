using System.CommandLine;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary><c>sahab key</c>: the keys that organisations make for their projects.</summary>
internal static class KeyCommand
{
    static readonly string[] Columns = ["id", "project", "name", "hint", "status", "expires_at", "last_used_at"];

    public static Command Create(IAnsiConsole console, Func<string, string?> environment)
    {
        var maker = new CommandMaker(console, environment);
        var overlap = new Option<double?>("--overlap-hours")
        {
            Description = "For so long the secret before stays good: 0 to 168. Left out: 24.",
        };
        return new("key", "Make, show, change, rotate and revoke keys of a running server.")
        {
            Add(maker), List(maker),
            OfKey(maker, "show", "One key.", [], (path, _, client, cancellation) => client.GetAsync(path, cancellation)),
            Change(maker),
            OfKey(
                maker, "rotate", "Give a key another secret, which is printed once.", [overlap],
                (path, parsed, client, cancellation) => client.SendAsync(
                    HttpMethod.Post, path + "/rotate",
                    parsed.GetValue(overlap) is { } hours ? new JsonObject { ["overlap_hours"] = hours } : null, cancellation)),
            OfKey(
                maker, "revoke", "End a key and all its secrets, at once and for good.", [],
                (path, _, client, cancellation) => client.SendAsync(HttpMethod.Post, path + "/revoke", null, cancellation)),
        };
    }

    static Command Add(CommandMaker maker)
    {
        var at = new Place();
        var says = Terms(isNew: true);
        return maker.Make(
            "add", "Make a key. Its secret is printed once.", [.. says.Select(each => each.Option!), .. at.Options],
            async (parsed, client, cancellation) => maker.PrintMembers(await client.SendAsync(
                HttpMethod.Post, at.Keys(parsed), CommandField.BodyOf(says, parsed), cancellation)));
    }

    static Command Change(CommandMaker maker)
    {
        var says = Terms(isNew: false);
        return OfKey(
            maker, "change", "Change a key's name, expiry, scopes, rules on data or limits; what is left out stays.",
            [.. says.Select(each => each.Option!)],
            (path, parsed, client, cancellation) => client.SendAsync(
                HttpMethod.Patch, path, CommandField.BodyOf(says, parsed), cancellation));
    }

    static CommandField[] Terms(bool isNew)
    {
        var otherwise = isNew ? " Left out: all." : "";
        var unlimited = isNew ? "Left out: no limit." : "Where one of the limits is given, one that is not binds no more.";
        var ruled = isNew
            ? "Left out: as its project's rules say."
            : "Where one of the rules on its data is given, one that is not binds no more.";
        return
        [
            CommandField.Text("name", "What it is for.", required: isNew),
            CommandField.Text("expires_at", "When it ends, such as 2030-01-31T00:00:00Z."),
            CommandField.Texts("models", "model", $"A model that it may ask for.{otherwise}"),
            CommandField.Texts("service_tiers", "tier", $"A service tier that its calls may have.{otherwise}"),
            CommandField.Texts("countries", "country", $"A country that its calls may be served in.{otherwise}"),
            CommandField.Texts("data.process_in", "process-in", $"A country or zone where its data may be processed. {ruled}"),
            CommandField.Texts("data.store_in", "store-in", $"A country or zone where its data may be kept. {ruled}"),
            CommandField.Texts("data.usage_in", "usage-in", $"A country or zone where records of its usage may be kept. {ruled}"),
            CommandField.Text("data.keep_for", $"How long its content is kept, such as 720h; 0s keeps nothing. {ruled}"),
            CommandField.Number("limits.requests_per_minute", unlimited),
            CommandField.Number("limits.tokens_per_minute", unlimited),
            CommandField.Number("limits.concurrency", $"Calls at the same time. {unlimited}"),
        ];
    }

    static Command List(CommandMaker maker)
    {
        var at = new Place();
        return maker.Make(
            "list", "The keys of an organisation.", at.Options, async (parsed, client, cancellation) => maker.PrintRows(
                Columns,
                await CommandMaker.ListAsync(
                    client, $"api/organisations/{at.Organisation(parsed)}/keys?limit=1000", cancellation)));
    }

    static Command OfKey(
        CommandMaker maker, string name, string description, Option[] options,
        Func<string, ParseResult, ControlClient, CancellationToken, Task<JsonNode>> ask)
    {
        var at = new Place();
        var key = new Argument<string>("key") { Description = "The key's id, key_...; never its secret." };
        return maker.Make(
            name, description, [key, .. options, .. at.Options],
            async (parsed, client, cancellation) => maker.PrintMembers(await ask(
                $"{at.Keys(parsed)}/{Uri.EscapeDataString(parsed.GetValue(key)!)}", parsed, client, cancellation)));
    }

    /// <summary>Whose keys.</summary>
    sealed class Place
    {
        readonly Option<string> _organisation = CommandMaker.Organisation();

        readonly Option<string> _project = new("--project")
        {
            Description = "The project's id.",
            DefaultValueFactory = _ => "default",
        };

        public Option[] Options => [_organisation, _project];

        public string Organisation(ParseResult parsed) => Uri.EscapeDataString(parsed.GetValue(_organisation)!);

        public string Keys(ParseResult parsed) =>
            $"api/organisations/{Organisation(parsed)}/projects/{Uri.EscapeDataString(parsed.GetValue(_project)!)}/keys";
    }
}
