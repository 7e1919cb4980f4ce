using System.Net;
using System.Text.Json;
using Sahab.Emulator.Configuration;
using Sahab.Emulator.Engine;
using Sahab.Emulator.Faults;
using static Sahab.Emulator.Tests.Clouds;

namespace Sahab.Emulator.Tests.Faults;

public class FaultTests
{
    /// <summary>Streams of half a second that no test waits for.</summary>
    static readonly ProfileConfig Slow = new() { FirstTokenMs = 1, TokensPerSecond = 100, Sigma = 0 };

    [Fact]
    public async Task Down_refuses_connections_until_it_is_over()
    {
        await using var clouds = await StartAsync();
        (await clouds.StreamAsync("vllm", Chat())).Done.ShouldBeTrue();
        var fault = await clouds.Host.AddFaultAsync(new() { Cloud = "vllm", Kind = FaultKind.Down });
        var refused = await Should.ThrowAsync<HttpRequestException>(() => clouds.StreamAsync("vllm", Chat()));
        refused.HttpRequestError.ShouldBe(HttpRequestError.ConnectionError);
        (await clouds.StreamAsync("azure", Chat())).Done.ShouldBeTrue();
        await clouds.Host.RemoveFaultAsync(fault.Id);
        (await clouds.StreamAsync("vllm", Chat())).Done.ShouldBeTrue();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("north")]
    public async Task Down_cuts_what_runs_and_the_last_figure_told_is_the_bill(string? region)
    {
        await using var clouds = await StartAsync(profile: Slow);
        var streams = Enumerable.Range(0, 20).Select(_ => clouds.StreamAsync("vllm", Chat(4000))).ToList();
        var whole = clouds.AskAsync("vllm", Chat(4000, stream: false));
        await UntilAsync(() => clouds.Host.RunningCalls("vllm") == 21);
        await clouds.StreamAsync("vllm", Chat(10));
        await clouds.Host.AddFaultAsync(new() { Cloud = "vllm", Region = region, Kind = FaultKind.Down });
        var cut = await Task.WhenAll(streams);
        await Should.ThrowAsync<HttpRequestException>(() => whole);
        await Should.ThrowAsync<HttpRequestException>(() => clouds.StreamAsync("vllm", Chat()));
        cut.ShouldAllBe(s => s.Broken && s.Tokens > 0);
        var bill = clouds.Host.ReadBill("vllm").ShouldHaveSingleItem();
        bill.Billed.Output.ShouldBe(cut.Sum(s => s.LastUsage!.Value.Output) + 10);
        bill.Billed.Prompt.ShouldBe(21 * 3);
    }

    [Fact]
    public async Task A_region_that_is_down_leaves_the_others_alone()
    {
        await using var clouds = await StartAsync();
        await clouds.Host.AddFaultAsync(new() { Cloud = "azure", Region = "north", Kind = FaultKind.Down });
        await Should.ThrowAsync<HttpRequestException>(
            () => clouds.PostAsync("azure", Chat(), "north/v1/chat/completions"));
        (await clouds.StreamAsync("azure", Chat(), "south/v1/chat/completions")).Done.ShouldBeTrue();
    }

