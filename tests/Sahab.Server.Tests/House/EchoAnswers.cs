using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Sahab.Server.Tests.House;

/// <summary>
/// Answers of a <see cref="ScriptedUpstream"/> that says what it was told: the last message, in small pieces, which
/// reach the network in cuts that care for neither events nor characters.
/// </summary>
internal static class EchoAnswers
{
    /// <summary>Characters in one delta.</summary>
    const int Piece = 3;

    static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Task AnswerAsync(ReceivedRequest request, HttpContext context)
    {
        var body = JsonNode.Parse(request.Body)!;
        if (request.Path.EndsWith("/embeddings", StringComparison.Ordinal))
        {
            return context.Response.WriteAsync(
                """
                {"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5,-1.25,3]}],
                "model":"floats","usage":{"prompt_tokens":1,"total_tokens":1}}
                """);
        }

        var last = body["messages"]!.AsArray()[^1]!["content"]!;
        var content = last is JsonArray parts ? (string)parts[0]!["text"]! : (string)last!;
        return (bool?)body["stream"] == true ? StreamAsync(context, content) : WholeAsync(context, content);
    }

    static Task WholeAsync(HttpContext context, string content)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(
            $$$"""
            {"id":"echo-1","object":"chat.completion","created":1,"model":"echo","choices":[{"index":0,
            "message":{"role":"assistant","content":{{{Quote(content)}}}},"finish_reason":"stop"}],
            "usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}}
            """);
    }

    static async Task StreamAsync(HttpContext context, string content)
    {
        context.Response.ContentType = "text/event-stream";
        var text = new StringBuilder();
        Add(text, """{"role":"assistant","content":""}""", "null");
        var runes = content.EnumerateRunes().Select(rune => rune.ToString()).ToArray();
        foreach (var piece in runes.Chunk(Piece))
        {
            Add(text, $$"""{"content":{{Quote(string.Concat(piece))}}}""", "null");
        }

        Add(text, "{}", "\"stop\"");
        var output = runes.Length;
        var usage = $$"""{"prompt_tokens":7,"completion_tokens":{{output}},"total_tokens":{{output + 7}}}""";
        text.Append("""data: {"id":"echo-1","object":"chat.completion.chunk","created":1,"model":"echo","choices":[]""")
            .Append(",\"usage\":").Append(usage)
            .Append("}\n\ndata: [DONE]\n\n");
        var bytes = Encoding.UTF8.GetBytes(text.ToString());
        // A prime, so that the cuts wander through events and characters.
        var cut = bytes.Length < 32 * 1024 ? 211 : 8191;
        for (var at = 0; at < bytes.Length; at += cut)
        {
            await context.Response.Body.WriteAsync(bytes.AsMemory(at, Math.Min(cut, bytes.Length - at)));
            await context.Response.Body.FlushAsync();
        }
    }

    static void Add(StringBuilder text, string delta, string finish) => text
        .Append("""data: {"id":"echo-1","object":"chat.completion.chunk","created":1,"model":"echo" """)
        .Append($$""","choices":[{"index":0,"delta":{{delta}},"finish_reason":{{finish}}}]}""")
        .Append("\n\n");

    static string Quote(string text) => JsonSerializer.Serialize(text, Plain);
}
