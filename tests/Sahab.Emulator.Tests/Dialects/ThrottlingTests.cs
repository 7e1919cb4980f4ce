using System.Net;
using System.Text.Json;
using static Sahab.Emulator.Tests.Clouds;

namespace Sahab.Emulator.Tests.Dialects;

public class ThrottlingTests
{
    [Fact]
    public async Task Openai_tells_which_limit_and_counts_down_in_headers()
    {
        await using var clouds = await StartAsync(new() { RequestsPerMinute = 2, TokensPerMinute = 10_000 });
        using var first = await clouds.PostAsync("openai", Chat(stream: false));
        Header(first, "x-ratelimit-limit-requests").ShouldBe("2");
        Header(first, "x-ratelimit-remaining-requests").ShouldBe("1");
        Header(first, "x-ratelimit-remaining-tokens").ShouldStartWith("99");
        Header(first, "x-ratelimit-reset-requests").ShouldEndWith("s");
        using var second = await clouds.PostAsync("openai", Chat(stream: false));
        using var third = await clouds.PostAsync("openai", Chat(stream: false));
        third.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        int.Parse(Header(third, "retry-after")).ShouldBeInRange(1, 30);
        int.Parse(Header(third, "retry-after-ms")).ShouldBeInRange(1, 30_000);
        var error = await ErrorAsync(third);
        (error.GetProperty("type").GetString(), error.GetProperty("code").GetString())
            .ShouldBe(("requests", "rate_limit_exceeded"));
    }

    [Fact]
    public async Task Azure_asks_for_a_day_where_a_request_never_fits()
    {
        await using var clouds = await StartAsync(new() { TokensPerMinute = 50 });
        using var answer = await clouds.PostAsync("azure", Chat(100, stream: false));
        answer.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        Header(answer, "retry-after").ShouldBe("86400");
        var error = await ErrorAsync(answer);
        error.EnumerateObject().Select(p => p.Name).ShouldBe(["code", "message"]);
        error.GetProperty("code").GetString().ShouldBe("429");
        error.GetProperty("message").GetString()!.ShouldContain("token rate limit");
    }

    [Fact]
    public async Task Google_says_that_the_resource_is_exhausted_and_nothing_else()
    {
        await using var clouds = await StartAsync(new() { RequestsPerMinute = 1 });
        using var first = await clouds.PostAsync("google", Chat(stream: false));
        using var second = await clouds.PostAsync("google", Chat(stream: false));
        second.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        second.Headers.RetryAfter.ShouldBeNull();
        first.Headers.Any(h => h.Key.StartsWith("x-ratelimit", StringComparison.OrdinalIgnoreCase)).ShouldBeFalse();
        var error = await ErrorAsync(second);
        error.GetProperty("status").GetString().ShouldBe("RESOURCE_EXHAUSTED");
        error.GetProperty("code").GetInt32().ShouldBe(429);
    }

    [Fact]
    public async Task Vllm_lets_a_call_wait_and_serves_it_when_there_is_room()
    {
        await using var clouds = await StartAsync(new() { Concurrency = 1, MaxWaiting = 1 });
        var fault = await clouds.Host.AddFaultAsync(new() { Cloud = "vllm", Kind = Emulator.Faults.FaultKind.Stall });
        using var request = clouds.Request("vllm", "v1/chat/completions", Chat());
        var holder = await clouds.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await clouds.Host.RemoveFaultAsync(fault.Id);
        var waiting = clouds.AskAsync("vllm", Chat(stream: false));
        using var refused = await PostUntilRefusedAsync(clouds);
        refused.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await ErrorAsync(refused)).GetProperty("code").GetInt32().ShouldBe(503);
        waiting.IsCompleted.ShouldBeFalse();
        holder.Dispose();
        (await waiting).GetProperty("usage").GetProperty("completion_tokens").GetInt32().ShouldBe(12);
    }

    [Fact]
    public async Task A_place_is_free_as_soon_as_the_client_sees_the_end()
    {
        await using var clouds = await StartAsync(new() { Concurrency = 1 });
        for (var i = 0; i < 50; i++)
        {
            (await clouds.StreamAsync("openai", Chat(3))).Done.ShouldBeTrue();
        }
    }

    /// <summary>Of two calls that race for the one place in the queue, one is refused.</summary>
    static async Task<HttpResponseMessage> PostUntilRefusedAsync(Clouds clouds)
    {
        using var giveUp = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (clouds.Host.RunningCalls("vllm") < 2)
        {
            giveUp.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
        return await clouds.PostAsync("vllm", Chat(stream: false));
    }

    static string Header(HttpResponseMessage answer, string name) => answer.Headers.GetValues(name).Single();

    static async Task<JsonElement> ErrorAsync(HttpResponseMessage answer) =>
        JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("error");
}
