using System.CommandLine;
using System.Text.RegularExpressions;
using Sahab.Server.Hosting.Commands;
using Sahab.Server.Tests.House;
using Spectre.Console;

namespace Sahab.Server.Tests.Keys;

public partial class KeyCommandTests
{
    [Fact]
    public async Task A_key_is_made_listed_rotated_and_revoked_from_the_command_line()
    {
        await using var house = await TestHouse.StartAsync();
        var made = await RunAsync(house, "key", "add", "--organisation", "demo", "--name", "by hand", "--model", "small");
        var (id, secret) = (Id().Match(made).Value, Secret().Match(made).Value);
        (await KeyClient.CallAsync(house, secret)).Status.ShouldBe(200);

        (await RunAsync(house, "key", "list", "--organisation", "demo")).ShouldContain(id);
        (await RunAsync(house, "key", "show", id, "--organisation", "demo")).ShouldContain("name: by hand");
        var rotated = await RunAsync(house, "key", "rotate", id, "--organisation", "demo", "--overlap-hours", "0");
        (await KeyClient.CallAsync(house, secret)).Status.ShouldBe(401);
        (await KeyClient.CallAsync(house, Secret().Match(rotated).Value)).Status.ShouldBe(200);
        (await RunAsync(house, "key", "revoke", id, "--organisation", "demo")).ShouldContain("status: revoked");
        (await KeyClient.CallAsync(house, Secret().Match(rotated).Value)).Status.ShouldBe(401);
    }

    [Fact]
    public async Task A_budget_is_set_listed_and_removed_from_the_command_line()
    {
        await using var house = await TestHouse.StartAsync();
        var id = (await RunAsync(
            house, "budget", "set", "--organisation", "demo", "--name", "small", "--measure", "money", "--period", "month",
            "--limit", "12.50", "--threshold", "80")).Trim();

        (await RunAsync(house, "budget", "list", "--organisation", "demo")).ShouldContain("12.5 USD month");
        (await RunAsync(house, "budget", "remove", id, "--organisation", "demo")).ShouldContain("removed");
        (await RunAsync(house, "budget", "list", "--organisation", "demo")).ShouldNotContain(id);
    }

    static async Task<string> RunAsync(TestHouse house, params string[] arguments)
    {
        using var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(text), Ansi = AnsiSupport.No });
        console.Profile.Width = 250;
        Func<string, string?> environment = name => name == ControlClient.DefaultKeyVariable ? TestHouse.AdminKey : null;
        var root = new RootCommand { KeyCommand.Create(console, environment), BudgetCommand.Create(console, environment) };
        var code = await root.Parse([.. arguments, "--url", house.Address.ToString()]).InvokeAsync();
        code.ShouldBe(0, text.ToString());
        return text.ToString();
    }

    [GeneratedRegex("key_[0-9a-z]{26}")]
    private static partial Regex Id();

    [GeneratedRegex("sk-sahab-[A-Za-z0-9_-]{43}")]
    private static partial Regex Secret();
}
