using System.CommandLine;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary><c>sahab account</c>: what users do about themselves, signed in for as long as the command runs.</summary>
internal static class AccountCommand
{
    const string NewPasswordVariable = "SAHAB_NEW_PASSWORD";

    public static Command Create(IAnsiConsole console, Func<string, string?> environment)
    {
        var maker = new CommandMaker(console, environment) { AsUser = true };
        return new("account", "Your own sessions, access tokens and password.")
        {
            SignUp(console, environment),
            maker.Ask("show", "Who you are, and where you are a member.", "GET api/session",
                ["user.id", "user.email", "user.name", "operator_roles", "organisations"]),
            maker.Ask(
                "sessions", "Your sessions, this command's included.", "GET api/account/sessions?limit=1000",
                ["id", "client", "this", "created_at", "seen_at", "ends_at"]),
            maker.Ask("end-session", "End one of your sessions.", "DELETE api/account/sessions/{session}"),
            maker.Ask("end-sessions", "End all of your sessions.", "DELETE api/account/sessions"),
            Password(console, environment, maker),
            maker.Ask(
                "leave", "Be a member of an organisation no more.", "POST api/organisations/{organisation}/leave"),
            new Command("token", "Access tokens, for commands and programs.")
            {
                maker.Ask(
                    "list", "Your access tokens, without their secrets.", "GET api/account/tokens?limit=1000",
                    ["id", "name", "organisation", "role", "operator_role", "created_at", "expires_at"]),
                maker.Ask(
                    "make", "Make an access token; it is printed this once.", "POST api/account/tokens", null,
                    CommandField.Text("name", "What it is for.", required: true),
                    CommandField.Text("organisation", "Where it acts."),
                    CommandField.Text("role", "As what it acts there: not above your own role."),
                    CommandField.Text("operator_role", "As what it acts for the operator, instead of in an organisation."),
                    CommandField.Number("expires_in_days", "For so many days. Left out: 90.")),
                maker.Ask("revoke", "Revoke an access token.", "DELETE api/account/tokens/{token}"),
            },
        };
    }

    static Command SignUp(IAnsiConsole console, Func<string, string?> environment)
    {
        var url = new Option<string>("--url")
        {
            Description = "The running server to ask.",
            DefaultValueFactory = _ => "http://127.0.0.1:8080",
        };
        var email = new Option<string>("--email") { Description = "Your e-mail.", Required = true };
        var name = new Option<string?>("--name") { Description = "What people call you." };
        var invitation = new Option<string?>("--invitation") { Description = "The token of an invitation, where only those may." };
        var variable = ServerOptions.PasswordVariable("the password that you want");
        var command = new Command("sign-up", "Become a user, where that is open.") { email, name, invitation, variable, url };
        command.SetAction((parsed, cancellation) => CommandRun.RunAsync(console, async () =>
        {
            await using var client = await ControlClient.SignUpAsync(
                ControlClient.ParseServer(parsed.GetRequiredValue(url)),
                new JsonObject
                {
                    ["email"] = parsed.GetValue(email),
                    ["password"] = ServerOptions.FindPassword(environment, parsed.GetRequiredValue(variable)),
                    ["name"] = parsed.GetValue(name),
                    ["invitation"] = parsed.GetValue(invitation),
                },
                cancellation);
            console.Profile.Out.Writer.WriteLine($"{parsed.GetValue(email)} is a user now.");
        }));
        return command;
    }

    static Command Password(IAnsiConsole console, Func<string, string?> environment, CommandMaker maker)
    {
        var next = ServerOptions.PasswordVariable("the password that you want", "--new-password-env", NewPasswordVariable);
        return maker.Make(
            "password", "Change your password; your other sessions end.", [next], async (parsed, client, cancellation) =>
            {
                await client.SendAsync(
                    HttpMethod.Post, "api/account/password",
                    new JsonObject
                    {
                        ["current_password"] = ServerOptions.FindPassword(
                            environment, parsed.GetRequiredValue<string>("--password-env")),
                        ["new_password"] = ServerOptions.FindPassword(
                            environment, parsed.GetRequiredValue(next), "--new-password-env"),
                    },
                    cancellation);
                console.Profile.Out.Writer.WriteLine("changed");
            });
    }
}
