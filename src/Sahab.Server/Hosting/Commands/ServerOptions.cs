using System.CommandLine;

namespace Sahab.Server.Hosting.Commands;

/// <summary>Which running server a command asks, and under which key.</summary>
internal sealed class ServerOptions
{
    readonly Option<string> _url = new("--url")
    {
        Description = "The running server to ask.",
        DefaultValueFactory = _ => "http://127.0.0.1:8080",
    };

    readonly Option<string> _variable = new("--admin-key-env")
    {
        Description = "The environment variable that holds an admin key.",
        DefaultValueFactory = _ => ControlClient.DefaultKeyVariable,
    };

    public void AddTo(Command command)
    {
        command.Add(_url);
        command.Add(_variable);
    }

    /// <exception cref="CommandException">It is no address, or there is no key.</exception>
    public ControlClient Connect(ParseResult parsed, Func<string, string?> environment) => new(
        ControlClient.ParseServer(parsed.GetValue(_url)!),
        ControlClient.FindKey(environment, parsed.GetValue(_variable)!));
}
