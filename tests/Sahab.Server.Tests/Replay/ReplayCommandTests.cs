using System.Globalization;
using System.Text.Json.Nodes;
using Sahab.Emulator.Configuration;
using Sahab.Emulator.Faults;
using Sahab.Server.Hosting.Commands;
using Sahab.Server.Tests.Configuration;
using Sahab.Server.Tests.House;
using Spectre.Console;

namespace Sahab.Server.Tests.Replay;

public class ReplayCommandTests
{
    [Fact]
    public async Task Calls_and_tokens_are_those_of_the_trace_and_of_the_clouds_own_bill()
    {
        await using var house = await TestHouse.StartAsync();
        using var folder = new TemporaryFolder();
        WriteTrace(folder, requests: 60, intervalMs: 5);

        var (code, output) = await ReplayAsync(house, folder, "--json", "--admin-key-env", "ADMIN", "--seed", "9", "--exact-output");

        code.ShouldBe(0, output);
        var report = JsonNode.Parse(output)!;
        ((long)report["calls"]!["sent"]!).ShouldBe(60);
        ((long)report["calls"]!["succeeded"]!).ShouldBe(60);
        ((long)report["open_loop"]!["held_back"]!).ShouldBe(0);
        ((long)report["total_ms"]!["count"]!).ShouldBe(60);
        ((long)report["first_token_ms"]!["count"]!).ShouldBeInRange(30, 59);
        var bill = house.Clouds.ReadBill();
        Sum(report, "prompt_tokens").ShouldBe(Enumerable.Range(0, 60).Sum(PromptOf));
        Sum(report, "output_tokens").ShouldBe(Enumerable.Range(0, 60).Sum(OutputOf));
        Sum(report, "prompt_tokens").ShouldBe(bill.Sum(entry => entry.Billed.Prompt));
        Sum(report, "cached_tokens").ShouldBe(bill.Sum(entry => entry.Billed.Cached));
        Sum(report, "output_tokens").ShouldBe(bill.Sum(entry => entry.Billed.Output));
        await house.DrainLedgerAsync();
        using var admin = house.Client(TestHouse.AdminKey);
        var usage = JsonNode.Parse(await admin.GetStringAsync(new Uri("/api/usage?by=model", UriKind.Relative)))!;
        var cost = report["providers"]!.AsArray()
            .Sum(row => decimal.Parse(row!["cost_usd"]!.ToString(), CultureInfo.InvariantCulture));
        cost.ShouldBe(decimal.Parse(
            usage["data"]!.AsArray().ShouldHaveSingleItem()!["cost_usd"]!.ToString(), CultureInfo.InvariantCulture));
        cost.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Requests_leave_when_they_are_due_however_slow_the_clouds_are()
    {
        await using var house = await TestHouse.StartAsync(clouds: SlowClouds());
        using var folder = new TemporaryFolder();
        WriteTrace(folder, requests: 40, intervalMs: 10);

        var (code, output) = await ReplayAsync(house, folder, "--json", "--stream-share", "0");

        code.ShouldBe(0, output);
        var report = JsonNode.Parse(output)!;
        ((long)report["open_loop"]!["held_back"]!).ShouldBe(0);
        // Were each to wait for the one before it, the last would be late by 39 times the time of a call.
        ((double)report["open_loop"]!["lateness_ms"]!["max"]!).ShouldBeLessThan(
            10 * (double)report["total_ms"]!["p50"]!);
        ((double)report["total_ms"]!["p50"]!).ShouldBeGreaterThan(500);
    }

    [Fact]
    public async Task A_full_house_of_calls_holds_requests_back_and_says_so()
    {
        await using var house = await TestHouse.StartAsync(clouds: SlowClouds());
        using var folder = new TemporaryFolder();
        WriteTrace(folder, requests: 12, intervalMs: 1);

        var (code, output) = await ReplayAsync(house, folder, "--max-in-flight", "4");

        code.ShouldBe(0, output);
        output.ShouldContain("12 went well");
        output.ShouldContain("NOT an open loop: 8 requests waited, with 4 calls in flight");
    }

    [Fact]
    public async Task Errors_are_told_by_status_and_code_and_make_the_command_fail()
    {
        await using var house = await TestHouse.StartAsync();
        using var folder = new TemporaryFolder();
        WriteTrace(folder, requests: 3, intervalMs: 1);

        var (code, output) = await ReplayAsync(house, folder, "--model", "no-such-model");

        code.ShouldBe(ReplayCommand.CallsFailed);
        output.ShouldContain("3 failed");
        output.ShouldContain("404 model_not_found");
    }

    [Fact]
    public async Task Streams_that_break_are_failures()
    {
        await using var house = await TestHouse.StartAsync();
        foreach (var cloud in (string[])["azure", "own"])
        {
            await house.Clouds.AddFaultAsync(new FaultSpec { Cloud = cloud, Kind = FaultKind.Cut, AfterTokens = 3 });
        }

        using var folder = new TemporaryFolder();
        WriteTrace(folder, requests: 5, intervalMs: 1);

        var (code, output) = await ReplayAsync(house, folder, "--stream-share", "1", "--json");

        code.ShouldBe(ReplayCommand.CallsFailed);
        var report = JsonNode.Parse(output)!;
        ((long)report["calls"]!["failed"]!).ShouldBe(5);
        report["errors"]!.AsArray().ShouldAllBe(error => (int)error!["status"]! == 200);
    }

    [Fact]
    public async Task Honest_refusals_are_counted_apart_and_do_not_fail_the_command()
    {
        await using var house = await TestHouse.StartAsync(Samples.TwoCloudsYaml.Replace(
            "demo: { secret: { env: DEMO_KEY } }",
            "demo: { secret: { env: DEMO_KEY }, limits: { requests_per_minute: 4 } }",
            StringComparison.Ordinal));
        using var folder = new TemporaryFolder();
        WriteTrace(folder, requests: 10, intervalMs: 1);

        var (code, output) = await ReplayAsync(house, folder);

        code.ShouldBe(0, output);
        output.ShouldContain("4 went well, 6 refused with 429 or 503, 0 failed");
    }

    [Fact]
    public async Task A_duration_ends_a_loop()
    {
        await using var house = await TestHouse.StartAsync();
        using var folder = new TemporaryFolder();
        WriteTrace(folder, requests: 2, intervalMs: 50);

        var (code, output) = await ReplayAsync(house, folder, "--loop", "--duration", "1s", "--json");

        code.ShouldBe(0, output);
        // A round takes 100 ms: the trace's interval, and another one until the next round.
        ((long)JsonNode.Parse(output)!["calls"]!["sent"]!).ShouldBe(20);
    }

    [Fact]
    public async Task Told_to_stop_it_gives_up_what_is_in_flight_and_reports()
    {
        await using var house = await TestHouse.StartAsync();
        foreach (var cloud in (string[])["azure", "own"])
        {
            await house.Clouds.AddFaultAsync(new FaultSpec { Cloud = cloud, Kind = FaultKind.Stall, AfterTokens = 1 });
        }

        using var folder = new TemporaryFolder();
        WriteTrace(folder, requests: 1, intervalMs: 1);
        using var stop = new CancellationTokenSource();
        var replay = ReplayAsync(house, folder, stop.Token, "--stream-share", "1", "--loop");
        while (house.Clouds.RunningCalls("azure") + house.Clouds.RunningCalls("own") == 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }

        await stop.CancelAsync();

        (await replay).Output.ShouldContain("in flight when the replay was stopped");
    }

    [Fact]
    public async Task A_trace_that_is_not_valid_sends_nothing()
    {
        await using var house = await TestHouse.StartAsync();
        using var folder = new TemporaryFolder();
        folder.Write("trace.csv", "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46,3,4\nnonsense,3,4\n");

        var (code, output) = await ReplayAsync(house, folder);

        code.ShouldBe(ReplayCommand.NotBegun);
        output.ShouldContain("trace.csv:3: 'nonsense' is not a time");
        house.Clouds.ReadBill().Sum(entry => entry.Requests + entry.Unbilled).ShouldBe(0);
    }

    [Theory]
    [InlineData("--speed", "0", "--speed must be above 0")]
    [InlineData("--stream-share", "1.5", "--stream-share must be from 0 to 1")]
    [InlineData("--duration", "soon", "--duration 'soon' is not a duration")]
    [InlineData("--url", "ftp://x", "'ftp://x' is not the address of a server")]
    [InlineData("--key-env", "NO_SUCH_KEY", "The environment variable NO_SUCH_KEY holds no key")]
    public async Task Options_out_of_range_are_named(string option, string value, string message)
    {
        var (code, output) = await InvokeAsync(
            ["--trace", Repository.PathOf("samples/traces/conversation-2023.csv"), option, value], default);

        code.ShouldBe(ReplayCommand.NotBegun);
        output.ShouldContain(message);
    }

    static Task<(int Code, string Output)> ReplayAsync(TestHouse house, TemporaryFolder folder, params string[] more) =>
        ReplayAsync(house, folder, CancellationToken.None, more);

    static Task<(int Code, string Output)> ReplayAsync(
        TestHouse house, TemporaryFolder folder, CancellationToken stop, params string[] more)
    {
        string[] model = more.Contains("--model") ? [] : ["--model", "small"];
        return InvokeAsync(
            [
                "--trace", folder.PathOf("trace.csv"), "--url", house.Address.ToString(),
                "--key", TestHouse.DemoKey, .. model, .. more,
            ],
            stop);
    }

    static async Task<(int Code, string Output)> InvokeAsync(string[] arguments, CancellationToken stop)
    {
        await using var writer = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
        var command = ReplayCommand.Create(
            console, name => name == "ADMIN" ? TestHouse.AdminKey : null, TimeProvider.System);
        var code = await command.Parse(arguments).InvokeAsync(cancellationToken: stop);
        return (code, writer.ToString());
    }

    /// <summary>Clouds that think for two seconds before they say a word.</summary>
    static EmulatorConfig SlowClouds() => Samples.TwoClouds() with
    {
        Latency = Latency.Realistic,
        Models = new()
        {
            ["small"] = new ModelConfig
            {
                ContextTokens = 32_768,
                Profile = new ProfileConfig { FirstTokenMs = 2000, TokensPerSecond = 1000, Sigma = 0.05 },
            },
            ["vectors"] = new ModelConfig { Kind = ModelKind.Embedding },
        },
    };

    static int PromptOf(int index) => 1 + (index * 37);

    static int OutputOf(int index) => 1 + (index % 23);

    static void WriteTrace(TemporaryFolder folder, int requests, int intervalMs)
    {
        var begin = new DateTime(2023, 11, 16, 18, 15, 46, DateTimeKind.Utc);
        var lines = Enumerable.Range(0, requests).Select(index => string.Create(
            CultureInfo.InvariantCulture,
            $"{begin.AddMilliseconds(index * intervalMs):O},{PromptOf(index)},{OutputOf(index)}"));
        folder.Write("trace.csv", "TIMESTAMP,ContextTokens,GeneratedTokens\n" + string.Join('\n', lines) + "\n");
    }

    static long Sum(JsonNode report, string figure) =>
        report["providers"]!.AsArray().Sum(row => (long)row![figure]!);
}
