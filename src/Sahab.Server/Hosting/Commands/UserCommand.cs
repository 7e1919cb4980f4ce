using System.CommandLine;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary><c>sahab user</c>: users whom the operator makes, and who is on the operator's side.</summary>
internal static class UserCommand
{
    const string DefaultPasswordVariable = "SAHAB_USER_PASSWORD";

    public static Command Create(IAnsiConsole console, Func<string, string?> environment) =>
        new("user", "Users who sign in to the portal, and who of them is on the operator's side.")
        {
            Add(console, environment),
            Operators(console, environment),
            SetOperator(console, environment),
        };

    static Command Add(IAnsiConsole console, Func<string, string?> environment)
    {
        var email = Email();
        var name = new Option<string?>("--name") { Description = "What people call them." };
        var variable = new Option<string>("--password-env")
        {
            Description = "The environment variable that holds their password.",
            DefaultValueFactory = _ => DefaultPasswordVariable,
        };
        return Make(console, environment, "add", "Make a user, also where nobody may sign up.", email, [name, variable],
            async (parsed, client, cancellation) =>
            {
                var user = await client.SendAsync(HttpMethod.Post, "api/users", new JsonObject
                {
                    ["email"] = parsed.GetValue(email),
                    ["name"] = parsed.GetValue(name),
                    ["password"] = environment(parsed.GetRequiredValue(variable)) is { Length: > 0 } password
                        ? password
                        : throw new CommandException(
                            $"The environment variable {parsed.GetRequiredValue(variable)} holds no password. Set it, or name "
                            + "another by --password-env."),
                }, cancellation);
                console.Profile.Out.Writer.WriteLine($"{user["email"]} is user {user["id"]}.");
            });
    }

    static Command Operators(IAnsiConsole console, Func<string, string?> environment) => Make(
        console, environment, "operators", "Users with a role of the operator.", null, [],
        async (_, client, cancellation) =>
        {
            var answer = await client.GetAsync("api/operators?limit=1000", cancellation);
            foreach (var each in answer["data"]!.AsArray())
            {
                console.Profile.Out.Writer.WriteLine(Describe(each!));
            }
        });

    static Command SetOperator(IAnsiConsole console, Func<string, string?> environment)
    {
        var email = Email();
        var roles = new Option<string[]>("--role")
        {
            Description = "admin, operations, finance, reviewer or auditor; may be given several times. None takes all.",
        };
        return Make(
            console, environment, "operator", "Give a user these roles of the operator and no others.", email, [roles],
            async (parsed, client, cancellation) =>
            {
                var given = parsed.GetValue(roles) ?? [];
                var answer = await client.SendAsync(HttpMethod.Post, "api/operators", new JsonObject
                {
                    ["email"] = parsed.GetValue(email),
                    ["roles"] = new JsonArray([.. given.Select(role => (JsonNode)role)]),
                }, cancellation);
                console.Profile.Out.Writer.WriteLine(Describe(answer));
            });
    }

    static string Describe(JsonNode each) =>
        $"{each["email"]}: {(each["roles"]!.AsArray() is { Count: > 0 } roles ? string.Join(", ", roles) : "no role")}";

    static Argument<string> Email() => new("email") { Description = "Their e-mail." };

    static Command Make(
        IAnsiConsole console, Func<string, string?> environment, string name, string description, Argument<string>? email,
        Option[] options, Func<ParseResult, ControlClient, CancellationToken, Task> run)
    {
        var server = new ServerOptions();
        var command = new Command(name, description);
        if (email is not null)
        {
            command.Add(email);
        }

        Array.ForEach(options, command.Add);
        server.AddTo(command);
        command.SetAction((parsed, cancellation) => CommandRun.RunAsync(console, async () =>
        {
            using var client = server.Connect(parsed, environment);
            await run(parsed, client, cancellation);
        }));
        return command;
    }
}
