using System.Buffers;
using System.Text;
using System.Text.Json;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Sse;

namespace Sahab.Tests.Wire;

/// <summary>
/// What arrives is not always what was sent. Valid texts broken at random must never make a reader throw, hang, read
/// what is not there, or take half for whole. 200,000 cases in all; a failing one can be run again by its seed.
/// </summary>
public sealed class FuzzTests
{
    const string Request = """
        {"model":"gpt\u002fx","messages":[{"role":"system","content":"You are \"kind\"\n"},{"role":"user","content":[
        {"type":"text","text":"héllo 雲"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]}],"stream":true,
        "stream_options":{"include_usage":false,"continuous_usage_stats":null},"n":2,"max_tokens":10,"service_tier":"flex",
        "tools":[{"type":"function","function":{"name":"f"}}],"response_format":{"type":"json_object"},"seed":1.5e3}
        """;

    const string Stream =
        ": ping\r\n\r\n"
        + "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}],\"usage\":null}\n\n"
        + "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"H\\u00e9l\"},\"finish_reason\":null}],\"usage\":null}\r\n\r\n"
        + "event: x\rdata: {\"choices\":[],\rdata: \"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4,\"total_tokens\":13}}\r\r"
        + "data: {\"error\":{\"message\":\"late\",\"type\":\"server_error\",\"param\":null,\"code\":500}}\n\n"
        + "data: [DONE]\n\n";

    const string Reply = """
        {"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.1,-2.5e-3,3]},{"embedding":"AADAP0\/AAAA="}],
        "choices":[{"message":{"content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":8,"total_tokens":8},"error":null}
        """;

    static readonly string[] Errors =
    [
        """{"error":{"message":"Incorrect key sk-abcdefghijkl","type":"invalid_request_error","param":null,"code":401}}""",
        """{"detail":[{"loc":["body","n"],"msg":"field required"}]}""",
        """[{"error":{"code":429,"message":"Quota","status":"RESOURCE_EXHAUSTED"}}]""",
        "<html><head><title>502 Bad Gateway</title></head></html>",
    ];

    [Fact]
    public void A_broken_request_is_refused_or_is_json_that_can_be_edited()
    {
        var random = new RandomJson(seed: 101);
        byte[] whole = Encoding.UTF8.GetBytes(Request);
        byte[] model = "\"up\""u8.ToArray();
        var output = new ArrayBufferWriter<byte>();
        var taken = 0;
        for (var i = 0; i < 80_000; i++)
        {
            byte[] body = random.Break(whole);
            var operation = (ApiOperation)(i % 3);
            if (!RequestScanner.TryScan(body, operation, out RequestFacts facts, out RequestFault fault))
            {
                Expect(fault.Message.Length > 0 && fault.Code.Length > 0, body);
                continue;
            }

            taken++;
            output.ResetWrittenCount();
            var edits = RequestEdits.Plan(facts, model, wantUsage: true, wantRunningUsage: true, dropServiceTier: true);
            edits.WriteTo(body, output);
            Expect(IsJson(body), body);
            Expect(IsJson(output.WrittenSpan), body);
            Expect(output.WrittenCount == edits.ContentLength(body.Length), body);
        }

        taken.ShouldBeGreaterThan(1_000);
    }

    [Fact]
    public void A_broken_stream_yields_every_byte_once_and_no_half_event_for_a_whole_one()
    {
        var random = new RandomJson(seed: 102);
        byte[] whole = Encoding.UTF8.GetBytes(Stream);
        for (var i = 0; i < 50_000; i++)
        {
            byte[] stream = random.Break(whole);
            int limit = random.OneOf(40, 200, 1_000);
            Follow(stream, limit, random);
        }
    }

    [Fact]
    public void A_broken_reply_is_refused_or_is_json()
    {
        var random = new RandomJson(seed: 103);
        byte[] whole = Encoding.UTF8.GetBytes(Reply);
        var output = new ArrayBufferWriter<byte>();
        var facts = default(ReplyFacts);
        for (var i = 0; i < 40_000; i++)
        {
            byte[] body = random.Break(whole);
            bool read = UsageReader.Read(body, ref facts);
            bool isJson = IsJson(body);
            Expect(!read || isJson, body);
            Expect(read || !isJson || body.AsSpan().TrimStart(" \r\n\t"u8)[0] != (byte)'{', body);
            output.ResetWrittenCount();
            if (EmbeddingEncoder.TryConvert(body, (EmbeddingEncoding)(i % 3), output))
            {
                Expect(IsJson(output.WrittenSpan), body);
            }
        }
    }

    [Fact]
    public void A_broken_error_still_says_something()
    {
        var random = new RandomJson(seed: 104);
        for (var i = 0; i < 30_000; i++)
        {
            byte[] body = random.Break(Encoding.UTF8.GetBytes(random.OneOf(Errors)));
            UpstreamError error = ErrorReader.Read(500, body);
            Expect(error.Message.Length is > 0 and <= UpstreamError.MaxMessageLength, body);
            Expect(Enum.IsDefined(ErrorClassifier.Classify(i % 2 * 400, error)), body);
        }
    }

    static void Follow(byte[] stream, int limit, RandomJson random)
    {
        var scanner = new SseScanner(limit);
        var facts = default(ChunkFacts);
        var data = new byte[limit];
        var start = 0;
        var arrived = 0;
        var status = SseStatus.NeedMore;
        while (status == SseStatus.NeedMore && arrived < stream.Length)
        {
            arrived = Math.Min(stream.Length, arrived + random.Random.Next(1, 90));
            while ((status = scanner.Read(stream.AsSpan(start..arrived), out SseEvent found)) == SseStatus.Event)
            {
                Expect(found.Length is > 0 && found.Length <= limit, stream);
                found.CopyData(stream.AsSpan(start), data);
                ReadOnlySpan<byte> text = data.AsSpan(0, found.DataLength);
                if (found.HasData && ChunkReader.Read(text, ref facts) && !facts.IsDone)
                {
                    Expect(IsJson(text), stream);
                }

                start += found.Length;
            }

            // What is kept for an event that is not whole stays within the bound.
            Expect(status == SseStatus.TooLong || arrived - start <= limit, stream);
        }

        if (status == SseStatus.TooLong)
        {
            return;
        }

        while ((status = scanner.Finish(stream.AsSpan(start), out SseEvent last)) == SseStatus.Event)
        {
            start += last.Length;
        }

        // Whatever is left over and is not a comment or a blank line must have been reported.
        bool leftData = Text(stream.AsSpan(start)).Split('\n', '\r').Any(line => line.Length > 0 && line[0] != ':');
        Expect(status == (leftData ? SseStatus.Truncated : SseStatus.End), stream);
    }

    static bool IsJson(ReadOnlySpan<byte> text)
    {
        var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = RequestScanner.MaxDepth });
        try
        {
            while (reader.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Spells the case out only when it fails: most of the time would go into words that nobody reads.</summary>
    static void Expect(bool holds, byte[] text)
    {
        if (!holds)
        {
            holds.ShouldBeTrue(Text(text));
        }
    }

    static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);
}
