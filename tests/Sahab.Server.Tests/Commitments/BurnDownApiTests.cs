using System.Net;
using System.Text.Json.Nodes;
using Sahab.Server.Hosting.Commands;
using Sahab.Server.Tests.House;
using Spectre.Console;

namespace Sahab.Server.Tests.Commitments;

public class BurnDownApiTests
{
    [Fact]
    public async Task The_burn_down_has_the_figures_of_the_worked_example()
    {
        await using var house = await BurnDownHouse.StartAsync();
        var answer = await GetAsync(house, "/api/contracts/cloud/burndown");
        var window = answer["data"]![0]!["windows"]![0]!;

        window["phase"]!.ToString().ShouldBe("running");
        window["alarm"]!.ToString().ShouldBe("missing");
        window["counted"]!.GetValue<decimal>().ShouldBe(1_231_000);
        window["forecast"]!["expected"]!["owed"]!.GetValue<decimal>().ShouldBe(1_354_435.26m, 0.01m);
        window["forecast"]!["low"]!["owed"]!.GetValue<decimal>().ShouldBe(1_777_898.46m, 0.01m);
        window["out_of_reach_from"]!.ToString().ShouldBe("2027-02-16");
        answer["data"]![0]!["source"]!["page"]!.GetValue<int>().ShouldBe(4);
        answer["data"]![0]!["windows"]![1]!["phase"]!.ToString().ShouldBe("ahead");
    }

    [Fact]
    public async Task Every_figure_leads_to_its_days_their_hours_and_the_calls_of_each()
    {
        await using var house = await BurnDownHouse.StartAsync();
        var window = (await GetAsync(house, "/api/contracts/cloud/burndown"))["data"]![0]!["windows"]![0]!;

        var days = (await GetAsync(house, window["trace"]!["counted"]!.ToString()))["data"]!.AsArray();
        days.Sum(day => day!["drawn_usd"]!.GetValue<decimal>()).ShouldBe(window["counted"]!.GetValue<decimal>());
        var day = days.Single(each => each!["day"]!.ToString() == "2026-10-30")!;
        var hours = (await GetAsync(house, day["trace"]!.ToString()))["data"]!.AsArray();
        hours.Sum(each => each!["drawn_usd"]!.GetValue<decimal>()).ShouldBe(day["drawn_usd"]!.GetValue<decimal>());
        var hour = hours.Single(each => each!["drawn_usd"]!.GetValue<decimal>() > 0)!;
        hour["postings"]!.AsArray().Sum(posting => posting!["usd"]!.GetValue<decimal>()).ShouldBe(0);
        var calls = (await GetAsync(house, hour["trace"]!.ToString()))["data"]!.AsArray();
        calls.ShouldHaveSingleItem()!["deployment"]!.ToString().ShouldBe("azure-us");

        var forecast = await GetAsync(house, window["trace"]!["forecast"]!.ToString());
        forecast["data"]![0]!["days"]!.AsArray().Count.ShouldBe(242);
        forecast["data"]![0]!["history"]!.AsArray().Count.ShouldBe(123);
        forecast["data"]![0]!["weekdays"]!["sunday"]!.GetValue<decimal>().ShouldBe(0.508m);
        (await GetAsync(house, window["trace"]!["target"]!.ToString()))["id"]!.ToString().ShouldBe("cloud");
    }

    [Theory]
    [InlineData("moon/burndown", 404, "There is no contract 'moon'")]
    [InlineData("cloud/forecast?commitment=moon", 404, "It has: spend")]
    [InlineData("cloud/burndown?contract=x", 400, "Unknown parameter 'contract'")]
    [InlineData("cloud/drawn?commitment=spend&by=week", 400, "'day' or 'hour'")]
    [InlineData("cloud/drawn?commitment=spend&from=yesterday", 400, "such as 2027-01-31")]
    [InlineData("cloud/drawn?commitment=spend&from=2026-07-01&by=hour", 400, "by 31 days at most")]
    public async Task What_is_asked_wrongly_is_told_with_what_would_be_right(string path, int status, string says)
    {
        await using var house = await TestHouse.StartAsync(Samples.TwoCloudsYaml + """

            contracts:
              cloud:
                provider: azure
                versions:
                  "1":
                    valid_from: 2026-01-01
                    known_from: 2026-01-01
                    document: a.pdf
                    commitments: { spend: { page: 1, windows: { all: { from: 2026-01-01, until: 2036-01-01, amount: 1 } } } }
            """);
        using var client = house.Client(TestHouse.AdminKey);
        using var response = await client.GetAsync("/api/contracts/" + path);

        ((int)response.StatusCode).ShouldBe(status);
        (await response.Content.ReadAsStringAsync()).ShouldContain(says.Replace("'", "\\u0027", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Only_administrators_may_ask()
    {
        await using var house = await BurnDownHouse.StartAsync();
        using var client = house.Client();

        (await client.GetAsync("/api/contracts/cloud/burndown")).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task The_command_line_says_the_same()
    {
        await using var house = await BurnDownHouse.StartAsync();

        var all = await RunAsync(house, "burndown");
        all.ShouldContain("cloud spend: At this pace 1.35 M$ of 5 M$ will be missed by 2027-06-30; that costs 1.35 M$.");
        all.ShouldContain("out of reach");
        (await RunAsync(house, "burndown cloud --commitment spend --json")).ShouldContain("\"out_of_reach_from\":\"2027-02-16\"");
        (await RunAsync(house, "forecast cloud --days 2")).ShouldContain("9.97 k$ on an average day");
        (await RunAsync(house, "forecast cloud --json")).ShouldContain("\"level_per_day\"");
        (await RunAsync(house, "forecast moon", 1)).ShouldContain("There is no contract 'moon'");
    }

    static async Task<string> RunAsync(TestHouse house, string command, int code = 0)
    {
        var output = new StringWriter();
        var console = AnsiConsole.Create(
            new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = 400;
        var ended = await ContractCommand.Create(console, _ => TestHouse.AdminKey)
            .Parse([.. command.Split(' '), "--url", house.Address.ToString()]).InvokeAsync();
        ended.ShouldBe(code, output.ToString());
        return output.ToString();
    }

    static async Task<JsonNode> GetAsync(TestHouse house, string path)
    {
        using var client = house.Client(TestHouse.AdminKey);
        return JsonNode.Parse(await client.GetStringAsync(path))!;
    }
}
