using System.CommandLine;
using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary><c>sahab review</c>: decides on what projects are declared to be for.</summary>
internal static class ReviewCommand
{
    static readonly string[] Columns = ["id", "organisation", "project", "class", "state", "approvals", "justification"];

    public static Command Create(IAnsiConsole console, Func<string, string?> environment)
    {
        var maker = new CommandMaker(console, environment);
        var reason = CommandField.Text("reason", "Why; the project's people read it.", required: true);
        return new("review", "Decide on what projects are declared to be for.")
        {
            List(maker),
            maker.Ask("show", "One review, with who has approved.", "GET api/reviews/{review}"),
            maker.Ask(
                "approve", "Approve, by the token of a user; it takes two people, neither of whom has declared it.",
                "POST api/reviews/{review}/approve", Columns),
            maker.Ask("reject", "Reject.", "POST api/reviews/{review}/reject", Columns, reason),
            maker.Ask(
                "revoke", "Revoke an approval: the project's keys stop at once.", "POST api/reviews/{review}/revoke", Columns,
                reason),
        };
    }

    static Command List(CommandMaker maker)
    {
        var all = new Option<bool>("--all") { Description = "Those that were decided, too." };
        return maker.Make("list", "Reviews that wait for a decision.", [all], async (parsed, client, cancellation) =>
        {
            var state = parsed.GetValue(all) ? "all" : "pending";
            maker.PrintRows(
                Columns, await CommandMaker.ListAsync(client, $"api/reviews?state={state}&limit=1000", cancellation));
        });
    }
}
