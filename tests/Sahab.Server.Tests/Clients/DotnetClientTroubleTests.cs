using System.ClientModel;
using System.Net;
using System.Text.Json.Nodes;
using OpenAI.Chat;
using Sahab.Emulator.Faults;

namespace Sahab.Server.Tests.Clients;

/// <summary>The official OpenAI client for .NET: errors, retries, broken streams, and clients that leave.</summary>
public sealed class DotnetClientTroubleTests(DotnetClients clients) : IClassFixture<DotnetClients>
{
    static readonly ChatMessage[] Question = [new UserChatMessage("Hello")];

    static ChatCompletionOptions Short => new() { MaxOutputTokenCount = 4 };

    [Theory]
    [InlineData("small", "nobody", 401, "invalid_api_key")]
    [InlineData("us-only", "nordic", 403, "country_not_allowed")]
    [InlineData("no-such-model", "demo", 404, "model_not_found")]
    [InlineData("small", "vectors-only", 404, "model_not_found")]
    [InlineData("vectors", "demo", 400, "operation_not_supported")]
    [InlineData("throttled", "demo", 429, "rate_limit_exceeded")]
    [InlineData("dead", "demo", 503, "upstream_failed")]
    public async Task An_error_has_its_status_and_code(string model, string key, int status, string code)
    {
        var failure = await Should.ThrowAsync<ClientResultException>(
            () => clients.Chat(model, key).CompleteChatAsync(Question, Short));

        AssertError(failure, status, code);
    }

    [Fact]
    public async Task A_refused_stream_is_an_exception_too()
    {
        var failure = await Should.ThrowAsync<ClientResultException>(
            async () => await clients.Chat("dead").CompleteChatStreamingAsync(Question, Short).ToListAsync());

        AssertError(failure, 503, "upstream_failed");
    }

    [Fact]
    public async Task What_the_cloud_says_of_a_bad_request_is_told()
    {
        var failure = await Should.ThrowAsync<ClientResultException>(
            () => clients.Chat().CompleteChatAsync(Question, new ChatCompletionOptions { Temperature = 9 }));

        failure.Status.ShouldBe(400);
        failure.Message.ShouldContain("temperature");
    }

