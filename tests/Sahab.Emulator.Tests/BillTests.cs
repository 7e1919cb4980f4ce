using Sahab.Emulator.Billing;
using Sahab.Emulator.Engine;
using static Sahab.Emulator.Tests.Clouds;

namespace Sahab.Emulator.Tests;

public class BillTests
{
    [Fact]
    public async Task The_bill_is_the_sum_of_what_clients_were_told_under_concurrency()
    {
        await using var clouds = await StartAsync(
            new() { Concurrency = 40 }, new() { FirstTokenMs = 2, TokensPerSecond = 5000 });
        var told = await Task.WhenAll(Enumerable.Range(0, 400).Select(async i =>
        {
            var (cloud, region) = (i % 2 == 0 ? "vllm" : "openai", i % 3 == 0 ? "north" : "south");
            var stream = await clouds.StreamAsync(
                cloud, Chat(1 + i % 37, content: new string('z', i)), $"{region}/v1/chat/completions",
                i % 5 == 0 ? "other-secret" : "secret");
            return (Account: new BillAccount(cloud, region, Model, i % 5 == 0 ? "other" : "demo"), stream.LastUsage);
        }));
        var expected = told.Where(t => t.LastUsage is not null).GroupBy(t => t.Account).ToDictionary(
            g => g.Key,
            g => (g.LongCount(), g.Sum(t => t.LastUsage!.Value.Prompt), g.Sum(t => t.LastUsage!.Value.Output)));
        var bill = clouds.Host.ReadBill().Where(e => e.Requests > 0).ToDictionary(
            e => e.Account, e => (e.Requests, e.Billed.Prompt, e.Billed.Output));
        expected.Count.ShouldBe(8);
        bill.ShouldBe(expected, ignoreOrder: true);
        clouds.Host.ReadBillLines("vllm").Count.ShouldBe(200);
        clouds.Host.ReadBillLines("vllm").Select(l => l.RequestId).Distinct().Count().ShouldBe(200);
    }

    [Fact]
    public async Task Clients_that_leave_pay_for_what_was_generated_until_that_was_noticed()
    {
        await using var clouds = await StartAsync(
            profile: new() { FirstTokenMs = 1, TokensPerSecond = 200, Sigma = 0 });
        await Task.WhenAll(Enumerable.Range(0, 40).Select(async i =>
        {
            using var request = clouds.Request("openai", "v1/chat/completions", Chat(4000));
            using var answer = await clouds.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            var body = await answer.Content.ReadAsStreamAsync();
            await body.ReadExactlyAsync(new byte[2000 + 50 * i]);
        }));
        await clouds.Host.WhenQuietAsync("openai");
        var lines = clouds.Host.ReadBillLines("openai");
        lines.Count.ShouldBe(40);
        lines.ShouldAllBe(l => l.Outcome == CallOutcome.ClientLeft && l.Billed == l.Served);
        lines.ShouldAllBe(l => l.Billed.Output >= 5 && l.Billed.Output < 4000);
    }

    [Fact]
    public async Task A_whole_answer_that_nobody_waits_for_is_billed_in_full()
    {
        await using var clouds = await StartAsync(
            profile: new() { FirstTokenMs = 200, TokensPerSecond = 1e6, Sigma = 0 });
        using var leave = new CancellationTokenSource();
        using var request = clouds.Request("openai", "v1/chat/completions", Chat(50, stream: false));
        var call = clouds.Http.SendAsync(request, leave.Token);
        while (clouds.Host.RunningCalls("openai") == 0 && !call.IsCompleted)
        {
            await Task.Yield();
        }
        await leave.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => call);
        await clouds.Host.WhenQuietAsync("openai");
        clouds.Host.ReadBill("openai").Single().Billed.ShouldBe(new Usage(3, 0, 50, 0));
    }

    [Fact]
    public void Lines_are_bounded_and_totals_are_not()
    {
        var bill = new Bill();
        for (var i = 0; i < Bill.MaxLines + 5; i++)
        {
            bill.Add(new BillLine
            {
                RequestId = $"{i}",
                At = DateTimeOffset.UnixEpoch,
                Account = new BillAccount("c", "r", "m", "k"),
                Operation = "chat.completions",
                Streamed = false,
                Outcome = CallOutcome.Answered,
                Billed = new Usage(1, 0, 1, 0),
                Served = new Usage(1, 0, 1, 0),
            });
        }
        bill.ReadLines().Count.ShouldBe(Bill.MaxLines);
        bill.ReadLines()[0].RequestId.ShouldBe("5");
        bill.ReadEntries().Single().Requests.ShouldBe(Bill.MaxLines + 5);
    }

    [Fact]
    public async Task A_call_is_entered_once_however_often_it_is_settled()
    {
        await using var clouds = await StartAsync();
        var config = Config();
        var cloud = new Cloud("vllm", config.Clouds["vllm"], config.Models);
        var call = new Call(cloud, cloud.Deployments.First(), "req", 1)
        {
            Key = "demo",
            Operation = "chat.completions",
            Streamed = true,
            Faults = Emulator.Faults.FaultDraw.Nothing,
        };
        Parallel.For(0, 64, _ => call.Settle(
            CallOutcome.Answered, new Usage(2, 0, 3, 0), Usage.None, DateTimeOffset.UnixEpoch));
        cloud.Bill.ReadEntries().Single().Billed.ShouldBe(new Usage(2, 0, 3, 0));
    }
}
