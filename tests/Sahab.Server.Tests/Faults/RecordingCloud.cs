using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Sahab.Routing.Decisions;

namespace Sahab.Server.Tests.Faults;

/// <summary>A request as a cloud saw it.</summary>
/// <param name="Place">The first segment of the path, which tests use for the country.</param>
/// <param name="User">The request's <c>user</c>, by which the client marked it.</param>
internal sealed record SeenRequest(string Place, string User);

/// <summary>
/// A cloud that writes down every request before it does anything else, and then misbehaves at random: throttles,
/// fails, breaks off, stalls, or answers.
/// </summary>
internal sealed class RecordingCloud : IAsyncDisposable
{
    readonly WebApplication _app;
    readonly Lock _gate = new();
    RandomSource _random = new(11);

    RecordingCloud(WebApplication app) => _app = app;

    public ConcurrentQueue<SeenRequest> Seen { get; } = new();

    /// <summary>Of a hundred requests, so many do not end well.</summary>
    public int FaultsPerHundred { get; set; } = 50;

    /// <summary>No request is answered before this is done.</summary>
    public Task Opening { get; set; } = Task.CompletedTask;

    /// <summary>Called as each request arrives.</summary>
    public Action<SeenRequest>? Judge { get; set; }

    public Uri Address => new(_app.Urls.First());

    public static async Task<RecordingCloud> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var cloud = new RecordingCloud(app);
        app.Run(cloud.HandleAsync);
        await app.StartAsync();
        return cloud;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    async Task HandleAsync(HttpContext context)
    {
        var place = context.Request.Path.Value!.Split('/')[1];
        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        var body = JsonNode.Parse(await reader.ReadToEndAsync())!;
        var seen = new SeenRequest(place, (string?)body["user"] ?? "");
        Seen.Enqueue(seen);
        Judge?.Invoke(seen);
        await Opening;
        var stream = (bool?)body["stream"] == true;
        switch (Draw(100) < FaultsPerHundred ? Draw(6) : -1)
        {
            case 0:
                context.Response.Headers.RetryAfter = "1";
                await FailAsync(context, StatusCodes.Status429TooManyRequests);
                break;
            case 1:
                await FailAsync(context, 500 + Draw(5));
                break;
            case 2:
                context.Abort();
                break;
            case 3:
                await Task.Delay(Draw(700), context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
                await AnswerAsync(context, stream);
                break;
            case 4:
                await FailAsync(context, StatusCodes.Status200OK);
                break;
            case 5:
                // Rarely: a deployment whose credentials are rejected is left alone for long.
                await FailAsync(context, Draw(5) == 0 ? 401 : 503);
                break;
            default:
                await Task.Delay(Draw(60), CancellationToken.None);
                await AnswerAsync(context, stream);
                break;
        }
    }

    static Task FailAsync(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(
            """{"error":{"message":"drawn","type":"server_error","code":null,"param":null}}""");
    }

    static Task AnswerAsync(HttpContext context, bool stream)
    {
        const string usage = """{"prompt_tokens":9,"completion_tokens":1,"total_tokens":10}""";
        context.Response.ContentType = stream ? "text/event-stream" : "application/json";
        return context.Response.WriteAsync(stream
            ? "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\","
                + "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"yes\"},\"finish_reason\":\"stop\"}]}\n\n"
                + $"data: {{\"choices\":[],\"usage\":{usage}}}\n\ndata: [DONE]\n\n"
            : "{\"id\":\"c\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"m\",\"choices\":"
                + "[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"yes\"},\"finish_reason\":\"stop\"}],"
                + $"\"usage\":{usage}}}");
    }

    int Draw(int below)
    {
        lock (_gate)
        {
            return _random.NextInt32(below);
        }
    }
}
