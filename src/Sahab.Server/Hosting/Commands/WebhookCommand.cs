using System.CommandLine;
using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary><c>sahab webhook</c>: where an organisation's events are sent, and what was.</summary>
internal static class WebhookCommand
{
    const string All = "api/organisations/{organisation}/webhooks";

    const string One = All + "/{webhook}";

    static readonly string[] Columns = ["id", "url", "name", "types", "enabled", "disabled_why", "failing_since"];

    public static Command Create(IAnsiConsole console, Func<string, string?> environment)
    {
        var maker = new CommandMaker(console, environment);
        var name = CommandField.Text("name", "What it is called.");
        var types = CommandField.Texts("types", "type", "A type of events that is sent; may be given several times. Left out: all.");
        return new("webhook", "Where an organisation's events are sent.")
        {
            maker.Ask("list", "Its webhooks.", $"GET {All}", Columns),
            maker.Ask("types", "The types of events.", $"GET {All}/types", ["type"]),
            maker.Ask("show", "One webhook.", $"GET {One}"),
            maker.Ask(
                "add", "Add a webhook; its secret is printed this once.", $"POST {All}", null,
                CommandField.Text("url", "Where to.", required: true, option: "to"), name, types),
            maker.Ask(
                "change", "Change its address, name or types; what is left out stays.", $"PATCH {One}", Columns,
                CommandField.Text("url", "Where to.", option: "to"), CommandField.Text("name", "What it is called."),
                CommandField.Texts("types", "type", "A type of events that is sent; '*' for all.")),
            maker.Ask("enable", "Send to it again.", $"PATCH {One}", Columns, CommandField.Always("enabled", true)),
            maker.Ask("disable", "Send nothing to it.", $"PATCH {One}", Columns, CommandField.Always("enabled", false)),
            maker.Ask("remove", "Remove it and what was on its way to it.", $"DELETE {One}"),
            maker.Ask(
                "rotate", "Give it another secret, printed this once; the one before is signed with too for a day.",
                $"POST {One}/secret"),
            maker.Ask("test", "Send an event of the type webhook.test.", $"POST {One}/test"),
            maker.Ask(
                "deliveries", "What was sent, the newest first.", $"GET {One}/deliveries",
                ["id", "type", "created_at", "state", "attempts", "last_status", "last_error"],
                CommandField.Number("limit", "At most so many. Left out: 100."),
                CommandField.Text("after", "Where the answer before ended, as its 'next' told.")),
            maker.Ask("replay", "Send an event again.", $"POST {One}/deliveries/{{delivery}}/replay"),
        };
    }
}
