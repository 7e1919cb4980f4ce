using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Telemetry;

/// <summary>What a collector gets of a server that was told to export.</summary>
public sealed class OtlpExportTests
{
    const string TraceId = "0af7651916cd43dd8448eb211c80319c";
    const string SpanId = "b7ad6b7169203331";

    static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData("grpc")]
    [InlineData("http/protobuf")]
    public async Task A_call_arrives_as_spans_and_metrics(string protocol)
    {
        await using var collector = await OtlpCollector.StartAsync(protocol == "grpc");
        await using var house = await ProcessHouse.StartAsync(environment: Export(collector.Address, protocol, everyMs: 200));

        var usage = await CallAsync(house);

        await UntilAsync(() => collector.Spans.Count >= 2);
        AssertSpans(collector.Spans, usage);
        // Of a call's metrics the one that is taken last.
        await UntilAsync(() => collector.Points.Any(point => point.Metric == "http.server.request.duration"));
        AssertMetrics(collector.Points, usage);
    }

    [Fact]
    public async Task What_has_not_been_sent_yet_is_sent_when_the_server_stops()
    {
        await using var collector = await OtlpCollector.StartAsync(isGrpc: false);
        await using var house = await ProcessHouse.StartAsync(
            environment: Export(collector.Address, "http/protobuf", everyMs: 3_600_000));
        var usage = await CallAsync(house);

        (await house.Server.StopAsync()).ShouldBe(0);

        AssertSpans(collector.Spans, usage);
        AssertMetrics(collector.Points, usage);
    }

    [Fact]
    public async Task A_collector_that_is_gone_harms_neither_a_call_nor_the_end()
    {
        var collector = await OtlpCollector.StartAsync(isGrpc: true);
        var address = collector.Address;
        await collector.DisposeAsync();
        await using var house = await ProcessHouse.StartAsync(environment: Export(address, "grpc", everyMs: 100));

        await CallAsync(house);

        (await house.Server.StopAsync()).ShouldBe(0);
    }

    static void AssertSpans(IReadOnlyList<ExportedSpan> spans, JsonNode usage)
    {
        var call = spans.Where(span => span.Kind == ExportedSpan.Server).ShouldHaveSingleItem();
        call.Name.ShouldBe("POST /v1/chat/completions");
        (call.TraceId, call.ParentId).ShouldBe((TraceId, SpanId));
        call.Attributes["http.response.status_code"].ShouldBe(200L);
        call.Resource["service.name"].ShouldBe("sahab");
        call.Resource["deployment.environment"].ShouldBe("test");
        var attempt = spans.Where(span => span.Kind == ExportedSpan.Client).ShouldHaveSingleItem();
        attempt.Name.ShouldBe("chat small");
        (attempt.TraceId, attempt.ParentId).ShouldBe((TraceId, call.SpanId));
        attempt.Attributes["gen_ai.operation.name"].ShouldBe("chat");
        attempt.Attributes["gen_ai.request.model"].ShouldBe("small");
        attempt.Attributes["gen_ai.provider.name"].ShouldBeOneOf("azure", "own");
        attempt.Attributes["server.address"].ShouldBe("127.0.0.1");
        attempt.Attributes["gen_ai.usage.input_tokens"].ShouldBe((long)usage["prompt_tokens"]!);
        attempt.Attributes["gen_ai.usage.output_tokens"].ShouldBe((long)usage["completion_tokens"]!);
    }

    static void AssertMetrics(IReadOnlyList<ExportedPoint> points, JsonNode usage)
    {
        var calls = points.Last(point => point.Metric == "http.server.request.duration");
        calls.Count.ShouldBe(1ul);
        calls.Attributes["http.response.status_code"].ShouldBe(200L);
        points.Last(point => point.Metric == "gen_ai.client.operation.duration").Count.ShouldBe(1ul);
        Tokens("input").ShouldBe((double)usage["prompt_tokens"]!);
        Tokens("output").ShouldBe((double)usage["completion_tokens"]!);
        points.ShouldContain(point => point.Metric == "sahab.deployment.load");
        points.Last(point => point.Metric == "sahab.configuration.version").Value.ShouldBe(1);

        double Tokens(string type) => points.Last(point =>
            point.Metric == "gen_ai.client.token.usage"
            && (string)point.Attributes["gen_ai.token.type"] == type).Value;
    }

    static Dictionary<string, string> Export(string address, string protocol, int everyMs)
    {
        var interval = everyMs.ToString(CultureInfo.InvariantCulture);
        return new()
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = address,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = protocol,
            ["OTEL_BSP_SCHEDULE_DELAY"] = interval,
            ["OTEL_METRIC_EXPORT_INTERVAL"] = interval,
            ["OTEL_RESOURCE_ATTRIBUTES"] = "deployment.environment=test",
        };
    }

    /// <summary>Makes one call and returns its usage.</summary>
    static async Task<JsonNode> CallAsync(ProcessHouse house)
    {
        using var client = house.Client();
        client.DefaultRequestHeaders.Add("traceparent", $"00-{TraceId}-{SpanId}-01");
        using var response = await client.PostAsJsonAsync(
            "/v1/chat/completions",
            new { model = "small", messages = new[] { new { role = "user", content = "Tell the collector." } } });
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<JsonObject>())!["usage"]!;
    }

    static async Task UntilAsync(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(Patience, TimeProvider.System);
        while (!condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, patience.Token);
        }
    }
}
