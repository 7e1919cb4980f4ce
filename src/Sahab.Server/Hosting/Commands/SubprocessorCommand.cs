using System.CommandLine;
using Sahab.Server.Govern.Subprocessors;
using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary><c>sahab subprocessor</c>: the register of those who process data for us, and what organisations say to them.</summary>
internal static class SubprocessorCommand
{
    const string Objections = "api/organisations/{organisation}/objections";

    static readonly string[] Columns = ["id", "name", "provider", "countries", "state", "since", "purpose"];

    static readonly string[] NoticeColumns =
        ["subprocessor.id", "subprocessor.name", "subprocessor.state", "subprocessor.since", "says", "reason", "said_at"];

    public static Command Create(IAnsiConsole console, Func<string, string?> environment)
    {
        var maker = new CommandMaker(console, environment);
        return new("subprocessor", "The register of those who process data for us.")
        {
            maker.Ask("list", "All of them, with what was announced.", "GET api/subprocessors/register", Columns),
            maker.Ask(
                "public", "All of them, as everybody may see.", "GET api/subprocessors",
                ["id", "name", "countries", "state", "since", "purpose"]),
            Add(maker),
            maker.Ask(
                "change", "Change a name or purpose, or take countries away.", "PATCH api/subprocessors/{subprocessor}", Columns,
                CommandField.Text("name", "The company."), CommandField.Text("purpose", "What it does for us."),
                CommandField.Texts("countries", "country", "Where it still processes data; may be given several times.")),
            maker.Ask("remove", "Remove one: from now on it gets no data.", "DELETE api/subprocessors/{subprocessor}", Columns),
            maker.Ask(
                "stances", "What organisations say of them.", "GET api/subprocessors/stances?limit=1000",
                ["organisation", "subprocessor", "says", "reason", "at"]),
            maker.Ask("objections", "Each, with what an organisation says of it.", $"GET {Objections}", NoticeColumns),
            Say(maker, "object", "Object to one: no call of the organisation goes there.", Stance.Objects),
            Say(maker, "accept", "Accept one before its notice is over.", Stance.Accepts),
            maker.Ask(
                "take-back", "Take back what an organisation says of one.", $"DELETE {Objections}/{{subprocessor}}"),
        };
    }

    static Command Say(CommandMaker maker, string name, string description, string says) => maker.Ask(
        name, description, $"PUT {Objections}/{{subprocessor}}", NoticeColumns,
        CommandField.Always("says", says), CommandField.Text("reason", "Why."));

    static Command Add(CommandMaker maker)
    {
        var id = new Argument<string>("subprocessor") { Description = "Its id." };
        CommandField[] says =
        [
            CommandField.Text("name", "The company.", required: true),
            CommandField.Text("provider", "The provider of the configuration that it stands for."),
            CommandField.Text("purpose", "What it does for us.", required: true),
            CommandField.Texts(
                "countries", "country", "Where it processes data, such as US; may be given several times.", required: true),
            CommandField.Flag("already_in_use", "Its provider served before there was a register: it needs no notice."),
        ];
        return maker.Make(
            "add", "Announce one; it takes effect when its notice is over.", [id, .. says.Select(each => each.Option!)],
            async (parsed, client, cancellation) =>
            {
                var body = CommandField.BodyOf(says, parsed);
                body["id"] = parsed.GetRequiredValue(id);
                maker.PrintRows(
                    Columns, [await client.SendAsync(HttpMethod.Post, "api/subprocessors", body, cancellation)]);
            });
    }
}
