using System.CommandLine;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Sahab.Server.Hosting.Commands;

/// <summary><c>sahab user</c>: users whom the operator makes, and who is on the operator's side.</summary>
internal static class UserCommand
{
    public static Command Create(IAnsiConsole console, Func<string, string?> environment)
    {
        var maker = new CommandMaker(console, environment);
        return new("user", "Users who sign in to the portal, and who of them is on the operator's side.")
        {
            Add(maker, console, environment),
            Operators(maker, console),
            SetOperator(maker, console),
        };
    }

    static Command Add(CommandMaker maker, IAnsiConsole console, Func<string, string?> environment)
    {
        var email = Email();
        var name = new Option<string?>("--name") { Description = "What people call them." };
        var variable = ServerOptions.PasswordVariable("their password");
        return maker.Make(
            "add", "Make a user, also where nobody may sign up.", [email, name, variable],
            async (parsed, client, cancellation) =>
            {
                var user = await client.SendAsync(HttpMethod.Post, "api/users", new JsonObject
                {
                    ["email"] = parsed.GetValue(email),
                    ["name"] = parsed.GetValue(name),
                    ["password"] = ServerOptions.FindPassword(environment, parsed.GetRequiredValue(variable)),
                }, cancellation);
                console.Profile.Out.Writer.WriteLine($"{user["email"]} is user {user["id"]}.");
            });
    }

    static Command Operators(CommandMaker maker, IAnsiConsole console) => maker.Make(
        "operators", "Users with a role of the operator.", [], async (_, client, cancellation) =>
        {
            foreach (var each in await CommandMaker.ListAsync(client, "api/operators?limit=1000", cancellation))
            {
                console.Profile.Out.Writer.WriteLine(Describe(each!));
            }
        });

    static Command SetOperator(CommandMaker maker, IAnsiConsole console)
    {
        var email = Email();
        var roles = new Option<string[]>("--role")
        {
            Description = "admin, operations, finance, reviewer or auditor; may be given several times. None takes all.",
        };
        return maker.Make(
            "operator", "Give a user these roles of the operator and no others.", [email, roles],
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
}