    [Theory]
    [InlineData("openai")]
    [InlineData("azure")]
    [InlineData("google")]
    [InlineData("vllm")]
    public async Task A_storm_refuses_with_the_retry_after_that_was_asked_for(string cloud)
    {
        await using var clouds = await StartAsync();
        await clouds.Host.AddFaultAsync(new() { Cloud = cloud, Kind = FaultKind.Throttle, RetryAfterSeconds = 7 });
        using var answer = await clouds.PostAsync(cloud, Chat());
        answer.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        answer.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(7));
        clouds.Host.ReadBill(cloud).Single().Billed.ShouldBe(Usage.None);
    }

    [Fact]
    public async Task Errors_strike_at_their_rate()
    {
        await using var clouds = await StartAsync();
        await clouds.Host.AddFaultAsync(new() { Cloud = "openai", Kind = FaultKind.Error, Status = 502, Rate = 0.3 });
        var failed = 0;
        for (var i = 0; i < 400; i++)
        {
            using var answer = await clouds.PostAsync("openai", Chat(1, stream: false));
            failed += answer.StatusCode == HttpStatusCode.BadGateway ? 1 : 0;
        }
        failed.ShouldBeInRange(80, 160);
        var bill = clouds.Host.ReadBill("openai").Single();
        (bill.Requests, bill.Unbilled, bill.Billed.Output).ShouldBe((400 - failed, failed, 400 - failed));
    }

    [Theory]
    [InlineData("vllm", 5)]
    [InlineData("vllm", 0)]
    [InlineData("openai", 5)]
    public async Task A_cut_ends_the_connection_after_exactly_so_many_tokens(string cloud, int after)
    {
        await using var clouds = await StartAsync();
        await clouds.Host.AddFaultAsync(new() { Cloud = cloud, Kind = FaultKind.Cut, AfterTokens = after });
        var stream = await clouds.StreamAsync(cloud, Chat());
        (stream.Broken, stream.Done, stream.Tokens).ShouldBe((true, false, after));
        var bill = clouds.Host.ReadBill(cloud).Single();
        bill.Billed.ShouldBe(cloud == "vllm" && after > 0 ? new Usage(3, 0, after, 0) : Usage.None);
        bill.Served.Output.ShouldBe(after);
        await Should.ThrowAsync<HttpRequestException>(() => clouds.AskAsync(cloud, Chat(stream: false)));
    }

    [Fact]
    public async Task A_cut_call_bills_what_the_last_chunk_told_wherever_it_is_cut()
    {
        await using var clouds = await StartAsync(profile: new() { FirstTokenMs = 1, TokensPerSecond = 4000 });
        await clouds.Host.AddFaultAsync(new() { Cloud = "vllm", Kind = FaultKind.Cut, Rate = 0.7 });
        await clouds.Host.AddFaultAsync(
            new() { Cloud = "vllm", Kind = FaultKind.WrongUsage, Mode = WrongUsageMode.Inflated, Rate = 0.3 });
        var streams = await Task.WhenAll(
            Enumerable.Range(0, 100).Select(i => clouds.StreamAsync("vllm", Chat(20 + i))));
        streams.Count(s => s.Broken).ShouldBeInRange(40, 95);
        await clouds.Host.WhenQuietAsync("vllm");
        var bill = clouds.Host.ReadBill("vllm").Single();
        bill.Billed.Output.ShouldBe(streams.Sum(s => s.LastUsage!.Value.Output));
        bill.Billed.Prompt.ShouldBe(streams.Sum(s => s.LastUsage!.Value.Prompt));
        bill.Served.Output.ShouldBe(streams.Sum(s => s.Tokens));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_stall_lasts_until_the_client_leaves(bool stream)
    {
        await using var clouds = await StartAsync();
        await clouds.Host.AddFaultAsync(new() { Cloud = "vllm", Kind = FaultKind.Stall });
        using var leave = new CancellationTokenSource();
        using var request = clouds.Request("vllm", "v1/chat/completions", Chat(stream: stream));
        var call = clouds.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, leave.Token);
        if (stream)
        {
            await using var body = await (await call).Content.ReadAsStreamAsync(leave.Token);
            var seen = "";
            for (var buffer = new byte[4096]; !seen.Contains("\"completion_tokens\":1,", StringComparison.Ordinal);)
            {
                seen += System.Text.Encoding.UTF8.GetString(buffer, 0, await body.ReadAsync(buffer, leave.Token));
            }
            clouds.Host.RunningCalls("vllm").ShouldBe(1);
        }
        else
        {
            await UntilAsync(() => clouds.Host.RunningCalls("vllm") == 1);
            await leave.CancelAsync();
            await Should.ThrowAsync<OperationCanceledException>(() => call);
        }
        await clouds.Host.WhenQuietAsync("vllm");
        clouds.Host.ReadBill("vllm").Single().Billed.ShouldBe(stream ? new Usage(3, 0, 1, 0) : Usage.None);
    }

    [Theory]
    [InlineData("vllm", 0)]
    [InlineData("vllm", 4)]
    [InlineData("openai", 4)]
    [InlineData("google", 0)]
    public async Task An_error_can_come_inside_a_200(string cloud, int after)
    {
        await using var clouds = await StartAsync();
        await clouds.Host.AddFaultAsync(new() { Cloud = cloud, Kind = FaultKind.ErrorIn200, AfterTokens = after });
        var stream = await clouds.StreamAsync(cloud, Chat());
        stream.Events[^1].GetProperty("error").GetProperty("message").GetString().ShouldNotBeEmpty();
        stream.Events.Count(e => e.TryGetProperty("error", out _)).ShouldBe(1);
        (stream.Tokens, stream.Done).ShouldBe((after, cloud == "vllm"));
        clouds.Host.ReadBill(cloud).Single().Billed
            .ShouldBe(cloud == "vllm" && after > 0 ? new Usage(3, 0, after, 0) : Usage.None);
        clouds.Host.ClearBills();
        var whole = await clouds.AskAsync(cloud, Chat(stream: false));
        whole.GetProperty("error").GetProperty("message").GetString().ShouldNotBeEmpty();
        clouds.Host.ReadBill(cloud).Single().Billed.ShouldBe(Usage.None);
    }

    [Theory]
    [InlineData(WrongUsageMode.Inflated, null, 18L, 18)]
    [InlineData(WrongUsageMode.Misreported, null, 18L, 12)]
    [InlineData(WrongUsageMode.Missing, null, null, 12)]
    [InlineData(WrongUsageMode.Inflated, 0.5, 6L, 6)]
    [InlineData(WrongUsageMode.Misreported, 0.5, 6L, 12)]
    [InlineData(WrongUsageMode.Misreported, 0.01, 1L, 12)]
    public async Task Usage_can_be_wrong_in_three_ways_and_too_high_or_too_low(
        WrongUsageMode mode, double? factor, long? told, int billed)
    {
        await using var clouds = await StartAsync();
        await clouds.Host.AddFaultAsync(
            new() { Cloud = "vllm", Kind = FaultKind.WrongUsage, Mode = mode, Factor = factor });
        (await clouds.StreamAsync("vllm", Chat())).LastUsage?.Output.ShouldBe(told ?? -1);
        var whole = await clouds.AskAsync("vllm", Chat(stream: false));
        whole.TryGetProperty("usage", out var usage).ShouldBe(told is not null);
        if (told is not null)
        {
            usage.GetProperty("completion_tokens").GetInt64().ShouldBe(told.Value);
        }
        var bill = clouds.Host.ReadBill("vllm").Single();
        (bill.Billed.Output, bill.Served.Output).ShouldBe((2 * billed, 24));
    }

    [Fact]
    public async Task Usage_that_is_told_too_low_is_low_in_every_chunk_and_its_parts_fit_into_it()
    {
        await using var clouds = await StartAsync();
        await clouds.Host.AddFaultAsync(new()
        {
            Cloud = "vllm",
            Kind = FaultKind.WrongUsage,
            Mode = WrongUsageMode.Misreported,
            Factor = 0.25,
        });
        var stream = await clouds.StreamAsync("vllm", Chat(40).Replace("\"chat\"", "\"thinker\"", StringComparison.Ordinal));
        stream.Done.ShouldBeTrue();
        var figures = stream.Events
            .Where(e => e.TryGetProperty("usage", out var usage) && usage.ValueKind == JsonValueKind.Object)
            .Select(e => e.GetProperty("usage"))
            .Select(u => (Output: u.GetProperty("completion_tokens").GetInt64(),
                Prompt: u.GetProperty("prompt_tokens").GetInt64(),
                Total: u.GetProperty("total_tokens").GetInt64(),
                Reasoning: u.TryGetProperty("completion_tokens_details", out var parts)
                    && parts.ValueKind == JsonValueKind.Object
                    ? parts.GetProperty("reasoning_tokens").GetInt64() : 0))
            .ToList();
        figures.Count.ShouldBeGreaterThan(10);
        figures.Select(f => f.Output).ShouldBeInOrder();
        figures.ShouldAllBe(f => f.Total == f.Prompt + f.Output && f.Reasoning <= f.Output);
        figures[^1].Output.ShouldBe(10);
        figures[^1].Reasoning.ShouldBeGreaterThan(0);
        var line = clouds.Host.ReadBillLines("vllm").ShouldHaveSingleItem();
        (line.Billed.Output, line.Served.Output).ShouldBe((40, 40));
    }

    [Fact]
    public async Task Slow_multiplies_the_time_that_everything_takes()
    {
        var board = FaultDraw.Nothing.With(new() { Cloud = "x", Kind = FaultKind.Slow, Factor = 3 })
            .With(new() { Cloud = "x", Kind = FaultKind.Slow, Factor = 2 });
        board.SlowFactor.ShouldBe(6);
        await using var clouds = await StartAsync(
            profile: new() { FirstTokenMs = 40, TokensPerSecond = 1e6, Sigma = 0 });
        await clouds.Host.AddFaultAsync(new() { Cloud = "openai", Kind = FaultKind.Slow, Factor = 10 });
        var before = TimeProvider.System.GetTimestamp();
        await clouds.StreamAsync("openai", Chat(2));
        TimeProvider.System.GetElapsedTime(before).TotalMilliseconds.ShouldBeGreaterThan(399);
    }

    [Fact]
    public async Task A_fault_with_a_duration_ends_by_itself()
    {
        await using var clouds = await StartAsync();
        await clouds.Host.AddFaultAsync(new() { Cloud = "vllm", Kind = FaultKind.Down, DurationSeconds = 0.1 });
        await UntilAsync(() => clouds.Host.ActiveFaults.Count == 0);
        // The fault is over a moment before the socket listens again.
        await clouds.Host.ClearFaultsAsync();
        (await clouds.StreamAsync("vllm", Chat())).Done.ShouldBeTrue();
    }

    [Fact]
    public async Task Faults_that_make_no_sense_are_refused()
    {
        await using var clouds = await StartAsync();
        foreach (var spec in (FaultSpec[])[
            new() { Cloud = "none", Kind = FaultKind.Down },
            new() { Cloud = "vllm", Region = "none", Kind = FaultKind.Down },
            new() { Cloud = "vllm", Model = "none", Kind = FaultKind.Down },
            new() { Cloud = "vllm", Kind = FaultKind.Error, Status = 404 },
            new() { Cloud = "vllm", Kind = FaultKind.Cut, Rate = 0 },
            new() { Cloud = "vllm", Kind = FaultKind.Slow, Factor = -1 }])
        {
            await Should.ThrowAsync<ArgumentException>(() => clouds.Host.AddFaultAsync(spec));
        }
        clouds.Host.ActiveFaults.ShouldBeEmpty();
    }

    static async Task UntilAsync(Func<bool> condition)
    {
        using var giveUp = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!condition())
        {
            giveUp.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
