using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Sahab.Ledger.Rating;
using Sahab.Server.Sell.Metering;
using Sahab.Server.Tests.Faults;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Gateway;

/// <summary>A cloud that speaks HTTP/2 without TLS, and nothing else: <c>http2: true</c>.</summary>
public sealed class Http2UpstreamTests : IAsyncLifetime
{
    const string Word = """data: {"choices":[{"index":0,"delta":{"content":"word"},"finish_reason":null}]}""" + "\n\n";

    /// <summary>More than one window of flow control holds.</summary>
    const int LongText = 300_000;

    /// <summary>For what should happen at once: a machine that stands still for a while is not an error.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    readonly ConcurrentQueue<string> _protocols = new();
    readonly ConcurrentDictionary<string, bool> _connections = new();
    ScriptedUpstream _cloud = null!;
    FreezingRelay _relay = null!;
    TestHouse _house = null!;

    public async Task InitializeAsync()
    {
        _cloud = await ScriptedUpstream.StartAsync(EchoAsync, HttpProtocols.Http2);
        _relay = new FreezingRelay(new Uri(_cloud.BaseUrl));
        _house = await TestHouse.StartAsync($$"""
            routing: { breaker: { failures: 100 } }
            providers:
              patient:
                http2: true
                credentials: { env: CLOUD_KEY }
                timeouts: { connect: 1m, first_byte: 5m, between_chunks: 5m }
                regions:
                  direct: { country: "NO", base_url: "{{_cloud.BaseUrl}}" }
                  relayed: { country: "NO", base_url: "{{_relay.Address}}v1" }
              hasty:
                http2: true
                timeouts: { connect: 1m, first_byte: 5m, between_chunks: 500ms }
                regions: { direct: { country: "NO", base_url: "{{_cloud.BaseUrl}}" } }
            models: { m: {}, hasty: {}, relayed: {} }
            deployments:
              m: { provider: patient, region: direct, model: m, price: { prompt: 1, output: 1 } }
              relayed: { provider: patient, region: relayed, model: relayed, price: { prompt: 1, output: 1 } }
              hasty: { provider: hasty, region: direct, model: hasty, price: { prompt: 1, output: 1 } }
            tenants:
              demo: { keys: { demo: { secret: { env: DEMO_KEY } } } }
            """);
    }

    public async Task DisposeAsync()
    {
        await _house.DisposeAsync();
        await _relay.DisposeAsync();
        await _cloud.DisposeAsync();
    }

    [Theory]
    [InlineData(false, 12)]
    [InlineData(true, 12)]
    [InlineData(false, LongText)]
    [InlineData(true, LongText)]
    public async Task A_call_passes_whole_in_both_directions(bool stream, int length)
    {
        var text = string.Concat(Enumerable.Repeat("cloud ☁ ", 1 + (length / 8)));
        using var client = _house.Client();

        using var response = await client.PostAsync("/v1/chat/completions", Chat("m", stream, text));

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        TextOf(await response.Content.ReadAsStringAsync(), stream).ShouldBe(text);
        _protocols.ShouldBe(["HTTP/2"]);
        var received = _cloud.Received.ShouldHaveSingleItem();
        received.Headers.Authorization.ToString().ShouldBe($"Bearer {TestHouse.CloudKey}");
        received.Headers.ContentLength.ShouldBe(received.Body.Length);
        var usage = await UsageAsync();
        usage.Outcome.ShouldBe(AttemptOutcome.Succeeded);
        usage.Usage.PromptTokens.ShouldBe(7);
        (usage.Flags & UsageFlags.Estimated).ShouldBe(UsageFlags.None);
    }

