using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Sahab.Server.Tests.Telemetry;

/// <summary>A span as it was exported.</summary>
internal sealed record ExportedSpan(
    string Name, ulong Kind, string TraceId, string SpanId, string ParentId, Dictionary<string, object> Attributes,
    Dictionary<string, object> Resource)
{
    public const ulong Server = 2;
    public const ulong Client = 3;
}

/// <summary>A data point of a metric as it was exported: its value, or the sum and count of a histogram.</summary>
internal sealed record ExportedPoint(string Metric, double Value, ulong Count, Dictionary<string, object> Attributes);

/// <summary>Takes what OpenTelemetry's exporters send, in either of their protocols, and keeps it.</summary>
internal sealed class OtlpCollector : IAsyncDisposable
{
    readonly ConcurrentQueue<(bool IsTraces, byte[] Body)> _received = new();
    readonly WebApplication _app;

    OtlpCollector(WebApplication app) => _app = app;

    public string Address => _app.Urls.First();

    /// <summary>The bodies of all exports.</summary>
    public IEnumerable<byte[]> Bodies => _received.Select(export => export.Body);

    public IReadOnlyList<ExportedSpan> Spans =>
    [
        .. _received.Where(export => export.IsTraces)
            .SelectMany(export => new ProtoMessage(export.Body).All(1))
            .SelectMany(resource => resource.All(2, 2).Select(span => new ExportedSpan(
                span.Text(5), span.Number(6), span.Hex(1), span.Hex(2), span.Hex(4), Attributes(span.All(9)),
                Attributes(resource.All(1, 1))))),
    ];

    public IReadOnlyList<ExportedPoint> Points =>
    [
        .. _received.Where(export => !export.IsTraces)
            .SelectMany(export => new ProtoMessage(export.Body).All(1, 2, 2))
            .SelectMany(metric => metric.All(9, 1).Select(point => new ExportedPoint(
                    metric.Text(1), point.Double(5), point.Number(4), Attributes(point.All(9))))
                .Concat(metric.All(5, 1).Concat(metric.All(7, 1)).Select(point => new ExportedPoint(
                    metric.Text(1), point.Has(4) ? point.Double(4) : point.Number(6), 0, Attributes(point.All(7)))))),
    ];

    /// <param name="isGrpc">Whether it speaks gRPC, over HTTP/2 without TLS; otherwise plain posts.</param>
    public static async Task<OtlpCollector> StartAsync(bool isGrpc)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(
            IPAddress.Loopback, 0,
            listener => listener.Protocols = isGrpc ? HttpProtocols.Http2 : HttpProtocols.Http1));
        var app = builder.Build();
        var collector = new OtlpCollector(app);
        app.Run(context => isGrpc ? collector.TakeCallAsync(context) : collector.TakePostAsync(context));
        await app.StartAsync();
        return collector;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    async Task TakePostAsync(HttpContext context)
    {
        context.Request.ContentType.ShouldBe("application/x-protobuf");
        Keep(context.Request.Path.Value switch
        {
            "/v1/traces" => true,
            "/v1/metrics" => false,
            var path => throw new InvalidOperationException($"Nobody exports to {path}."),
        }, await ReadAsync(context));
        context.Response.ContentType = "application/x-protobuf";
    }

    async Task TakeCallAsync(HttpContext context)
    {
        const int Prefix = 5;
        var message = await ReadAsync(context);
        Keep(context.Request.Path.Value switch
        {
            "/opentelemetry.proto.collector.trace.v1.TraceService/Export" => true,
            "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export" => false,
            var path => throw new InvalidOperationException($"Nobody exports to {path}."),
        }, message[Prefix..]);
        context.Response.ContentType = "application/grpc";
        // An empty message, and that all is well.
        await context.Response.Body.WriteAsync(new byte[Prefix]);
        context.Response.AppendTrailer("grpc-status", "0");
    }

    void Keep(bool isTraces, byte[] body) => _received.Enqueue((isTraces, body));

    static async Task<byte[]> ReadAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        return body.ToArray();
    }

    static Dictionary<string, object> Attributes(IEnumerable<ProtoMessage> pairs) => pairs.ToDictionary(
        pair => pair.Text(1),
        pair =>
        {
            var value = pair.All(2).Single();
            return value.Has(3) ? (long)value.Number(3) : value.Has(4) ? value.Double(4)
                : value.Has(2) ? value.Number(2) == 1 : (object)value.Text(1);
        });
}
