using System.Text.Json.Nodes;
using Sahab.Server.Hosting.Commands;
using Sahab.Server.Plan.Scenarios;
using Sahab.Server.Tests.Configuration;
using Sahab.Server.Tests.House;
using Spectre.Console;

namespace Sahab.Server.Tests.Scenarios;

public sealed class ScenarioContractFileTests
{
    const string Brief = "commitments:\n  aws-2026: { deployments: [aws-virginia], period: 720h, usd_per_period: 24000 }";

    const string Full = """
        begins: 2026-04-01
        contracts:
          aws:
            provider: aws
            versions:
              "1":
                valid_from: 2026-01-01
                known_from: 2026-01-01
                document: aws.pdf
                commitments:
                  spend:
                    page: 3
                    windows:
                      april: { from: 2026-04-01, until: 2026-05-01, amount: 24000 }
        """;

    [Fact]
    public async Task A_contract_of_a_scenario_is_written_as_in_the_configuration()
    {
        using var folder = new TemporaryFolder();
        folder.Write("brief.yaml", Sample());
        folder.Write("full.yaml", Sample().Replace(Brief, Full, StringComparison.Ordinal));

        var (brief, full) = (await FoundAsync(folder, "brief.yaml"), await FoundAsync(folder, "full.yaml"));

        ((decimal)full["cost"]!["total_usd"]!).ShouldBe((decimal)brief["cost"]!["total_usd"]!);
        var window = full["commitments"]!.AsArray().ShouldHaveSingleItem()!;
        ((string)window["commitment"]!, (decimal)window["committed_usd"]!).ShouldBe(("aws/spend", 24m));
        ((decimal)window["drawn_usd"]!).ShouldBe((decimal)brief["commitments"]![0]!["drawn_usd"]!);
        full["contracts"]!.AsArray().Sum(each => (decimal)each!["total_usd"]!)
            .ShouldBe((decimal)full["cost"]!["total_usd"]!);
        ((string)full["contracts"]![0]!["contract"]!).ShouldBe("aws");
    }

    [Theory]
    [InlineData("provider: aws\n    versions", "provider: awz\n    versions", "contracts.aws.provider: there is no provider awz")]
    [InlineData("begins: 2026-04-01\n", "", "contracts: nothing says when on their calendar the scenario begins")]
    [InlineData("begins: 2026-04-01", "begins: 2026-04-01T00:30Z", "begins: it is not a whole hour of UTC")]
    [InlineData("until: 2026-05-01", "until: 2026-03-01", "contracts.aws.versions.1.commitments.spend")]
    [InlineData("until: 2026-05-01", "untill: 2026-05-01", "Did you mean until")]
    [InlineData("length: 720h", "length: 43170m", "length: with contracts it has to be whole hours")]
    [InlineData("begins: 2026-04-01", Brief + "\nbegins: 2026-04-01", "commitments: there are contracts too")]
    public void What_is_wrong_with_a_contract_is_told_with_its_line(string right, string wrong, string message)
    {
        using var folder = new TemporaryFolder();
        var text = Sample().Replace(Brief, Full, StringComparison.Ordinal);
        text.ShouldContain(right);
        folder.Write("bad.yaml", text.Replace(right, wrong, StringComparison.Ordinal));

        var reading = ScenarioReader.Read(folder.PathOf("bad.yaml"));

        reading.Scenario.ShouldBeNull();
        reading.Problems.ShouldContain(problem => problem.ToString().Contains(message) && problem.Line > 0);
    }

    [Fact]
    public async Task Where_there_is_no_optimum_the_command_says_why()
    {
        using var folder = new TemporaryFolder();
        folder.Write("full.yaml", Sample().Replace(Brief, Full.ReplaceLineEndings("\n") + """

                    committed_uses:
                      base: { page: 4, baseline: 10, unit_price: 0.6 }
            """, StringComparison.Ordinal));

        var (code, output) = await SimulateAsync(folder.PathOf("full.yaml"), "--scale", "0.001", "--optimum");

        code.ShouldBe(SimulateCommand.NotBegun, output);
        output.ShouldContain("contract aws, clause base: the optimum does not know committed use");
        (code, output) = await SimulateAsync(folder.PathOf("full.yaml"), "--scale", "0.001");
        code.ShouldBe(0, output);
        output.ShouldContain("│ aws");
    }

    static string Sample() => File.ReadAllText(Repository.PathOf("samples/scenarios/cloud-loss.yaml"))
        .ReplaceLineEndings("\n")
        .Replace("../traces/", Repository.PathOf("samples/traces/"), StringComparison.Ordinal);

    static async Task<JsonNode> FoundAsync(TemporaryFolder folder, string file)
    {
        var (code, output) = await SimulateAsync(
            folder.PathOf(file), "--scale", "0.001", "--policies", "least_cost", "--json", folder.PathOf("out.json"));
        code.ShouldBe(0, output);
        return JsonNode.Parse(await File.ReadAllTextAsync(folder.PathOf("out.json")))!["policies"]![0]!["report"]!;
    }

    static async Task<(int Code, string Output)> SimulateAsync(params string[] arguments)
    {
        await using var writer = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
        console.Profile.Width = 200;
        var command = SimulateCommand.Create(console, TimeProvider.System);
        return (await command.Parse(arguments).InvokeAsync(), writer.ToString());
    }
}