    [Fact]
    public async Task Calls_at_once_share_a_connection()
    {
        const int Calls = 40;
        var (arrived, all) = (0, Signal());
        using var client = _house.Client();
        // The connection is there: while one is being opened, another may be as well.
        _cloud.Answer = EchoAsync;
        using var first = await client.PostAsync("/v1/chat/completions", Chat("m", false, "first"));
        first.EnsureSuccessStatusCode();
        _cloud.Answer = async (request, context) =>
        {
            if (Interlocked.Increment(ref arrived) == Calls)
            {
                all.SetResult();
            }

            // Nobody is answered before everybody is there.
            await all.Task.WaitAsync(Patience);
            await EchoAsync(request, context);
        };

        await Task.WhenAll(Enumerable.Range(0, Calls).Select(async call =>
        {
            using var response = await client.PostAsync("/v1/chat/completions", Chat("m", call % 2 == 0, $"call {call}"));
            TextOf(await response.Content.ReadAsStringAsync(), call % 2 == 0).ShouldBe($"call {call}");
        }));

        _connections.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(8)]
    [InlineData(11)]
    public async Task A_stream_that_is_reset_half_way_is_told_as_broken_and_metered_and_the_connection_serves_on(int code)
    {
        var heard = Signal();
        _cloud.Answer = async (_, context) =>
        {
            Note(context);
            await SendAsync(context, Word + Word);
            await heard.Task.WaitAsync(Patience);
            context.Features.GetRequiredFeature<IHttpResetFeature>().Reset(code);
        };
        using var client = _house.Client();

        var (events, isCut) = await ReadToEndAsync(client, "m", Word + Word, heard);

        events.ShouldStartWith(Word + Word);
        events.ShouldContain("\"code\":\"stream_interrupted\"");
        events.ShouldNotContain("[DONE]");
        isCut.ShouldBeTrue("the client's connection must end without a proper end");
        var usage = await UsageAsync();
        usage.Outcome.ShouldBe(AttemptOutcome.Cut);
        usage.Flags.ShouldBe(UsageFlags.Streamed | UsageFlags.Estimated);
        usage.Usage.OutputTokens.ShouldBe(2);
        _cloud.Answer = EchoAsync;
        using var next = await client.PostAsync("/v1/chat/completions", Chat("m", stream: false, "still there?"));
        TextOf(await next.Content.ReadAsStringAsync(), streamed: false).ShouldBe("still there?");
        _connections.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_stream_that_is_given_up_is_reset_and_its_neighbours_on_the_connection_go_on()
    {
        var (neighbour, gone) = (Signal(), Signal());
        _cloud.Answer = async (request, context) =>
        {
            if (!request.Text.Contains("\"stream\":true", StringComparison.Ordinal))
            {
                await neighbour.Task.WaitAsync(Patience);
                await EchoAsync(request, context);
                return;
            }

            Note(context);
            using var registration = context.RequestAborted.Register(gone.SetResult);
            await SendAsync(context, Word);
            await gone.Task.WaitAsync(Patience);
        };
        using var client = _house.Client();
        var waiting = client.PostAsync("/v1/chat/completions", Chat("hasty", stream: false, "I wait"));

        var (events, _) = await ReadToEndAsync(client, "hasty", Word, Signal());

        events.ShouldContain("stopped sending without ending the stream");
        await gone.Task.WaitAsync(Patience);
        neighbour.SetResult();
        using var answer = await waiting;
        TextOf(await answer.Content.ReadAsStringAsync(), streamed: false).ShouldBe("I wait");
        _connections.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_connection_that_has_silently_died_is_noticed_long_before_a_call_runs_out_of_time()
    {
        using var client = _house.Client();
        using (var first = await client.PostAsync("/v1/chat/completions", Chat("relayed", stream: false, "one")))
        {
            first.StatusCode.ShouldBe(HttpStatusCode.OK);
        }

        _relay.Freeze();
        using var lost = await client.PostAsync("/v1/chat/completions", Chat("relayed", stream: false, "two"));
        using var next = await client.PostAsync("/v1/chat/completions", Chat("relayed", stream: false, "three"));

        // The call that was on its way is lost, for it may have been carried out; the next one finds a way.
        lost.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        TextOf(await next.Content.ReadAsStringAsync(), streamed: false).ShouldBe("three");
        _relay.Connections.ShouldBe(2);
    }

    Task EchoAsync(ReceivedRequest request, HttpContext context)
    {
        Note(context);
        return EchoAnswers.AnswerAsync(request, context);
    }

    void Note(HttpContext context)
    {
        _protocols.Enqueue(context.Request.Protocol);
        _connections[context.Connection.Id] = true;
    }

    async Task<UsageEvent> UsageAsync()
    {
        await _house.DrainLedgerAsync();
        return (await Books.ReadEventsAsync(_house.Get<UsageStore>())).ShouldHaveSingleItem();
    }

    /// <summary>Streams a call; says so once it has received what it waits for, and reads to the end.</summary>
    static async Task<(string Events, bool IsCut)> ReadToEndAsync(
        HttpClient client, string model, string awaited, TaskCompletionSource heard)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = Chat(model, stream: true, "Speak"),
        };
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await using var body = await response.Content.ReadAsStreamAsync();
        var (events, buffer) = ("", new byte[4096]);
        while (true)
        {
            try
            {
                var read = await body.ReadAsync(buffer).AsTask().WaitAsync(Patience);
                if (read == 0)
                {
                    return (events, false);
                }

                events += Encoding.UTF8.GetString(buffer, 0, read);
                if (events.Contains(awaited, StringComparison.Ordinal))
                {
                    heard.TrySetResult();
                }
            }
            catch (Exception failure) when (failure is HttpRequestException or IOException)
            {
                return (events, true);
            }
        }
    }

    static async Task SendAsync(HttpContext context, string events)
    {
        context.Response.ContentType = "text/event-stream";
        await context.Response.WriteAsync(events);
        await context.Response.Body.FlushAsync();
    }

    static StringContent Chat(string model, bool stream, string text) => new(
        JsonSerializer.Serialize(new { model, stream, messages = new[] { new { role = "user", content = text } } }),
        Encoding.UTF8, "application/json");

    /// <summary>The words of an answer.</summary>
    static string TextOf(string answer, bool streamed)
    {
        if (!streamed)
        {
            using var whole = JsonDocument.Parse(answer);
            return whole.RootElement.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;
        }

        answer.ShouldEndWith("data: [DONE]\n\n");
        var chunks = answer.Split("\n\n", StringSplitOptions.RemoveEmptyEntries)[..^1];
        return string.Concat(chunks.Select(chunk =>
        {
            using var document = JsonDocument.Parse(chunk["data: ".Length..]);
            var delta = document.RootElement.GetProperty("choices")[0].GetProperty("delta");
            return delta.TryGetProperty("content", out var content) ? content.GetString() : "";
        }));
    }

    static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
