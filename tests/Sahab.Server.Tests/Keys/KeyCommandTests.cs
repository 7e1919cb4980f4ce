using System.CommandLine;
using System.Text.RegularExpressions;
using Dapper;
using Sahab.Server.Hosting.Commands;
using Sahab.Server.Hosting.Database;
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

    [Fact]
    public async Task What_nodes_hold_of_budgets_is_listed_and_taken_from_one_that_is_gone()
    {
        await using var house = await TestHouse.StartAsync();
        var budget = (await RunAsync(
            house, "budget", "set", "--organisation", "demo", "--name", "small", "--measure", "requests", "--period", "total",
            "--limit", "9")).Trim();
        var (gone, here) = (Guid.NewGuid(), Guid.NewGuid());
        await HoldAsync(house, budget, gone, TimeSpan.FromMinutes(3));
        await HoldAsync(house, budget, here, TimeSpan.Zero);

        var nodes = await RunAsync(house, "budget", "nodes");
        nodes.ShouldMatch($@"{gone}\s+│\s+1\s+│\s+20\d\d-");
        nodes.ShouldContain(here.ToString());
        (await RunAsync(house, "budget", "release", "--node", gone.ToString())).Trim().ShouldBe("released");

        (await RunAsync(house, "budget", "nodes")).ShouldNotContain(gone.ToString());
        (await FailAsync(house, "budget", "release", "--node", gone.ToString())).ShouldContain("holds of a budget");
        (await FailAsync(house, "budget", "release", "--node", here.ToString())).ShouldContain("is there");
        (await RunAsync(house, "budget", "nodes")).ShouldContain(here.ToString());
    }

    /// <summary>Lets a node hold of a budget that was last there so long ago.</summary>
    static async Task HoldAsync(TestHouse house, string budget, Guid node, TimeSpan ago)
    {
        var database = house.Get<SahabDatabase>();
        await using var connection = await database.OpenAsync(CancellationToken.None);
        await connection.ExecuteAsync(
            """
            INSERT INTO budget_hold (budget_id, window_us, node_id, held) VALUES (@Budget, 0, @Node, 1);
            INSERT INTO budget_node (node_id, seen_us) VALUES (@Node, @SeenUs)
            """,
            new
            {
                Budget = budget,
                Node = database.IdValue(node),
                SeenUs = UnixMicroseconds.From(TimeProvider.System.GetUtcNow() - ago),
            });
    }

    static async Task<string> RunAsync(TestHouse house, params string[] arguments)
    {
        var (code, text) = await EndAsync(house, arguments);
        code.ShouldBe(0, text);
        return text;
    }

    static async Task<string> FailAsync(TestHouse house, params string[] arguments)
    {
        var (code, text) = await EndAsync(house, arguments);
        code.ShouldBe(1, text);
        return text;
    }

    static async Task<(int Code, string Text)> EndAsync(TestHouse house, string[] arguments)
    {
        using var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(text), Ansi = AnsiSupport.No });
        console.Profile.Width = 250;
        Func<string, string?> environment = name => name == ControlClient.DefaultKeyVariable ? TestHouse.AdminKey : null;
        var root = new RootCommand { KeyCommand.Create(console, environment), BudgetCommand.Create(console, environment) };
        var code = await root.Parse([.. arguments, "--url", house.Address.ToString()]).InvokeAsync();
        return (code, text.ToString());
    }

    [GeneratedRegex("key_[0-9a-z]{26}")]
    private static partial Regex Id();

    [GeneratedRegex("sk-sahab-[A-Za-z0-9_-]{43}")]
    private static partial Regex Secret();
}
