using Sahab.Emulator.Faults;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Tests.Faults;
using Xunit.Abstractions;

namespace Sahab.Server.Tests.Conformance;

/// <summary>
/// The fault run over all clouds at once, each with its own errors and its own way to break: calls end well or
/// honestly, and the ledger is the sum of the clouds' bills.
/// </summary>
public sealed class DialectFaultTests(ITestOutputHelper output)
{
    const int MaxPrompt = 2500;
    const int MaxOutput = 80;

    [Fact]
    public Task Each_fault_at_some_cloud_loses_no_call_and_no_token() =>
        RunAsync((fault, dialect) => fault % ConformanceHouse.Dialects.Count == dialect, TimeSpan.FromSeconds(1.5));

    [Fact]
    [Trait("Suite", "All")]
    public Task Each_fault_at_each_cloud_loses_no_call_and_no_token() =>
        RunAsync((_, _) => true, TimeSpan.FromSeconds(4));

    /// <param name="strikes">Whether a fault, by its number, strikes a dialect, by its.</param>
    async Task RunAsync(Func<int, int, bool> strikes, TimeSpan each)
    {
        var plan = (
            from fault in Enumerable.Range(0, FaultRunTests.Faults.Length)
            from dialect in Enumerable.Range(0, ConformanceHouse.Dialects.Count)
            where strikes(fault, dialect)
            select (FaultRunTests.Faults[fault].Fault, ConformanceHouse.Dialects[dialect].Name)).ToList();
        await using var house = await ConformanceHouse.StartSharedAsync();
        using var client = new LoadClient(house.Address);
        var seconds = (plan.Count * each.TotalSeconds) + 2;
        var speed = FaultHouse.TraceSpeed * ConformanceHouse.Dialects.Count / 4;
        var playing = client.PlayAsync([
            .. Trace.Read(seconds, speed, MaxPrompt, MaxOutput, seed: 3)
                .Select(call => (call.At, call.Plan with { IsExact = false })),
        ]);
        foreach (var (fault, cloud) in plan)
        {
            await house.Clouds.AddFaultAsync(fault with
            {
                Cloud = cloud,
                DurationSeconds = each.TotalSeconds * 0.8,
                // An answer may end before its limit here, and a figure that is only a little wrong is one that nobody
                // can doubt before the invoice comes.
                Factor = fault.Kind == FaultKind.WrongUsage ? 1000 : fault.Factor,
            });
            await Task.Delay(each);
        }

        var calls = await playing;
        FaultHouse.ShouldHaveEndedHonestly(calls);
        var books = await Books.CloseAsync(house);
        output.WriteLine(
            $"{calls.Count} calls, {calls.Count(call => call.IsWhole)} whole, {calls.Count(call => call.IsBroken)} broken, "
            + $"{calls.Count(call => call.Left)} left; {books.Events.Count} attempts, {books.Flagged.Count()} flagged");
        books.ShouldAgreeButForFlagged();
        books.Events.Select(usage => usage.Provider).Distinct().Count().ShouldBe(ConformanceHouse.Dialects.Count);
        var balances = await house.Get<UsageStore>().BalancesAsync(CancellationToken.None);
        balances.Sum(balance => balance.Usd).ShouldBe(0m);
    }
}
