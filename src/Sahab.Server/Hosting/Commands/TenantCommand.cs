using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary><c>sahab tenant</c>: organisations, their members and projects.</summary>
internal static class TenantCommand
{
    /// <summary>Of a list, at a time.</summary>
    const int PageSize = 1000;

    static readonly string[] OrganisationColumns = ["id", "name", "origin", "country", "status", "created_at"];

    static readonly string[] ProjectColumns = ["id", "name", "created_at", "archived_at"];

    public static Command Create(IAnsiConsole console, Func<string, string?> environment)
    {
        var project = new Command("project", "Projects of an organisation.");
        var command = new Command("tenant", "Organisations that buy from us.") { project };
        var maker = new CommandMaker(console, environment);
        command.Add(maker.Make("list", "All organisations.", [], async (_, client, cancellation) =>
            Print(console, OrganisationColumns, await ListAsync(client, "api/organisations", cancellation))));
        command.Add(maker.Make("show", "One organisation.", [Tenant()], async (of, client, cancellation) =>
            Print(console, OrganisationColumns, [await client.GetAsync(PathOf(of), cancellation)])));
        command.Add(Add(maker, console));
        command.Add(Status(maker, console, "suspend", "Suspend it: its keys and members may do nothing."));
        command.Add(Status(maker, console, "resume", "End its suspension."));
        command.Add(maker.Make("members", "Its members.", [Tenant()], async (of, client, cancellation) =>
            Print(console, ["user", "email", "name", "role", "since"],
                await ListAsync(client, PathOf(of) + "/members", cancellation))));
        command.Add(Invite(maker, console));
        command.Add(AddMember(maker, console));
        project.Add(maker.Make("list", "Its projects.", [Tenant()], async (of, client, cancellation) =>
            Print(console, ProjectColumns, await ListAsync(client, PathOf(of) + "/projects", cancellation))));
        project.Add(maker.Make("add", "Make a project.", [Tenant(), Name()], async (of, client, cancellation) =>
            Print(console, ProjectColumns, [await PostAsync(
                client, PathOf(of) + "/projects", new() { ["name"] = of("name") }, cancellation)])));
        project.Add(maker.Make("archive", "Put a project out of use.", [Tenant(), Text("project", "Its id.")],
            async (of, client, cancellation) => Print(console, ProjectColumns, [await PostAsync(
                client, $"{PathOf(of)}/projects/{Uri.EscapeDataString(of("project"))}/archive", [], cancellation)])));
        return command;
    }

    static Command Add(CommandMaker maker, IAnsiConsole console)
    {
        var country = new Option<string?>("--country") { Description = "Where it is at home, such as NO." };
        var owner = new Option<string?>("--owner") { Description = "The e-mail of whom to invite as its owner." };
        return maker.Make("add", "Make an organisation.", [Name()], async (of, client, cancellation) =>
        {
            var made = await PostAsync(
                client, "api/organisations", new() { ["name"] = of("name"), ["country"] = Given(of("--country")) },
                cancellation);
            Print(console, OrganisationColumns, [made]);
            if (Given(of("--owner")) is { } email)
            {
                await InviteAsync(console, client, $"api/organisations/{made["id"]}", email, "owner", cancellation);
            }
        }, country, owner);
    }

    static Command Status(CommandMaker maker, IAnsiConsole console, string name, string description)
    {
        var reason = new Option<string?>("--reason") { Description = "Why, for the audit log.", Required = true };
        return maker.Make(name, description, [Tenant()], async (of, client, cancellation) =>
            Print(console, OrganisationColumns, [await PostAsync(
                client, $"{PathOf(of)}/{name}", new() { ["reason"] = of("--reason") }, cancellation)]), reason);
    }

    static Command Invite(CommandMaker maker, IAnsiConsole console) => maker.Make(
        "invite", "Invite somebody by e-mail; prints the token that they accept it with.",
        [Tenant(), Text("email", "Their e-mail.")],
        (of, client, cancellation) =>
            InviteAsync(console, client, PathOf(of), of("email"), of("--role"), cancellation), Role());

