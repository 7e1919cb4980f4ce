using System.Text.Json.Nodes;
using Sahab.Server.Hosting.Commands;
using Sahab.Server.Tests.House;
using Spectre.Console;

namespace Sahab.Server.Tests.Tenants;

/// <summary><c>sahab tenant</c> against a real server.</summary>
public sealed class TenantCommandTests : IAsyncLifetime
{
    TestHouse _house = null!;

    public async Task InitializeAsync() => _house = await TestHouse.StartAsync();

    public async Task DisposeAsync() => await _house.DisposeAsync();

    [Fact]
    public async Task An_operator_makes_an_organisation_and_invites_its_owner_who_comes()
    {
        var output = await RunAsync("add", "Cumulus [AS]", "--country", "NO", "--owner", "kim@example.com");
        output.ShouldContain("Cumulus [AS]");
        output.ShouldContain("kim@example.com is invited as owner until");
        var token = output.Split('\n').Single(line => line.StartsWith("sahab_inv_", StringComparison.Ordinal)).Trim();
        using var kim = await Visitor.SignUpAsync(_house, "kim@example.com");
        var accepted = (await kim.PostAsync("/api/invitations/accept", new JsonObject { ["token"] = token })).ShouldBeOk().Json;
        var organisation = accepted["organisation"]!.ToString();

        (await RunAsync("members", organisation)).ShouldContain("owner");
        (await RunAsync("invite", organisation, "lee@example.com", "--role", "billing")).ShouldContain("as billing until");
        (await RunAsync("list")).ShouldContain(organisation);
        (await RunAsync("suspend", organisation, "--reason", "did not pay")).ShouldContain("suspended");
        (await RunAsync("resume", organisation, "--reason", "paid")).ShouldContain("active");
        (await RunAsync("show", organisation)).ShouldContain("NO");
    }

    [Fact]
    public async Task Projects_are_listed_made_and_archived()
    {
        (await RunAsync("project", "list", "demo")).ShouldContain("default");
        (await RunAsync("project", "add", "demo", "night jobs")).ShouldContain("night jobs");
        (await RunAsync(1, "project", "archive", "demo", "default")).ShouldContain("The keys of the configuration are in this project");
        (await RunAsync(1, "show", "none")).ShouldContain("There is no organisation 'none'");
        (await RunAsync(1, "invite", "demo", "lee@example.com", "--role", "king")).ShouldContain("answered 400");
    }

    Task<string> RunAsync(params string[] arguments) => RunAsync(0, arguments);

    async Task<string> RunAsync(int code, params string[] arguments)
    {
        var output = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = 200;
        var command = TenantCommand.Create(
            console, name => name == ControlClient.DefaultKeyVariable ? TestHouse.AdminKey : null);
        var exit = await command.Parse([.. arguments, "--url", _house.Address.ToString()]).InvokeAsync();
        exit.ShouldBe(code, output.ToString());
        return output.ToString();
    }
}
