using Sahab.Emulator.Faults;
using Sahab.Ledger.Rating;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Tests.House;
using Xunit.Abstractions;

namespace Sahab.Server.Tests.Faults;

/// <summary>
/// The conversation trace plays against clouds at some 70 % of their capacity while one of them misbehaves in each way
/// there is. Whatever happens, calls end well or honestly, nothing stays held, and the ledger is the sum of the bills.
/// </summary>
public sealed class FaultRunTests(ITestOutputHelper output)
{
    const int MaxPrompt = 2500;
    const int MaxOutput = 120;

    /// <summary>How often the calls are made, if the fault strikes none of them.</summary>
    const int MostRounds = 4;

    /// <summary>Each fault; the cloud is filled in.</summary>
    internal static readonly (string Name, FaultSpec Fault)[] Faults =
    [
        ("down", new FaultSpec { Cloud = "", Kind = FaultKind.Down, DurationSeconds = 1.5 }),
        ("slow", new FaultSpec { Cloud = "", Kind = FaultKind.Slow, Factor = 3 }),
        ("throttle", new FaultSpec { Cloud = "", Kind = FaultKind.Throttle, RetryAfterSeconds = 1, Rate = 0.7 }),
        ("error", new FaultSpec { Cloud = "", Kind = FaultKind.Error, Status = 502, Rate = 0.5 }),
        ("stall", new FaultSpec { Cloud = "", Kind = FaultKind.Stall, AfterTokens = 1, Rate = 0.3 }),
        ("cut", new FaultSpec { Cloud = "", Kind = FaultKind.Cut, Rate = 0.5 }),
        ("cut-first", new FaultSpec { Cloud = "", Kind = FaultKind.Cut, AfterTokens = 0, Rate = 0.5 }),
        ("error-before", new FaultSpec { Cloud = "", Kind = FaultKind.ErrorIn200, AfterTokens = 0, Rate = 0.5 }),
        ("error-after", new FaultSpec { Cloud = "", Kind = FaultKind.ErrorIn200, AfterTokens = 2, Rate = 0.5 }),
        ("inflated", Wrong(WrongUsageMode.Inflated)),
        ("missing", Wrong(WrongUsageMode.Missing)),
        ("misreported", Wrong(WrongUsageMode.Misreported)),
    ];

    [Theory]
    [InlineData("down", "azure")]
    [InlineData("down", "own")]
    [InlineData("slow", "own")]
    [InlineData("throttle", "azure")]
    [InlineData("throttle", "own")]
    [InlineData("error", "azure")]
    [InlineData("stall", "azure")]
    [InlineData("stall", "own")]
    [InlineData("cut", "azure")]
    [InlineData("cut", "own")]
    [InlineData("cut-first", "own")]
    [InlineData("error-before", "azure")]
    [InlineData("error-after", "azure")]
    [InlineData("error-after", "own")]
    [InlineData("inflated", "azure")]
    [InlineData("inflated", "own")]
    [InlineData("missing", "azure")]
    [InlineData("missing", "own")]
    [InlineData("misreported", "azure")]
    [InlineData("misreported", "own")]
    public Task A_fault_loses_no_call_and_no_token(string fault, string cloud) =>
        RunAsync(fault, cloud, seconds: 2.5, MaxOutput);

    [Theory]
    [Trait("Suite", "All")]
    [MemberData(nameof(Everything))]
    public Task A_long_fault_loses_no_call_and_no_token(string fault, string cloud) =>
        RunAsync(fault, cloud, seconds: 20, maxOutput: 300);

    [Fact]
    [Trait("Suite", "All")]
    public async Task One_fault_after_another_in_one_run_loses_no_call_and_no_token()
    {
        await using var house = await FaultHouse.StartAsync(FaultHouse.Yaml(firstByte: "8s", betweenChunks: "3s"));
        using var client = new LoadClient(house.Address);
        const int OutageSeconds = 60;
        var seconds = OutageSeconds + 10 + (Faults.Length * 2 * 5);
        var playing = client.PlayAsync(Trace.Read(seconds, FaultHouse.TraceSpeed, MaxPrompt, MaxOutput, seed: 1));
        await Task.Delay(TimeSpan.FromSeconds(2));
        await house.Clouds.AddFaultAsync(Faults[0].Fault with { Cloud = "own", DurationSeconds = OutageSeconds });
        await Task.Delay(TimeSpan.FromSeconds(OutageSeconds + 2));
        foreach (var cloud in new[] { "azure", "own" })
        {
            foreach (var (_, fault) in Faults)
            {
                await house.Clouds.AddFaultAsync(fault with { Cloud = cloud, DurationSeconds = 4 });
                await Task.Delay(TimeSpan.FromSeconds(5));
            }
        }

        var calls = await playing;
        FaultHouse.ShouldHaveEndedHonestly(calls);
        var books = await Books.CloseAsync(house);
        Tell("all", "both", calls, books, seconds);
        books.ShouldAgreeButForFlagged();
        await PostingsSumToZeroAsync(house);
    }

    public static TheoryData<string, string> Everything()
    {
        var data = new TheoryData<string, string>();
        foreach (var (name, _) in Faults)
        {
            data.Add(name, "azure");
            data.Add(name, "own");
        }

        return data;
    }

