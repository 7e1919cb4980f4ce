using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Sahab.Server.Tests.House;

namespace Sahab.Server.Tests.Secrets;

/// <summary>
/// Answers that repeat the credential they were asked with wherever they say that something is wrong, as clouds and
/// what stands before them have done. The model says what goes wrong.
/// </summary>
internal static class EchoingCloud
{
    const string Word = """{"choices":[{"index":0,"delta":{"content":"word"},"finish_reason":null}]}""";

    /// <summary>The models, and with it what goes wrong.</summary>
    public static readonly string[] Models =
        ["good", "refused", "failing", "page", "throttled", "rejected", "inside", "early"];

    public static Task AnswerAsync(ReceivedRequest request, HttpContext context)
    {
        var body = JsonNode.Parse(request.Body)!;
        var seen = request.Headers.Authorization.ToString();
        var key = seen["Bearer ".Length..];
        var error = $$$"""
            {"error":{"message":"Cannot serve what came with Authorization: {{{seen}}}; {{{key}}} is unknown.",
            "type":"for_{{{key}}}","code":"no_{{{key}}}","param":"{{{key}}}"}}
            """.ReplaceLineEndings("");
        var streams = (bool?)body["stream"] == true;
        return (string)body["model"]! switch
        {
            "good" => EchoAnswers.AnswerAsync(request, context),
            "refused" => SendAsync(context, 400, error),
            "failing" => SendAsync(context, 500, $"upstream {key} failed, asked with {seen}"),
            "page" => SendAsync(context, 502, $"<html><title>No way for {seen}</title><body>{key}</body></html>"),
            "throttled" => SendAsync(context, 429, error),
            "rejected" => SendAsync(context, 401, $"Incorrect API key provided: {key}."),
            "inside" when streams => SendStreamAsync(context, $"data: {Word}\n\ndata: {error}\n\n"),
            "early" when streams => SendStreamAsync(context, $"data: {error}\n\n"),
            _ => SendAsync(context, 200, error),
        };
    }

    static Task SendAsync(HttpContext context, int status, string body)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsync(body);
    }

    static Task SendStreamAsync(HttpContext context, string events)
    {
        context.Response.ContentType = "text/event-stream";
        return context.Response.WriteAsync(events);
    }
}