    static Command AddMember(CommandMaker maker, IAnsiConsole console) => maker.Make(
        "add-member", "Make a user a member who was not invited.", [Tenant(), Text("email", "Their e-mail.")],
        async (of, client, cancellation) => Print(console, ["user", "role"], [await PostAsync(
            client, PathOf(of) + "/members", new() { ["email"] = of("email"), ["role"] = of("--role") }, cancellation)]),
        Role());

    static Option<string?> Role() => new("--role")
    {
        Description = "owner, admin, developer, billing or auditor.",
        DefaultValueFactory = _ => "developer",
    };

    static async Task InviteAsync(
        IAnsiConsole console, ControlClient client, string path, string email, string role, CancellationToken cancellation)
    {
        var invitation = await PostAsync(
            client, path + "/invitations", new() { ["email"] = email, ["role"] = role }, cancellation);
        console.Profile.Out.Writer.WriteLine(
            $"{invitation["email"]} is invited as {invitation["role"]} until {invitation["expires_at"]}, with this token, "
            + "which is not shown again:");
        console.Profile.Out.Writer.WriteLine(invitation["token"]!.ToString());
    }

    static async Task<IReadOnlyCollection<JsonNode?>> ListAsync(
        ControlClient client, string path, CancellationToken cancellation)
    {
        var (all, after) = (new List<JsonNode?>(), "");
        while (true)
        {
            var page = await client.GetAsync(
                $"{path}?limit={PageSize}&after={Uri.EscapeDataString(after)}", cancellation);
            all.AddRange(page["data"]!.AsArray());
            if (page["next"] is not { } next)
            {
                return all;
            }

            after = next.ToString();
        }
    }

    static Task<JsonNode> PostAsync(ControlClient client, string path, JsonObject body, CancellationToken cancellation) =>
        client.PostAsync(path, JsonSerializer.SerializeToUtf8Bytes(body), cancellation);

    static void Print(IAnsiConsole console, string[] columns, IReadOnlyCollection<JsonNode?> rows)
    {
        if (rows.Count == 0)
        {
            console.Profile.Out.Writer.WriteLine("There is none.");
            return;
        }

        var table = new Table().Border(TableBorder.Rounded)
            .AddColumns([.. columns.Select(column => column.Replace('_', ' '))]);
        foreach (var row in rows)
        {
            table.AddRow([.. columns.Select(column => Markup.Escape(row![column]?.ToString() ?? ""))]);
        }

        console.Write(table);
    }

    static string PathOf(Func<string, string> of) => $"api/organisations/{Uri.EscapeDataString(of("tenant"))}";

    static string? Given(string value) => value.Length == 0 ? null : value;

    static Argument<string> Tenant() => Text("tenant", "The organisation's id.");

    static Argument<string> Name() => Text("name", "What people call it.");

    static Argument<string> Text(string name, string description) => new(name) { Description = description };

    /// <summary>Makes commands that ask a server, each with the options that say which.</summary>
    sealed class CommandMaker(IAnsiConsole console, Func<string, string?> environment)
    {
        /// <param name="run">Gets an argument or option by its name, empty: it was not given; and the server to ask.</param>
        public Command Make(
            string name, string description, Argument<string>[] arguments,
            Func<Func<string, string>, ControlClient, CancellationToken, Task> run, params Option<string?>[] options)
        {
            var server = new ServerOptions();
            var command = new Command(name, description);
            Array.ForEach(arguments, command.Add);
            Array.ForEach(options, command.Add);
            server.AddTo(command);
            command.SetAction((parsed, cancellation) => CommandRun.RunAsync(console, async () =>
            {
                using var client = server.Connect(parsed, environment);
                await run(wanted => parsed.GetValue<string>(wanted) ?? "", client, cancellation);
            }));
            return command;
        }
    }
}
