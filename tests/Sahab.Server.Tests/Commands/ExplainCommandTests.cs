using System.Text.Json.Nodes;
using Sahab.Server.Hosting.Commands;
using Sahab.Server.Tests.Configuration;
using Sahab.Server.Tests.House;
using Spectre.Console;

namespace Sahab.Server.Tests.Commands;

public class ExplainCommandTests
{
    [Fact]
    public async Task Every_deployment_of_the_model_has_its_verdict_and_one_is_chosen()
    {
        await using var house = await TestHouse.StartAsync(Samples.TwoCloudsYaml.Replace(
            "demo: { secret: { env: DEMO_KEY } }",
            "demo: { secret: { env: DEMO_KEY }, countries: [\"NO\"] }",
            StringComparison.Ordinal));

        var (code, output) = await ExplainAsync(house, "--model", "tiny", "--key-id", "demo");

        code.ShouldBe(0, output);
        var rows = output.Split('\n');
        foreach (var deployment in (string[])["azure-us", "own-us"])
        {
            rows.ShouldContain(row => row.Contains(deployment) && row.Contains("country not allowed"));
        }

        foreach (var deployment in (string[])["azure-no", "own-no"])
        {
            var row = rows.Single(row => row.Contains($" {deployment} "));
            (row.Contains("CHOSEN") || row.Contains("eligible")).ShouldBeTrue(row);
            row.ShouldMatch(@"│ +[0-9,]+\.[0-9] │");
        }

        rows.Count(row => row.Contains("CHOSEN")).ShouldBe(1);
        output.ShouldContain("key demo, model small");
        house.Clouds.ReadBill().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_request_from_a_file_is_explained_in_JSON()
    {
        await using var house = await TestHouse.StartAsync();
        using var folder = new TemporaryFolder();
        folder.Write("request.json", """
            { "model": "small", "messages": [{ "role": "user", "content": "Hello" }], "max_tokens": 77 }
            """);

        var (code, output) = await ExplainAsync(house, "--file", folder.PathOf("request.json"), "--json");

        code.ShouldBe(0, output);
        var answer = JsonNode.Parse(output)!;
        ((int)answer["output_tokens"]!).ShouldBe(77);
        answer["decision"]!["candidates"]!.AsArray().Count.ShouldBe(4);
        answer["decision"]!["chosen"].ShouldNotBeNull();
    }

    [Theory]
    [InlineData("--model no-such-model", "404")]
    [InlineData("--model small --key-id nobody", "404")]
    [InlineData("", "Name the model")]
    [InlineData("--file no-such-file.json", "no-such-file.json cannot be read")]
    [InlineData("--model small --admin-key-env NONE", "The environment variable NONE holds no admin key")]
    [InlineData("--model small --admin-key-env DEMO", "answered 403")]
    public async Task What_cannot_be_explained_says_why(string arguments, string message)
    {
        await using var house = await TestHouse.StartAsync();

        var (code, output) = await ExplainAsync(
            house, arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        code.ShouldBe(1);
        output.ShouldContain(message);
    }

    static async Task<(int Code, string Output)> ExplainAsync(TestHouse house, params string[] arguments)
    {
        await using var writer = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
        console.Profile.Width = 160;
        var command = ExplainCommand.Create(console, name => name switch
        {
            "SAHAB_ADMIN_KEY" => TestHouse.AdminKey,
            "DEMO" => TestHouse.DemoKey,
            _ => null,
        });
        var code = await command.Parse([.. arguments, "--url", house.Address.ToString()]).InvokeAsync();
        return (code, writer.ToString());
    }
}
