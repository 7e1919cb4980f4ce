using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using Sahab.Wire.Anthropic;
using Sahab.Wire.Gemini.Clients;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Responses;
using Sahab.Wire.Translation;

namespace Sahab.Tests.Wire;

/// <summary>The APIs of the front door that are not OpenAI's chat completions, without a server.</summary>
static class ClientDoors
{
    static readonly ClientTerms Terms = new(Guid.Parse("019ab000-0000-7000-8000-000000000001"), 1_700_000_000, "m", true);

    public static TheoryData<string> Names() => ["messages", "responses", "gemini"];

    /// <summary>A call of a stream.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="showsReasoning">Whether the client asks to see it, where that is asked.</param>
    public static IClientExchange Open(string name, bool showsReasoning = true)
    {
        (IClientApi api, string request) = name switch
        {
            "messages" => ((IClientApi)MessagesApi.Messages, $$"""
                {"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"}],"stream":true,
                "thinking":{{(showsReasoning ? """{"type":"enabled","budget_tokens":2000}""" : """{"type":"disabled"}""")}} }
                """),
            "responses" => (ResponsesApi.Plain, $$"""
                {"model":"m","input":"x","stream":true{{(showsReasoning ? "" : ",\"reasoning\":{\"summary\":\"auto\"}")}}}
                """),
            _ => (new GeminiClientApi(), $$$"""
                {"contents":[{"parts":[{"text":"x"}]}],
                "generationConfig":{"thinkingConfig":{"includeThoughts":{{{(showsReasoning ? "true" : "false")}}} } } }
                """),
        };
        api.TryOpen(
                Encoding.UTF8.GetBytes(request), Terms, new ArrayBufferWriter<byte>(), out IClientExchange? exchange,
                out var fault)
            .ShouldBeTrue(fault.Message);
        return exchange!;
    }

    /// <summary>Takes a chunk as the gateway does.</summary>
    public static bool Take(this IClientExchange exchange, ReadOnlySpan<byte> chunk, IBufferWriter<byte> output) =>
        PlainDelta.TryRead(chunk, out PlainDelta delta)
            ? exchange.Take(chunk, delta, output)
            : exchange.Take(chunk, default, output);

    /// <summary>The data of the events of a stream, each written in the same way.</summary>
    public static List<string> Events(ArrayBufferWriter<byte> written) =>
    [
        .. Encoding.UTF8.GetString(written.WrittenSpan).Split('\n')
            .Where(line => line.StartsWith("data: ", StringComparison.Ordinal))
            .Select(line => JsonNode.Parse(line["data: ".Length..])!.ToJsonString()),
    ];
}
