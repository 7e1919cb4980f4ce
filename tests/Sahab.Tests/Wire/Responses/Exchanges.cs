using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Responses;
using Sahab.Wire.Translation;

namespace Sahab.Tests.Wire.Responses;

/// <summary>Calls of the Responses API without a server: a request in, its chat completion out, and the way back.</summary>
static class Exchanges
{
    public static readonly Guid CallId = Guid.Parse("019ab000-0000-7000-8000-000000000001");

    /// <summary>Opens a request that must be taken.</summary>
    public static (JsonNode Chat, ResponsesExchange Exchange) Open(string request, ResponsesContext? context = null)
    {
        var output = new ArrayBufferWriter<byte>();
        bool taken = new ResponsesApi(context ?? ResponsesContext.None).TryOpen(
            Encoding.UTF8.GetBytes(request), new ClientTerms(CallId, 1_700_000_000, null, null), output,
            out IClientExchange? exchange, out RequestFault fault);
        taken.ShouldBeTrue($"{fault.Param}: {fault.Message}");
        JsonNode chat = JsonNode.Parse(output.WrittenSpan)!;
        RequestScanner.TryScan(output.WrittenSpan, ApiOperation.ChatCompletions, out _, out RequestFault scanned)
            .ShouldBeTrue(scanned.Message);
        return (chat, exchange.ShouldBeOfType<ResponsesExchange>());
    }

    /// <summary>What a request is refused for.</summary>
    public static RequestFault Refused(string request, ResponsesContext? context = null)
    {
        new ResponsesApi(context ?? ResponsesContext.None).TryOpen(
            Encoding.UTF8.GetBytes(request), new ClientTerms(CallId, 1_700_000_000, null, null),
            new ArrayBufferWriter<byte>(), out IClientExchange? exchange, out RequestFault fault).ShouldBeFalse(request);
        exchange.ShouldBeNull();
        fault.Message.ShouldNotBeNullOrEmpty();
        return fault;
    }

    /// <summary>The events of a stream of chunks.</summary>
    public static List<JsonObject> Stream(ResponsesExchange exchange, IEnumerable<string> chunks)
    {
        var output = new ArrayBufferWriter<byte>();
        foreach (string chunk in chunks)
        {
            exchange.Take(Encoding.UTF8.GetBytes(chunk), output).ShouldBeTrue(chunk);
        }

        exchange.Complete(output);
        return Events(output.WrittenSpan);
    }

    /// <summary>Reads events as a client does: a name and one line of data each.</summary>
    public static List<JsonObject> Events(ReadOnlySpan<byte> written)
    {
        string text = Encoding.UTF8.GetString(written);
        text.ShouldEndWith("\n\n");
        return [.. text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(block =>
        {
            string[] lines = block.Split('\n');
            lines.Length.ShouldBe(2, block);
            JsonObject told = JsonNode.Parse(lines[1]["data: ".Length..])!.AsObject();
            lines[0].ShouldBe($"event: {(string)told["type"]!}");
            return told;
        })];
    }

    /// <summary>The response of an answer in one piece.</summary>
    public static JsonObject Whole(ResponsesExchange exchange, string answer)
    {
        var output = new ArrayBufferWriter<byte>();
        exchange.TryWriteAnswer(Encoding.UTF8.GetBytes(answer), output).ShouldBeTrue(answer);
        return JsonNode.Parse(output.WrittenSpan)!.AsObject();
    }
}
