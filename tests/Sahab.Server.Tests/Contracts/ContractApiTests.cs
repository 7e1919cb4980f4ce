using System.Net;
using System.Text.Json.Nodes;
using Sahab.Server.Hosting.Commands;
using Sahab.Server.Hosting.Configuration;
using Sahab.Server.Source.Contracts;
using Sahab.Server.Tests.Configuration;
using Sahab.Server.Tests.House;
using Spectre.Console;

namespace Sahab.Server.Tests.Contracts;

/// <summary>The sample's contracts, asked for by the API and the command line on a day in 2026.</summary>
public sealed class ContractApiTests : IAsyncLifetime, IDisposable
{
    readonly Metering.TemporaryFolder _folder = new();
    RoomHost _host = null!;

    public async Task InitializeAsync()
    {
        var time = new FixedTime("2026-11-22");
        _host = await RoomHost.StartAsync(
            _folder.Path, time,
            new ConfigReader(ConfigText.Environment, time: time).Read(Path.Combine(ConfigText.Root, "samples/six-clouds/sahab.yaml")),
            _ => { }, api => api.MapContracts());
    }

    public async Task DisposeAsync() => await _host.DisposeAsync();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_contracts_in_force_are_listed()
    {
        var data = (await GetAsync("/api/contracts"))["data"]!.AsArray();

        data.Select(contract => contract!["id"]!.ToString())
            .ShouldBe(["aws", "oracle", "coreweave", "google", "azure", "own"], ignoreOrder: true);
        data.Single(contract => contract!["id"]!.ToString() == "azure")!["version"]!.GetValue<int>().ShouldBe(3);
        (await GetAsync("/api/contracts?valid_at=2024-01-01"))["data"]!.AsArray()
            .ShouldHaveSingleItem()!["id"]!.ToString().ShouldBe("azure");
    }

    [Fact]
    public async Task A_contract_is_shown_as_it_stood_with_the_page_of_each_clause()
    {
        var contract = await GetAsync("/api/contracts/azure?valid_at=2025-06-01&known_at=2025-06-01");

        contract["version"]!.GetValue<int>().ShouldBe(2);
        contract["versions"]!.AsArray().Count.ShouldBe(2);
        var right = contract["clauses"]!.AsArray().Single(clause => clause!["kind"]!.ToString() == "first_refusal")!;
        right["notice_days"]!.GetValue<int>().ShouldBe(30);
        right["source"]!["document"]!.ToString().ShouldBe("azure-amendment-1.pdf");
        right["source"]!["page"]!.GetValue<int>().ShouldBe(2);
    }

    [Fact]
    public async Task A_contract_that_is_not_in_force_yet_is_shown_without_clauses()
    {
        var contract = await GetAsync("/api/contracts/aws?valid_at=2025-01-01");

        contract["version"].ShouldBeNull();
        contract["clauses"].ShouldBeNull();
        contract["versions"]!.AsArray().ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData("/api/contracts?valid_at=soon", HttpStatusCode.BadRequest, "it must be a day, such as 2026-01-31")]
    [InlineData("/api/contracts?colour=red", HttpStatusCode.BadRequest, "Known: valid_at, known_at")]
    [InlineData("/api/contracts/nothing", HttpStatusCode.NotFound, "There are: aws, oracle")]
    public async Task A_question_that_makes_no_sense_is_refused(string path, HttpStatusCode status, string explanation)
    {
        using var response = await _host.Client.GetAsync(new Uri(path, UriKind.Relative));

        response.StatusCode.ShouldBe(status);
        JsonNode.Parse(await response.Content.ReadAsStringAsync())!["detail"]!.ToString().ShouldContain(explanation);
    }

    [Theory]
    [InlineData(0, "list", "coreweave")]
    [InlineData(0, "show own", "fixed_per_month 9000000")]
    [InlineData(0, "show azure --valid-at 2024-01-01", "sole-provider")]
    [InlineData(0, "show oracle --json", "\"megawatts\":1200")]
    [InlineData(1, "show nothing", "There is no contract 'nothing'")]
    public async Task The_command_line_says_the_same(int code, string command, string found)
    {
        var output = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = 400;

        var ended = await ContractCommand.Create(console, _ => "sk-admin")
            .Parse([.. command.Split(' '), "--url", _host.Url]).InvokeAsync();

        ended.ShouldBe(code, output.ToString());
        output.ToString().ShouldContain(found);
    }

    async Task<JsonNode> GetAsync(string path) => JsonNode.Parse(await _host.Client.GetStringAsync(new Uri(path, UriKind.Relative)))!;
}
