using System.Text.RegularExpressions;
using Sahab.Server.Hosting;
using Sahab.Server.Hosting.Commands;
using Sahab.Server.Tests.House;
using Spectre.Console;

namespace Sahab.Server.Tests.Commands;

/// <summary>Runs <c>sahab</c> as it is typed, against a house.</summary>
internal static partial class CommandHouse
{
    public const string Password = "a password for Kim";

    public const string NewPassword = "another password for Kim";

    /// <summary>What a command prints that must end well.</summary>
    public static Task<string> RunAsync(this TestHouse house, params string[] arguments) => house.EndAsync(0, null, arguments);

    /// <summary>What a command prints that must fail.</summary>
    public static Task<string> FailAsync(this TestHouse house, params string[] arguments) => house.EndAsync(1, null, arguments);

    /// <summary>What a command prints under another key than the operator's.</summary>
    public static Task<string> RunWithAsync(this TestHouse house, string key, params string[] arguments) =>
        house.EndAsync(0, key, arguments);

    /// <summary>The first id of a kind in what was printed.</summary>
    public static string IdIn(string text, string kind) =>
        Ids().Matches(text).First(match => match.Value.StartsWith(kind + "_", StringComparison.Ordinal)).Value;

    static async Task<string> EndAsync(this TestHouse house, int code, string? key, string[] arguments)
    {
        using var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(text), Ansi = AnsiSupport.No });
        console.Profile.Width = 300;
        var root = Program.CommandsOf(console, name => name switch
        {
            ControlClient.DefaultKeyVariable => key ?? TestHouse.AdminKey,
            ServerOptions.DefaultPasswordVariable => Password,
            "SAHAB_NEW_PASSWORD" => NewPassword,
            _ => null,
        });
        var parsed = root.Parse([.. arguments, "--url", house.Address.ToString()]);
        parsed.Errors.ShouldBeEmpty();
        (await parsed.InvokeAsync()).ShouldBe(code, text.ToString());
        return text.ToString();
    }

    [GeneratedRegex("[a-z]{3}_[0-9a-z]{26}")]
    private static partial Regex Ids();
}
