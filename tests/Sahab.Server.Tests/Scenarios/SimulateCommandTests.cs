using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sahab.Planning.Scenarios;
using Sahab.Planning.Traffic;
using Sahab.Server.Hosting.Commands;
using Sahab.Server.Plan.Scenarios;
using Sahab.Server.Tests.Configuration;
using Sahab.Server.Tests.House;
using Spectre.Console;

namespace Sahab.Server.Tests.Scenarios;

public partial class SimulateCommandTests
{
    public static TheoryData<string> Samples =>
        ["steady-growth.yaml", "launch-spike.yaml", "cloud-loss.yaml", "shortfall.yaml"];

    [Theory]
    [MemberData(nameof(Samples))]
    [InlineData("three-workloads.yaml")]
    public async Task Every_sample_says_what_each_policy_costs_beside_the_optimum(string sample)
    {
        using var folder = new TemporaryFolder();

        var (code, output) = await SimulateAsync(
            PathOf(sample), "--policies", "all", "--optimum", "--scale", "0.002", "--json", folder.PathOf("out.json"));

        code.ShouldBe(0, output);
        var found = JsonNode.Parse(await File.ReadAllTextAsync(folder.PathOf("out.json")))!;
        var policies = found["policies"]!.AsArray();
        policies.Count.ShouldBe(7);
        foreach (var policy in policies)
        {
            var name = (string)policy!["report"]!["policy"]!;
            ((double)policy["regret"]!).ShouldBeGreaterThanOrEqualTo(1, name);
            output.ShouldContain($"│ {name} ");
        }

        ((string)found["optimum"]!["status"]!).ShouldBe("optimal");
        found["optimum"]!["commitments"]!.AsArray()
            .ShouldAllBe(each => (double)each!["lambda"]! >= 0 && (double)each["lambda"]! <= 1);
        output.ShouldContain("mu, USD/h");
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public void Every_sample_has_a_million_calls_in_a_whole_month_and_is_small_by_itself(string sample)
    {
        var reading = ScenarioReader.Read(PathOf(sample));

        reading.Problems.ShouldBeEmpty();
        CountOf(reading.Scenario!, 1_000_000).ShouldBe(1_000_000);
        reading.Scenario!.Length.ShouldBe(TimeSpan.FromDays(30));
        CountOf(reading.Scenario.Compressed(reading.Scale), 2_500_001).ShouldBeInRange(1_000_000, 2_500_000);
    }

    [Fact]
    public void The_workloads_of_a_sample_come_from_three_sources()
    {
        var reading = ScenarioReader.Read(PathOf("three-workloads.yaml"));

        reading.Problems.ShouldBeEmpty();
        var scenario = reading.Scenario!.Compressed(0.02);
        var calls = new List<Arrival>();
        for (var stream = new Arrivals(scenario); stream.TryNext(out var arrival);)
        {
            calls.Add(arrival);
        }

        // Means of the demand curves where they tell them, else of the trace; chains of the blocks' trace only.
        double Mean(int traffic, Func<Arrival, double> of) => calls.Where(call => call.Traffic == traffic).Average(of);
        Mean(1, call => call.Prompt).ShouldBe(1268, 130);
        Mean(1, call => call.Output).ShouldBe(1527, 150);
        Mean(2, call => call.Prompt).ShouldBe(13_500, 1_350);
        Mean(2, call => call.PrefixTokens / (double)call.Prompt).ShouldBe(0.3, 0.1);
        calls.ShouldAllBe(call => call.PrefixTokens <= call.Prompt && (call.Traffic == 2) == (call.Prefix != 0));
        calls.Count(call => call.Traffic == 0).ShouldBeInRange(130_000, 139_000);
    }

    [Fact]
    public async Task Groups_of_tenants_have_their_shares_in_a_scenario_too_and_its_errors_have_places()
    {
        using var folder = new TemporaryFolder();
        var text = (await File.ReadAllTextAsync(PathOf("launch-spike.yaml")))
            .Replace("../traces/", Repository.PathOf("samples/traces/"), StringComparison.Ordinal)
            + "\ngroups: { press: { members: [newsroom] }, care: { members: [clinic] } }\nguarantees:\n";
        await File.WriteAllTextAsync(
            folder.PathOf("good.yaml"), text + "  press: { group: press, share: 0.5 }\n"
            + "  care: { group: care, share: 0.25, lending_limit: 0.1, models: [assistant] }\n");
        await File.WriteAllTextAsync(
            folder.PathOf("bad.yaml"), text + "  press: { group: press, share: 0.9 }\n"
            + "  care: { group: care, share: 0.2 }\n");

        var reading = ScenarioReader.Read(folder.PathOf("good.yaml"));
        reading.Problems.ShouldBeEmpty();
        reading.Scenario!.Groups.ShouldBe(["press", "care"]);
        reading.Scenario.Guarantees.Select(given => (given.Terms.Group, given.Terms.Share, given.Terms.LendingLimit))
            .ShouldContain(("care", 0.25m, 0.1m));
        var (code, output) = await SimulateAsync(folder.PathOf("good.yaml"), "--scale", "0.001");
        code.ShouldBe(0, output);
        output.ShouldContain("press");
        output.ShouldContain("calls at reserved");
        ScenarioReader.Read(folder.PathOf("bad.yaml")).Problems
            .ShouldContain(problem => problem.Key == "guarantees.care.share" && problem.Line > 0);
    }

    [Fact]
    public async Task The_same_seed_writes_the_same_bytes_and_another_one_others()
    {
        using var folder = new TemporaryFolder();
        foreach (var (file, seed) in new[] { ("a", "7"), ("b", "7"), ("c", "8") })
        {
            await SimulateAsync(
                PathOf("cloud-loss.yaml"), "--scale", "0.001", "--seed", seed, "--json", folder.PathOf(file));
        }

        var first = await File.ReadAllBytesAsync(folder.PathOf("a"));
        (await File.ReadAllBytesAsync(folder.PathOf("b"))).ShouldBe(first);
        (await File.ReadAllBytesAsync(folder.PathOf("c"))).ShouldNotBe(first);
    }

    [Fact]
    public async Task The_commitment_of_its_sample_is_heading_for_a_shortfall_of_about_30_percent()
    {
        using var folder = new TemporaryFolder();

        await SimulateAsync(
            PathOf("shortfall.yaml"), "--policies", "weighted_shuffle", "--json", folder.PathOf("out"));

        var commitment = JsonNode.Parse(await File.ReadAllTextAsync(folder.PathOf("out")))!["policies"]![0]!["report"]!
            ["commitments"]!.AsArray().ShouldHaveSingleItem()!;
        ((double)commitment["shortfall_usd"]! / (double)commitment["committed_usd"]!).ShouldBe(0.3, 0.05);
    }

    [Fact]
    public async Task A_single_policy_is_shown_by_deployment_tier_and_tenant()
    {
        var (code, output) = await SimulateAsync(PathOf("steady-growth.yaml"), "--scale", "0.001");

        code.ShouldBe(0, output);
        foreach (var word in (string[])["own-oslo", "google", "priority", "clinic", "aws-2026", "million a minute"])
        {
            output.ShouldContain(word);
        }
    }

    [Fact]
    public async Task What_is_wrong_with_a_scenario_is_told_with_its_line()
    {
        using var folder = new TemporaryFolder();
        var text = await File.ReadAllTextAsync(PathOf("cloud-loss.yaml"));
        folder.Write("bad.yaml", text
            .Replace("daily_swing: 0.5", "daily_swong: 0.5", StringComparison.Ordinal)
            .Replace("capacity: reserved", "capacity: reservd", StringComparison.Ordinal));
        folder.Write("worse.yaml", text
            .Replace("upstream: h100-node", "upstream: h100-nod", StringComparison.Ordinal)
            .Replace("../traces/", "no-such/", StringComparison.Ordinal));
        folder.Write("worst.yaml", text
            .Replace("../traces/", Repository.PathOf("samples/traces/"), StringComparison.Ordinal)
            .Replace("provider: azure, from", "provider: azur, from", StringComparison.Ordinal));

        var (code, output) = await SimulateAsync(folder.PathOf("bad.yaml"));
        code.ShouldBe(SimulateCommand.NotBegun);
        output.ShouldMatch(
            @"bad\.yaml:\d+:\d+: error: traffic\.chat\.daily_swong: no such key\. Did you mean daily_swing");
        output.ShouldContain("\"reservd\" is not known here. Did you mean reserved?");
        (_, output) = await SimulateAsync(folder.PathOf("worse.yaml"));
        output.ShouldContain("deployments.own-oslo.upstream: there is no \"h100-nod\". Did you mean h100-node?");
        output.ShouldContain("traffic.chat.trace: ");
        (code, output) = await SimulateAsync(folder.PathOf("worst.yaml"));
        code.ShouldBe(SimulateCommand.NotBegun);
        output.ShouldContain("there is no deployment of azur.");
        (code, output) = await SimulateAsync(folder.PathOf("none.yaml"));
        code.ShouldBe(SimulateCommand.NotBegun);
        output.ShouldContain("the file cannot be read");
    }

    [Theory]
    [InlineData("--scale", "0", "--scale must be from 0.0001 to 100")]
    [InlineData("--policies", "balanced,luck", "--policies: there is no 'luck'")]
    [InlineData("--time-limit", "soon", "--time-limit must be a duration")]
    [InlineData("--json", "no/such/folder/out.json", "cannot be written")]
    public async Task Options_out_of_range_are_named(string option, string value, string message)
    {
        string[] scale = option == "--scale" ? [] : ["--scale", "0.0005"];

        var (code, output) = await SimulateAsync([PathOf("cloud-loss.yaml"), option, value, .. scale]);

        code.ShouldBe(SimulateCommand.NotBegun);
        output.ShouldContain(message);
    }

    [Fact]
    public async Task Every_command_of_the_document_does_what_it_says()
    {
        using var folder = new TemporaryFolder();
        var commands = Command().Matches(await File.ReadAllTextAsync(Repository.PathOf("docs/simulation.md")))
            .Select(match => match.Groups[1].Value).ToList();
        commands.Count.ShouldBeGreaterThanOrEqualTo(4);
        foreach (var command in commands)
        {
            string[] words =
            [
                .. command.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word =>
                    word.StartsWith("samples/", StringComparison.Ordinal) ? Repository.PathOf(word)
                    : Path.GetExtension(word) is ".json" or ".mps" or ".html" ? folder.PathOf(word)
                    : word),
            ];

            // A month takes its time, and shows nothing that an hour does not.
            var scale = Array.IndexOf(words, "--scale");
            words = [.. scale < 0 ? words : [.. words[..scale], .. words[(scale + 2)..]], "--scale", "0.001"];

            var (code, output) = await SimulateAsync(words);

            code.ShouldBe(0, $"{command}\n{output}");
        }
    }

    static string PathOf(string sample) => Repository.PathOf($"samples/scenarios/{sample}");

    static int CountOf(Scenario scenario, int enough)
    {
        var (stream, count) = (new Arrivals(scenario), 0);
        while (count < enough && stream.TryNext(out _))
        {
            count++;
        }

        return count;
    }

    static async Task<(int Code, string Output)> SimulateAsync(params string[] arguments)
    {
        await using var writer = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
        console.Profile.Width = 200;
        var command = SimulateCommand.Create(console, TimeProvider.System);
        return (await command.Parse(arguments).InvokeAsync(), writer.ToString());
    }

    [GeneratedRegex(@"^\./sahab simulate (.+)$", RegexOptions.Multiline)]
    private static partial Regex Command();
}
