using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Sahab.Server.Tests.House;

/// <summary>A request as an upstream got it.</summary>
internal sealed record ReceivedRequest(string Path, IHeaderDictionary Headers, byte[] Body)
{
    public string Text => System.Text.Encoding.UTF8.GetString(Body);
}

/// <summary>
/// An upstream that does exactly what its test says, and remembers what arrived: for what no well-behaved cloud does,
/// and for comparing bytes.
/// </summary>
internal sealed class ScriptedUpstream : IAsyncDisposable
{
    readonly WebApplication _app;
    readonly ConcurrentQueue<ReceivedRequest> _received = new();

    ScriptedUpstream(WebApplication app) => _app = app;

    /// <summary>The base address that a region's <c>base_url</c> gets, with <c>/v1</c>.</summary>
    public string BaseUrl => $"{_app.Urls.First()}/v1";

    /// <summary>All requests so far, in the order of their arrival.</summary>
    public IReadOnlyList<ReceivedRequest> Received => [.. _received];

    /// <summary>What it answers; may be changed between calls.</summary>
    public required Func<ReceivedRequest, HttpContext, Task> Answer { get; set; }

    /// <param name="protocols">What it speaks; HTTP/2 without TLS only where it speaks nothing else.</param>
    public static async Task<ScriptedUpstream> StartAsync(
        Func<ReceivedRequest, HttpContext, Task> answer, HttpProtocols protocols = HttpProtocols.Http1)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(
            IPAddress.Loopback, 0, listener => listener.Protocols = protocols));
        var app = builder.Build();
        var upstream = new ScriptedUpstream(app) { Answer = answer };
        app.Run(upstream.HandleAsync);
        await app.StartAsync();
        return upstream;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    async Task HandleAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        // A copy: the server uses its own again for the next request.
        var headers = new HeaderDictionary(context.Request.Headers.ToDictionary());
        var request = new ReceivedRequest(context.Request.Path, headers, body.ToArray());
        _received.Enqueue(request);
        await Answer(request, context);
    }
}
