using System.CommandLine;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary><c>sahab tenant</c>: organisations and projects.</summary>
internal static class TenantCommand
{
    const string One = "api/organisations/{tenant}";

    static readonly string[] OrganisationColumns = ["id", "name", "origin", "country", "status", "created_at"];

    static readonly string[] ProjectColumns = ["id", "name", "created_at", "archived_at"];

    public static Command Create(IAnsiConsole console, Func<string, string?> environment)
    {
        var maker = new CommandMaker(console, environment);
        return new("tenant", "Organisations that buy from us.")
        {
            maker.Ask("list", "All organisations.", "GET api/organisations?limit=1000", OrganisationColumns, CommandField.Text(
                "search", "Only those with this id, or in whose name this is.")),
            maker.Ask("show", "One organisation.", $"GET {One}", OrganisationColumns),
            Add(maker, console),
            maker.Ask(
                "change", "Give it another name or country.", $"PATCH {One}", OrganisationColumns,
                CommandField.Text("name", "What people call it."), CommandField.Text("country", "Where it is at home, such as NO.")),
            Status(maker, "suspend", "Suspend it: its keys and members may do nothing."),
            Status(maker, "resume", "End its suspension."),
            Status(maker, "close", "Suspend it for good."),
            maker.Ask("members", "Its members.", $"GET {One}/members?limit=1000", MemberCommand.Columns),
            Invite(maker, console),
            AddMember(maker),
            new Command("project", "Projects of an organisation.")
            {
                maker.Ask("list", "Its projects.", $"GET {One}/projects?limit=1000", ProjectColumns),
                maker.Ask("show", "One project.", $"GET {One}/projects/{{project}}", ProjectColumns),
                Named(maker, "add", "Make a project.", HttpMethod.Post, [Tenant()]),
                Named(maker, "rename", "Give a project another name.", HttpMethod.Patch, [Tenant(), Text("project", "Its id.")]),
                maker.Ask(
                    "archive", "Put a project out of use.", $"POST {One}/projects/{{project}}/archive", ProjectColumns),
            },
        };
    }

    static Command Add(CommandMaker maker, IAnsiConsole console)
    {
        var name = Text("name", "What people call it.");
        var country = new Option<string?>("--country") { Description = "Where it is at home, such as NO." };
        var owner = new Option<string?>("--owner") { Description = "The e-mail of whom to invite as its owner." };
        return maker.Make("add", "Make an organisation.", [name, country, owner], async (parsed, client, cancellation) =>
        {
            var made = await client.SendAsync(
                HttpMethod.Post, "api/organisations",
                new JsonObject { ["name"] = parsed.GetValue(name), ["country"] = parsed.GetValue(country) }, cancellation);
            maker.PrintRows(OrganisationColumns, [made]);
            if (parsed.GetValue(owner) is { Length: > 0 } email)
            {
                await InviteAsync(console, client, $"{made["id"]}", email, "owner", cancellation);
            }
        });
    }

    static Command Status(CommandMaker maker, string name, string description) => maker.Ask(
        name, description, $"POST {One}/{name}", OrganisationColumns,
        CommandField.Text("reason", "Why, for the audit log.", required: true));

    static Command Invite(CommandMaker maker, IAnsiConsole console)
    {
        var (tenant, email, role) = (Tenant(), Text("email", "Their e-mail."), Role());
        return maker.Make(
            "invite", "Invite somebody by e-mail; prints the token that they accept it with.", [tenant, email, role],
            (parsed, client, cancellation) => InviteAsync(
                console, client, parsed.GetRequiredValue(tenant), parsed.GetRequiredValue(email),
                parsed.GetRequiredValue(role), cancellation));
    }

    static Command AddMember(CommandMaker maker)
    {
        var (tenant, email, role) = (Tenant(), Text("email", "Their e-mail."), Role());
        return maker.Make(
            "add-member", "Make a user a member who was not invited.", [tenant, email, role],
            async (parsed, client, cancellation) => maker.PrintRows(["user", "role"], [await client.SendAsync(
                HttpMethod.Post, PathOf(parsed.GetRequiredValue(tenant)) + "/members",
                new JsonObject { ["email"] = parsed.GetValue(email), ["role"] = parsed.GetValue(role) }, cancellation)]));
    }

    static Command Named(
        CommandMaker maker, string name, string description, HttpMethod method, Argument<string>[] of)
    {
        var called = Text("name", "What people call it.");
        return maker.Make(name, description, [.. of, called], async (parsed, client, cancellation) =>
        {
            var path = PathOf(parsed.GetRequiredValue(of[0])) + "/projects"
                + (of.Length > 1 ? "/" + Uri.EscapeDataString(parsed.GetRequiredValue(of[1])) : "");
            maker.PrintRows(ProjectColumns, [await client.SendAsync(
                method, path, new JsonObject { ["name"] = parsed.GetValue(called) }, cancellation)]);
        });
    }

    static Option<string> Role() => new("--role")
    {
        Description = "owner, admin, developer, billing or auditor.",
        DefaultValueFactory = _ => "developer",
    };

    static async Task InviteAsync(
        IAnsiConsole console, ControlClient client, string tenant, string email, string role, CancellationToken cancellation)
    {
        var invitation = await client.SendAsync(
            HttpMethod.Post, PathOf(tenant) + "/invitations", new JsonObject { ["email"] = email, ["role"] = role },
            cancellation);
        console.Profile.Out.Writer.WriteLine(
            $"{invitation["email"]} is invited as {invitation["role"]} until {invitation["expires_at"]}, with this token, "
            + "which is not shown again:");
        console.Profile.Out.Writer.WriteLine(invitation["token"]!.ToString());
    }

    static string PathOf(string tenant) => $"api/organisations/{Uri.EscapeDataString(tenant)}";

    static Argument<string> Tenant() => Text("tenant", "The organisation's id.");

    static Argument<string> Text(string name, string description) => new(name) { Description = description };
}