    async Task RunAsync(string name, string cloud, double seconds, int maxOutput)
    {
        var isStall = name == "stall";
        // A stall is found soon; where nothing stalls, a machine that is busy with other things must not look like one.
        await using var house = await FaultHouse.StartAsync(
            isStall ? FaultHouse.Yaml(firstByte: "5s", betweenChunks: "1500ms") : FaultHouse.Yaml());
        using var client = new LoadClient(house.Address);
        var trace = Trace.Read(seconds, FaultHouse.TraceSpeed, MaxPrompt, maxOutput, seed: (ulong)name.Length);
        var playing = client.PlayAsync(trace);
        await Task.Delay(TimeSpan.FromSeconds(seconds / 5));
        var spec = Faults.Single(fault => fault.Name == name).Fault with { Cloud = cloud, DurationSeconds = null };
        var fault = await house.Clouds.AddFaultAsync(spec);
        await Task.Delay(TimeSpan.FromSeconds(seconds * 3 / 5));
        // A machine that stood still meanwhile has made no calls for it to strike: then they are made again.
        var calls = new List<CallEnd>();
        for (var rounds = 1; !await HasStruckAsync(name, cloud, client, house) && !(playing.IsCompleted && rounds == MostRounds);)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50));
            if (playing.IsCompleted && rounds < MostRounds)
            {
                rounds++;
                calls.AddRange(await playing);
                playing = client.PlayAsync(trace);
            }
        }

        await house.Clouds.RemoveFaultAsync(fault.Id);
        calls.AddRange(await playing);
        FaultHouse.ShouldHaveEndedHonestly(calls);
        var books = await Books.CloseAsync(house);
        Tell(name, cloud, calls, books, seconds);
        Judge(name, cloud, calls, books);
        await PostingsSumToZeroAsync(house);
    }

    static void Judge(string name, string cloud, List<CallEnd> calls, Books books)
    {
        switch (name)
        {
            case "missing" or "misreported":
                books.Flagged.ShouldAllBe(usage => usage.Provider == cloud);
                break;
            case "inflated":
                books.Flagged.ShouldAllBe(usage => (usage.Flags & UsageFlags.Suspect) != 0);
                books.ShouldAgree();
                break;
            case "stall":
                // What we give up ourselves is not sure, and nothing else is.
                books.Flagged.ShouldAllBe(usage =>
                    usage.Outcome == AttemptOutcome.Stalled || usage.Outcome == AttemptOutcome.TimedOut);
                break;
            default:
                books.Flagged.ShouldBeEmpty();
                books.ShouldAgree();
                break;
        }

        books.ShouldAgreeButForFlagged();
        // Otherwise nothing was proved.
        books.Events.ShouldContain(usage => IsStruck(name, cloud, usage));
        if (BreaksStreams(name))
        {
            calls.ShouldContain(call => call.IsBroken);
        }
    }

    static async Task<bool> HasStruckAsync(string name, string cloud, LoadClient client, TestHouse house) =>
        (!BreaksStreams(name) || client.Broken > 0)
        && (await Books.ReadEventsAsync(house.Get<UsageStore>())).Any(usage => IsStruck(name, cloud, usage));

    static bool BreaksStreams(string name) => name is "cut" or "error-after" or "stall";

    /// <summary>Whether an attempt shows what the fault does.</summary>
    static bool IsStruck(string name, string cloud, UsageEvent usage) => usage.Provider == cloud && name switch
    {
        "down" => usage.Outcome is AttemptOutcome.Unreachable or AttemptOutcome.Cut,
        "throttle" => usage.Outcome == AttemptOutcome.Throttled,
        "error" or "error-before" or "error-after" => usage.Outcome == AttemptOutcome.ServerError,
        "stall" => usage.Outcome == AttemptOutcome.Stalled,
        "cut" or "cut-first" => usage.Outcome == AttemptOutcome.Cut,
        "inflated" or "missing" or "misreported" => (usage.Flags & Books.Unsure) != 0,
        _ => usage.Outcome == AttemptOutcome.Succeeded,
    };

    static async Task PostingsSumToZeroAsync(TestHouse house)
    {
        var balances = await house.Get<UsageStore>().BalancesAsync(CancellationToken.None);
        balances.ShouldNotBeEmpty();
        balances.Sum(balance => balance.Usd).ShouldBe(0m);
    }

    void Tell(string name, string cloud, List<CallEnd> calls, Books books, double seconds)
    {
        var load = books.Events.Sum(usage => usage.Duration.TotalSeconds) / (seconds * 4 * FaultHouse.Concurrency);
        var statuses = string.Join(", ", calls.GroupBy(call => call.Left ? "left" : $"{call.Status}")
            .OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => $"{group.Key}: {group.Count()}"));
        var outcomes = string.Join(", ", books.Events.GroupBy(usage => usage.Outcome)
            .Select(group => $"{group.Key}: {group.Count()}"));
        output.WriteLine($"{name} at {cloud}: {calls.Count} calls ({statuses}) at {load:p0} load, "
            + $"{calls.Count(call => call.IsBroken)} streams broken, "
            + $"longest {calls.Max(call => call.Duration.TotalSeconds):f1} s; "
            + $"{books.Events.Count} attempts ({outcomes}), {books.Flagged.Count()} flagged");
        foreach (var (provider, billed) in books.Billed)
        {
            output.WriteLine($"  {provider}: billed {billed}, ledger minus bill {books.InLedger(provider) - billed}");
        }
    }

    static FaultSpec Wrong(WrongUsageMode mode) =>
        new() { Cloud = "", Kind = FaultKind.WrongUsage, Mode = mode, Rate = 0.5 };
}
