using System.CommandLine;
using Sahab.Server.Hosting.Commands;
using Sahab.Server.Tests.House;
using Spectre.Console;

namespace Sahab.Server.Tests.Capacity;

public sealed class CapacityCommandTests
{
    [Fact]
    public async Task Capacity_is_offered_reserved_listed_renewed_and_cancelled_from_the_command_line()
    {
        await using var house = await CapacityHouse.StartAsync();

        (await RunAsync(house, "offers", "--organisation", "demo", "--units", "3")).ShouldContain("100.000000001");
        var id = (await RunAsync(
            house, "reserve", "--organisation", "demo", "--offer", "unit", "--term", "day", "--units", "3", "--from",
            "2026-02-01")).Trim();
        id.ShouldStartWith("rsv_");
        (await RunAsync(house, "list", "--organisation", "demo")).ShouldContain("scheduled");
        (await RunAsync(house, "renew", id, "--organisation", "demo")).ShouldContain("renews");
        (await RunAsync(house, "renew", id, "--organisation", "demo", "--no")).ShouldContain("ends");
        (await RunAsync(house, "sold")).ShouldContain("1200");
        (await RunAsync(house, "cancel", id, "--organisation", "demo")).ShouldContain("cancelled");
        (await RunAsync(house, "list", "--organisation", "demo")).ShouldContain("cancelled");
    }

    static async Task<string> RunAsync(CapacityHouse house, params string[] arguments)
    {
        using var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(text), Ansi = AnsiSupport.No });
        console.Profile.Width = 250;
        Func<string, string?> environment = name => name == ControlClient.DefaultKeyVariable ? TestHouse.AdminKey : null;
        var root = new RootCommand { CapacityCommand.Create(console, environment) };
        var code = await root.Parse(["capacity", .. arguments, "--url", house.House.Address.ToString()]).InvokeAsync();
        code.ShouldBe(0, text.ToString());
        return text.ToString();
    }
}
