using System.CommandLine;
using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary><c>sahab data</c> and <c>sahab use</c>: where data may go, and what projects are for.</summary>
internal static class DataCommand
{
    const string Rules = "api/organisations/{organisation}/data-rules";

    const string OfProject = "api/organisations/{organisation}/projects/{project}";

    static readonly string[] PathColumns = ["organisation", "project", "model", "kind", "deployment", "country", "state"];

    public static Command Create(IAnsiConsole console, Func<string, string?> environment)
    {
        var maker = new CommandMaker(console, environment);
        var model = CommandField.Text("model", "Of this model only.");
        return new("data", "Where data may go, and how long it is kept.")
        {
            maker.Ask("rules", "What was set for an organisation, and what holds for it.", $"GET {Rules}"),
            maker.Ask(
                "set", "Set an organisation's rules, in place of those before; refused where data could leave them.",
                $"PUT {Rules}", null, Places()),
            maker.Ask("clear", "Remove what was set for an organisation.", $"DELETE {Rules}"),
            maker.Ask("paths", "Every path that an organisation's data could take.",
                "GET api/organisations/{organisation}/residency", PathColumns, model),
            maker.Ask(
                "all-paths", "Every path that data of any organisation with rules could take.", "GET api/residency", PathColumns,
                CommandField.Text("organisation", "Of this organisation only."), CommandField.Text("model", "Of this model only.")),
            new Command("project", "The same of a project, within what holds for its organisation.")
            {
                maker.Ask("rules", "What was set for a project, and what holds for it.", $"GET {OfProject}/data-rules"),
                maker.Ask(
                    "set", "Set a project's rules, in place of those before.", $"PUT {OfProject}/data-rules", null, Places()),
                maker.Ask("clear", "Remove what was set for a project.", $"DELETE {OfProject}/data-rules"),
            },
        };
    }

    public static Command CreateUse(IAnsiConsole console, Func<string, string?> environment)
    {
        var maker = new CommandMaker(console, environment);
        return new("use", "What projects are declared to be for.")
        {
            maker.Ask(
                "classes", "What they may be declared to be for, and what then holds.",
                "GET api/organisations/{organisation}/use-classes",
                ["class", "review", "approval_for", "process_in", "store_in", "keep_for", "providers", "models"]),
            maker.Ask("show", "What a project is for, and what is missing until its keys work.", $"GET {OfProject}/use"),
            maker.Ask(
                "declare", "Declare what a project is for; another class or justification needs a new review.",
                $"PUT {OfProject}/use", null,
                CommandField.Text("class", "One of `sahab use classes`.", required: true),
                CommandField.Text("justification", "Why: who reviews it decides by that.")),
        };
    }

    static CommandField[] Places() =>
    [
        CommandField.Texts("process_in", "process-in", "A country or zone where data may be processed. Left out: all."),
        CommandField.Texts("store_in", "store-in", "A country or zone where data may be kept. Left out: all."),
        CommandField.Texts("usage_in", "usage-in", "A country or zone where records of usage may be kept. Left out: all."),
        CommandField.Text("keep_for", "How long content is kept, such as 720h; 0s keeps nothing."),
    ];
}
