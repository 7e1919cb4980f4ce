using System.Text.Json.Nodes;
using Sahab.Server.Hosting.Commands;
using Sahab.Server.Tests.House;
using Spectre.Console;

namespace Sahab.Server.Tests.Tenants;

/// <summary><c>sahab user</c> against a real server.</summary>
public sealed class UserCommandTests : IAsyncLifetime
{
    const string Password = "a password for Kim";

    TestHouse _house = null!;

    public async Task InitializeAsync() => _house = await TestHouse.StartAsync();

    public async Task DisposeAsync() => await _house.DisposeAsync();

    [Fact]
    public async Task A_user_whom_the_operator_makes_signs_in_as_a_member_and_as_an_operator()
    {
        (await RunAsync(0, UserCommand.Create, "add", "kim@example.com", "--name", "Kim")).ShouldContain("is user usr_");
        (await RunAsync(0, TenantCommand.Create, "add-member", "demo", "kim@example.com", "--role", "owner"))
            .ShouldContain("owner");
        (await RunAsync(0, UserCommand.Create, "operator", "kim@example.com", "--role", "finance", "--role", "auditor"))
            .ShouldContain("kim@example.com: finance, auditor");
        (await RunAsync(0, UserCommand.Create, "operators")).ShouldContain("kim@example.com: auditor, finance");

        using var kim = new Visitor(_house);
        var session = (await kim.PostAsync("/api/sign-in", new JsonObject
        {
            ["email"] = "kim@example.com",
            ["password"] = Password,
        })).ShouldBeOk().Json;
        session["organisations"]!.ToJsonString().ShouldContain("\"demo\"");
        session["operator_roles"]!.ToJsonString().ShouldContain("finance");

        (await RunAsync(0, UserCommand.Create, "operator", "kim@example.com")).ShouldContain("kim@example.com: no role");
    }

    [Fact]
    public async Task What_cannot_be_is_told()
    {
        (await RunAsync(1, UserCommand.Create, "add", "kim")).ShouldContain("answered 400");
        (await RunAsync(0, UserCommand.Create, "add", "kim@example.com")).ShouldContain("is user");
        (await RunAsync(1, UserCommand.Create, "add", "kim@example.com")).ShouldContain("There is a user with this e-mail");
        (await RunAsync(1, UserCommand.Create, "add", "lee@example.com", "--password-env", "NONE"))
            .ShouldContain("The environment variable NONE holds no password");
        (await RunAsync(1, TenantCommand.Create, "add-member", "none", "kim@example.com"))
            .ShouldContain("There is no organisation 'none'");
        (await RunAsync(1, TenantCommand.Create, "add-member", "demo", "lee@example.com"))
            .ShouldContain("There is no user with this e-mail");
        (await RunAsync(0, TenantCommand.Create, "add-member", "demo", "kim@example.com")).ShouldContain("developer");
        (await RunAsync(1, TenantCommand.Create, "add-member", "demo", "kim@example.com")).ShouldContain("member already");
    }

    async Task<string> RunAsync(
        int code, Func<IAnsiConsole, Func<string, string?>, System.CommandLine.Command> create, params string[] arguments)
    {
        var output = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = 200;
        var command = create(console, name => name switch
        {
            ControlClient.DefaultKeyVariable => TestHouse.AdminKey,
            "SAHAB_USER_PASSWORD" => Password,
            _ => null,
        });
        var exit = await command.Parse([.. arguments, "--url", _house.Address.ToString()]).InvokeAsync();
        exit.ShouldBe(code, output.ToString());
        return output.ToString();
    }
}
