using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;
using Sahab.Emulator.Faults;
using Sahab.Server.Serve.Gateway;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Telemetry;

[Collection(AloneCollection.Name)]
public sealed class TracingTests
{
    const string Incoming = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    readonly ConcurrentQueue<Activity> _spans = new();

    [Fact]
    public async Task A_call_is_a_server_span_under_the_clients_own_with_a_client_span_for_its_attempt()
    {
        using var listener = Listen();
        await using var house = await TestHouse.StartAsync();

        await CallAsync(house, "the quick brown secret");

        var call = await SpanAsync(ActivityKind.Server);
        call.DisplayName.ShouldBe("POST /v1/chat/completions");
        call.ParentId.ShouldBe(Incoming);
        call.GetTagItem("http.response.status_code").ShouldBe(200);
        var attempt = _spans.Single(span => span.Kind == ActivityKind.Client);
        attempt.DisplayName.ShouldBe("chat small");
        attempt.ParentSpanId.ShouldBe(call.SpanId);
        attempt.TraceId.ShouldBe(call.TraceId);
        attempt.GetTagItem("gen_ai.operation.name").ShouldBe("chat");
        attempt.GetTagItem("gen_ai.provider.name").ShouldBeOneOf("azure", "own");
        attempt.GetTagItem("gen_ai.request.model").ShouldBe("small");
        attempt.GetTagItem("server.address").ShouldBe("127.0.0.1");
        attempt.GetTagItem("http.response.status_code").ShouldBe(200);
        attempt.GetTagItem("gen_ai.usage.input_tokens").ShouldBeOfType<long>().ShouldBeGreaterThan(0);
        attempt.GetTagItem("gen_ai.usage.output_tokens").ShouldBeOfType<long>().ShouldBeGreaterThan(0);
        attempt.GetTagItem("error.type").ShouldBeNull();
        foreach (var tag in _spans.SelectMany(span => span.TagObjects))
        {
            var text = Convert.ToString(tag.Value, System.Globalization.CultureInfo.InvariantCulture)!;
            text.ShouldNotContain("quick brown secret");
            text.ShouldNotContain(TestHouse.DemoKey);
            text.ShouldNotContain(TestHouse.CloudKey);
        }
    }

    [Fact]
    public async Task A_failover_is_two_client_spans_of_one_call()
    {
        using var listener = Listen();
        await using var house = await TestHouse.StartAsync();
        await house.Clouds.AddFaultAsync(new FaultSpec { Cloud = "azure", Kind = FaultKind.Down });

        // Which cloud is asked first is the router's choice: after some calls it has been the one that is down.
        for (var call = 0; call < 40 && !_spans.Any(span => span.GetTagItem("error.type") is not null); call++)
        {
            await CallAsync(house, $"Call {call}");
        }

        var failed = _spans.First(span => span.GetTagItem("error.type") is not null);
        failed.GetTagItem("error.type").ShouldBe("unreachable");
        failed.Status.ShouldBe(ActivityStatusCode.Error);
        var attempts = _spans.Where(span => span.ParentSpanId == failed.ParentSpanId).ToArray();
        attempts.Length.ShouldBeGreaterThanOrEqualTo(2);
        attempts.Select(span => span.GetTagItem("sahab.attempt")).ShouldBeUnique();
        attempts[^1].GetTagItem("error.type").ShouldBeNull();
    }

    [Fact]
    public async Task Without_a_listener_there_is_no_span()
    {
        await using var house = await TestHouse.StartAsync();

        await CallAsync(house, "Nobody looks");

        house.Get<RecentCalls>().Count.ShouldBe(1);
        _spans.ShouldBeEmpty();
    }

    ActivityListener Listen()
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == CallTracing.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    /// <summary>A call's span ends just after the client has its answer.</summary>
    async Task<Activity> SpanAsync(ActivityKind kind)
    {
        for (var wait = 0; wait < 100 && !_spans.Any(span => span.Kind == kind); wait++)
        {
            await Task.Delay(20);
        }

        return _spans.Single(span => span.Kind == kind);
    }

    static async Task CallAsync(TestHouse house, string text)
    {
        using var client = house.Client();
        client.DefaultRequestHeaders.Add("traceparent", Incoming);
        using var response = await client.PostAsJsonAsync(
            "/v1/chat/completions", new { model = "small", messages = new[] { new { role = "user", content = text } } });
        response.EnsureSuccessStatusCode();
    }
}