    [Fact]
    public async Task A_body_over_the_limit_is_refused_and_the_client_works_on()
    {
        var client = clients.Chat();
        ChatMessage[] large = [new UserChatMessage(new string('x', 1_100_000))];

        var failure = await Should.ThrowAsync<ClientResultException>(() => client.CompleteChatAsync(large));

        AssertError(failure, 413, "request_too_large");
        (await client.CompleteChatAsync(Question, Short)).Value.Content.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task A_key_at_its_limit_is_told_when_to_come_back()
    {
        var client = clients.Chat(key: "few-net");
        await client.CompleteChatAsync(Question, Short);

        var failure = await Should.ThrowAsync<ClientResultException>(() => client.CompleteChatAsync(Question, Short));

        AssertError(failure, 429, "rate_limit_exceeded");
        failure.GetRawResponse()!.Headers.TryGetValue("retry-after", out var seconds).ShouldBeTrue();
        int.Parse(seconds!).ShouldBeInRange(1, 61, "a minute, and the slice in which it was counted");
    }

    [Fact]
    public async Task A_retry_succeeds_once_the_limit_frees()
    {
        var held = clients.Chat("slow", "one-net").CompleteChatStreamingAsync(
            Question, new ChatCompletionOptions { MaxOutputTokenCount = 150 }).GetAsyncEnumerator();
        (await held.MoveNextAsync()).ShouldBeTrue();
        var watch = new WatchingHandler(async response =>
        {
            if (response.StatusCode == HttpStatusCode.TooManyRequests)
            {
                // Only now does the first call end, so that the retry finds room.
                while (await held.MoveNextAsync())
                {
                }
            }
        });

        var completion = await clients.Chat("small", "one-net", retries: 3, watch).CompleteChatAsync(Question, Short);

        completion.Value.Content.ShouldNotBeEmpty();
        watch.Statuses.ShouldBe([HttpStatusCode.TooManyRequests, HttpStatusCode.OK]);
        watch.Pauses.ShouldHaveSingleItem().TotalSeconds.ShouldBeGreaterThan(0.9, "Retry-After was at least a second");
        await held.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_retry_succeeds_once_a_cloud_is_back(bool streamed)
    {
        var faults = new List<Fault>();
        foreach (var cloud in (string[])["azure", "own"])
        {
            faults.Add(await clients.House.Clouds.AddFaultAsync(
                new FaultSpec { Cloud = cloud, Model = "mended-net", Kind = FaultKind.Error, Status = 503 }));
        }

        var watch = new WatchingHandler(async response =>
        {
            if (response.StatusCode != HttpStatusCode.OK)
            {
                foreach (var fault in faults)
                {
                    await clients.House.Clouds.RemoveFaultAsync(fault.Id);
                }
            }
        });
        var client = clients.Chat("mended-net", retries: 3, watch: watch);

        if (streamed)
        {
            (await client.CompleteChatStreamingAsync(Question, Short).ToListAsync()).ShouldNotBeEmpty();
        }
        else
        {
            (await client.CompleteChatAsync(Question, Short)).Value.Content.ShouldNotBeEmpty();
        }

        watch.Statuses.ShouldBe([HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK]);
    }

    [Fact]
    public async Task Without_retries_an_error_surfaces_at_once()
    {
        var watch = new WatchingHandler();

        await Should.ThrowAsync<ClientResultException>(
            () => clients.Chat("dead", watch: watch).CompleteChatAsync(Question, Short));

        watch.Statuses.ShouldBe([HttpStatusCode.ServiceUnavailable]);
    }

    [Theory]
    [InlineData("cut")]
    [InlineData("stalled")]
    [InlineData("inside")]
    public async Task A_stream_that_breaks_never_looks_whole(string model)
    {
        var received = 0;
        var failure = await Should.ThrowAsync<Exception>(async () =>
        {
            await foreach (var update in clients.Chat(model).CompleteChatStreamingAsync(
                Question, new ChatCompletionOptions { MaxOutputTokenCount = 30 }))
            {
                received += update.ContentUpdate.Count;
            }
        });

        received.ShouldBeGreaterThan(0);
        (failure is IOException or HttpRequestException or ClientResultException).ShouldBeTrue(failure.ToString());
    }

    [Fact]
    public async Task A_client_that_leaves_is_billed_for_what_the_cloud_bills()
    {
        var options = new ChatCompletionOptions { MaxOutputTokenCount = 40 };
        using (var leaves = new CancellationTokenSource())
        {
            await Should.ThrowAsync<OperationCanceledException>(async () =>
            {
                await foreach (var update in clients.Chat("left-net").CompleteChatStreamingAsync(
                    Question, options, leaves.Token))
                {
                    if (update.ContentUpdate.Count > 0)
                    {
                        await leaves.CancelAsync();
                    }
                }
            });
        }

        await LeaveBeforeTheFirstTokenAsync(token => clients.Chat("late-net").CompleteChatStreamingAsync(
            Question, options, token).ToListAsync(token).AsTask());
        await LeaveBeforeTheFirstTokenAsync(
            token => clients.Chat("late-net").CompleteChatAsync(Question, options, token));

        await clients.Home.SettleAsync();
        var (billed, ledger) = (clients.Home.Billed(), await clients.Home.LedgerAsync());
        foreach (var model in (string[])["left-net", "late-net"])
        {
            billed[model].Output.ShouldBeGreaterThan(0);
            ledger[model].ShouldBe(billed[model]);
        }
    }

    async Task LeaveBeforeTheFirstTokenAsync(Func<CancellationToken, Task> call)
    {
        await clients.Home.SettleAsync();
        using var leaves = new CancellationTokenSource();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30), TimeProvider.System);
        var running = call(leaves.Token);
        while (clients.House.Clouds.RunningCalls("azure") + clients.House.Clouds.RunningCalls("own") == 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, patience.Token);
        }

        await leaves.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => running);
    }

    static void AssertError(ClientResultException failure, int status, string code)
    {
        failure.Status.ShouldBe(status);
        var response = failure.GetRawResponse()!;
        var error = JsonNode.Parse(response.Content.ToString())!["error"]!.AsObject();
        error.Select(member => member.Key).Order().ShouldBe(["code", "message", "param", "type"]);
        ((string?)error["code"]).ShouldBe(code);
        failure.Message.ShouldContain((string)error["message"]!);
        response.Headers.TryGetValue("x-request-id", out _).ShouldBeTrue();
        if (status is 429 or 503)
        {
            response.Headers.TryGetValue("retry-after", out var seconds).ShouldBeTrue();
            int.Parse(seconds!).ShouldBeGreaterThanOrEqualTo(1);
        }
    }
}
