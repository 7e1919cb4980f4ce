using System.CommandLine;
using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary><c>sahab member</c> and <c>sahab invitation</c>: who is of an organisation, and who is asked to be.</summary>
internal static class MemberCommand
{
    public static readonly string[] Columns = ["user", "email", "name", "role", "since"];

    const string Members = "api/organisations/{organisation}/members";

    const string Invitations = "api/organisations/{organisation}/invitations";

    static readonly string[] InvitationColumns = ["id", "email", "role", "invited_by", "created_at", "expires_at"];

    public static Command Create(IAnsiConsole console, Func<string, string?> environment)
    {
        var maker = new CommandMaker(console, environment);
        return new("member", "Members of an organisation.")
        {
            maker.Ask("list", "Its members.", $"GET {Members}?limit=1000", Columns),
            maker.Ask(
                "add", "Make a user a member who was not invited.", $"POST {Members}", ["user", "role"],
                CommandField.Text("email", "Their e-mail.", required: true), Role()),
            maker.Ask("change", "Give a member another role.", $"PATCH {Members}/{{user}}", ["user", "role"], Role()),
            maker.Ask("remove", "Remove a member.", $"DELETE {Members}/{{user}}"),
        };
    }

    public static Command CreateInvitation(IAnsiConsole console, Func<string, string?> environment)
    {
        var maker = new CommandMaker(console, environment);
        var user = new CommandMaker(console, environment) { AsUser = true };
        return new("invitation", "Invitations to an organisation.")
        {
            maker.Ask("list", "Those that nobody has accepted.", $"GET {Invitations}?limit=1000", InvitationColumns),
            maker.Ask(
                "make", "Invite somebody; the token is printed this once.", $"POST {Invitations}", null,
                CommandField.Text("email", "Their e-mail.", required: true), Role()),
            maker.Ask("withdraw", "Take an invitation back.", $"DELETE {Invitations}/{{invitation}}"),
            user.Ask(
                "accept", "Become a member, as the user who was invited.", "POST api/invitations/accept", null,
                CommandField.Text("token", "What the invitation was made with, sahab_inv_...", required: true)),
        };
    }

    static CommandField Role() =>
        CommandField.Text("role", "owner, admin, developer, billing or auditor.", required: true);
}
