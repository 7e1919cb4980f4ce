using System.CommandLine;

namespace Sahab.Server.Hosting.Commands;

/// <summary>Which running server a command asks, and under which key or as which user.</summary>
/// <param name="asUser">Whether a user must be signed in for it: a key or a token is nobody's session.</param>
internal sealed class ServerOptions(bool asUser = false)
{
    /// <summary>Where a password is looked for unless told otherwise.</summary>
    public const string DefaultPasswordVariable = "SAHAB_USER_PASSWORD";

    readonly Option<string> _url = new("--url")
    {
        Description = "The running server to ask.",
        DefaultValueFactory = _ => "http://127.0.0.1:8080",
    };

    readonly Option<string> _variable = new("--admin-key-env")
    {
        Description = "The environment variable that holds an admin key, or an access token of a user.",
        DefaultValueFactory = _ => ControlClient.DefaultKeyVariable,
    };

    readonly Option<string> _email = new("--email") { Description = "Your e-mail.", Required = true };

    readonly Option<string> _password = PasswordVariable("Your password");

    /// <summary>An option that names where a password is.</summary>
    public static Option<string> PasswordVariable(string of, string name = "--password-env", string? otherwise = null) => new(name)
    {
        Description = $"The environment variable that holds it: {of}.",
        DefaultValueFactory = _ => otherwise ?? DefaultPasswordVariable,
    };

    /// <exception cref="CommandException">The environment holds no password under that name.</exception>
    public static string FindPassword(Func<string, string?> environment, string variable, string option = "--password-env") =>
        environment(variable) is { Length: > 0 } password
            ? password
            : throw new CommandException(
                $"The environment variable {variable} holds no password. Set it, or name another by {option}.");

    public void AddTo(Command command)
    {
        command.Add(_url);
        if (asUser)
        {
            command.Add(_email);
            command.Add(_password);
        }
        else
        {
            command.Add(_variable);
        }
    }

    /// <exception cref="CommandException">It is no address, or there is no key.</exception>
    public ControlClient Connect(ParseResult parsed, Func<string, string?> environment) => new(
        ControlClient.ParseServer(parsed.GetValue(_url)!),
        ControlClient.FindKey(environment, parsed.GetValue(_variable)!));

    /// <summary>Signs in where that must be.</summary>
    /// <exception cref="CommandException">It is no address, there is no key, or the server lets nobody in.</exception>
    public Task<ControlClient> ConnectAsync(
        ParseResult parsed, Func<string, string?> environment, CancellationToken cancellation) => asUser
            ? ControlClient.SignInAsync(
                ControlClient.ParseServer(parsed.GetValue(_url)!), parsed.GetRequiredValue(_email),
                FindPassword(environment, parsed.GetRequiredValue(_password)), cancellation)
            : Task.FromResult(Connect(parsed, environment));
}
