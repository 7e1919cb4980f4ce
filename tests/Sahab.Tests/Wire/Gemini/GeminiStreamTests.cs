using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using Sahab.Wire.Gemini;
using Sahab.Wire.Translation;

namespace Sahab.Tests.Wire.Gemini;

public class GeminiStreamTests
{
    const string Tail = """
        "modelVersion":"gemini-2.5-flash","responseId":"r1","createTime":"2026-11-22T00:00:00Z"
        """;

    /// <summary>Text, a call, and the end: with usage that names only the pool until the last event.</summary>
    static readonly string[] Golden =
    [
        """{"candidates":[{"content":{"role":"model","parts":[{"text":"let me see","thought":true}]},"index":0}],"usageMetadata":{"trafficType":"ON_DEMAND"},"""
            + Tail + "}",
        """{"candidates":[{"content":{"role":"model","parts":[{"text":"Hel"}]},"index":0}],"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":2,"totalTokenCount":7,"trafficType":"ON_DEMAND"},"""
            + Tail + "}",
        """{"candidates":[{"content":{"role":"model","parts":[{"functionCall":{"name":"f","args":{"a":1}},"thoughtSignature":"AQID"}]},"index":0}],"""
            + Tail + "}",
        """{"candidates":[{"content":{"role":"model","parts":[{"text":""}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":4,"thoughtsTokenCount":1,"cachedContentTokenCount":2,"totalTokenCount":10,"trafficType":"ON_DEMAND"},"""
            + Tail + "}",
    ];

    [Fact]
    public void A_stream_becomes_chunks_with_the_call_its_signature_and_the_last_usage()
    {
        var (chunks, isDone, id) = Read(Bytes(Golden));
        isDone.ShouldBeTrue();
        id.ShouldBe("r1");
        Deltas(chunks).Select(delta => (string?)delta["reasoning_content"]).OfType<string>().ShouldBe(["let me see"]);
        string.Concat(Deltas(chunks).Select(delta => (string?)delta["content"])).ShouldBe("Hel");
        var call = Deltas(chunks).Select(delta => delta["tool_calls"]).OfType<JsonArray>().ShouldHaveSingleItem()[0]!;
        ((string)call["function"]!["name"]!).ShouldBe("f");
        ((string)call["function"]!["arguments"]!).ShouldBe("""{"a":1}""");
        ((string)call["extra_content"]!["google"]!["thought_signature"]!).ShouldBe("AQID");
        ((string)call["id"]!).Length.ShouldBeInRange(6, 40);
        chunks.SelectMany(chunk => chunk["choices"]!.AsArray()).Select(choice => (string?)choice!["finish_reason"])
            .OfType<string>().ShouldBe(["tool_calls"]);
        var usage = chunks[^1]["usage"]!;
        Numbers(usage).ShouldBe((5, 2, 5, 1, 10));
    }

    /// <summary>Most events only go on with text, and are read in a way of their own: it must not show.</summary>
    [Theory]
    [InlineData("""{"candidates":[{"content":{"parts":[{"text":"a\u003cb\n\u00e9 – 😀"}],"role":"model"},"index":0}]}""")]
    [InlineData("""{ "responseId" : "r1" , "candidates" : [ { "index" : 0 , "content" : { "parts" : [ { "text" : "a\u003cb\n\u00e9 – 😀" } ] } } ] }""")]
    [InlineData("""{"candidates":[{"content":{"parts":[{"text":"a\u003cb"},{"text":"\n\u00e9 – 😀"}]}}]}""")]
    [InlineData("""{"candidates":[{"content":{"parts":[{"text":"a\u003cb\n\u00e9 – \ud83d\ude00"}]},"safetyRatings":[{"category":"C"}]}]}""")]
    [InlineData("""{"candidates":[{"content":{"parts":[{"te\u0078t":"a\u003cb\n\u00e9 – 😀"}]}}],"candidates":[{"content":{"parts":[{"text":"a\u003cb\n\u00e9 – 😀"}]}}]}""")]
    public void The_text_of_an_event_is_the_same_however_it_is_written(string text)
    {
        var (chunks, isDone, _) = Read(Bytes([text, Golden[^1]]));
        isDone.ShouldBeTrue();
        string.Concat(Deltas(chunks).Select(delta => (string?)delta["content"])).ShouldBe("a<b\né – 😀");
    }

    [Theory]
    [InlineData("""{"candidates":[{"content":{"parts":[{"text":"\ud83d"}]}}]}""")]
    [InlineData("""{"candidates":[{"content":{"parts":[{"text":"a"}]}}]} x""")]
    [InlineData("""{"candidates":[{"content":{"parts":[{"text":"a"}]}}]""")]
    [InlineData("""{"candidates":[{"content":{"parts":[{"text":1}]}}]}""")]
    [InlineData("""{"candidates":[{"index":7,"content":{"parts":[{"text":"a"}]}}]}""")]
    public void An_event_of_text_that_is_none_breaks_the_stream(string text) =>
        Translate([Bytes([text, Golden[^1]])]).Ok.ShouldBeFalse();

    [Fact]
    public void The_usage_that_was_told_last_counts_wherever_it_stands()
    {
        var early = """{"candidates":[{"content":{"parts":[{"text":"a"}]}}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":9}}""";
        Numbers(Read(Bytes([early, Golden[^1]])).Chunks[^1]["usage"]!).ShouldBe((5, 2, 5, 1, 10));
        var late = """{"candidates":[{"content":{"parts":[{"text":"a"}]}}],"usageMetadata":{"promptTokenCount":8,"candidatesTokenCount":"3"}}""";
        Numbers(Read(Bytes([Golden[^1], late])).Chunks[^1]["usage"]!).ShouldBe((8, 0, 3, 0, 11));
        var odd = """{"candidates":[{"content":{"parts":[{"text":"a"}]}}],"usageMetadata":["promptTokenCount",8]}""";
        Translate([Bytes([Golden[^1], odd])]).Ok.ShouldBeFalse();
    }

    [Fact]
    public void However_the_bytes_are_cut_the_events_are_the_same()
    {
        var bytes = Bytes(Golden);
        var whole = Translate([bytes]);
        whole.Ok.ShouldBeTrue();
        for (var cut = 1; cut < bytes.Length; cut++)
        {
            Translate([bytes[..cut], bytes[cut..]]).ShouldBe(whole);
        }

        Translate([.. bytes.Select(one => new[] { one })]).ShouldBe(whole);
    }

    [Fact]
    public void A_stream_that_ends_anywhere_before_its_end_has_no_end()
    {
        var bytes = Bytes(Golden);
        var lastEvent = bytes.AsSpan().LastIndexOf("data: "u8);
        for (var length = 0; length < bytes.Length - 2; length++)
        {
            var (ok, text) = Translate([bytes[..length]]);
            ok.ShouldBeFalse($"after {length} of {bytes.Length}");
            text.ShouldNotContain("[DONE]");
            if (length < lastEvent)
            {
                text.ShouldNotContain("\"finish_reason\":\"");
            }
        }
    }

    /// <summary>
    /// A byte within a text or a name may change and nobody can tell. But an event that is none any more, or says nothing
    /// that is known, must not go by in silence.
    /// </summary>
    [Fact]
    public void Corrupted_bytes_neither_crash_nor_lose_an_event()
    {
        var bytes = Bytes(Golden);
        foreach (byte wrong in new byte[] { 0, (byte)'\n', (byte)'"', (byte)'}', (byte)'x', 0xFF })
        {
            for (var at = 0; at < bytes.Length; at++)
            {
                var corrupted = bytes.ToArray();
                corrupted[at] = wrong;
                var (ok, text) = Translate([corrupted]);
                if (ok && text.Contains("[DONE]", StringComparison.Ordinal))
                {
                    // The reason why it finished came, and the last event with it.
                    text.ShouldContain("\"finish_reason\":\"");
                }
            }
        }
    }

    [Fact]
    public void An_event_without_end_is_refused_before_it_fills_the_memory()
    {
        using var stream = new GeminiAnswers().OpenStream(Terms());
        var output = new ArrayBufferWriter<byte>();
        var more = new byte[64 * 1024];
        more.AsSpan().Fill((byte)'x');
        stream.Take("data: {\"a\":\""u8, output).ShouldBeTrue();
        var taken = 0;
        while (stream.Take(more, output))
        {
            (taken += more.Length).ShouldBeLessThan(5 * 1024 * 1024);
        }
    }

    [Theory]
    [InlineData("""data: {"candidates":[{"content":{"parts":[{"texd":"lost"}]},"index":0}]}""")]
    [InlineData("""data: {"kandidates":[{"content":{"parts":[{"text":"lost"}]},"index":0}]}""")]
    [InlineData("""dada: {"candidates":[{"content":{"parts":[{"text":"lost"}]},"index":0}]}""")]
    [InlineData("""data: {"candidates":[{"content":{"parts":[{"text":"lost"}]},"index":1}]}""")]
    public void Nothing_that_is_not_understood_is_passed_over(string odd)
    {
        var (ok, text) = Translate([Encoding.UTF8.GetBytes(odd + "\r\n\r\n"), Bytes(Golden[^1])]);
        ok.ShouldBeFalse();
        text.ShouldNotContain("[DONE]");
    }

    [Theory]
    [InlineData("""data: {"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}""" + "\r\n\r\n")]
    [InlineData("""data: [{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}]""" + "\r\n\r\n")]
    [InlineData("""{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}""")]
    [InlineData("""{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}""" + "\n\n")]
    public void An_error_in_the_middle_is_told_in_whatever_form_it_comes(string error)
    {
        var (_, text) = Translate([Bytes(Golden[1]), Encoding.UTF8.GetBytes(error)]);
        text.ShouldContain("\"error\"");
        text.ShouldContain("overloaded");
        text.ShouldNotContain("[DONE]");
    }

    [Fact]
    public void A_blocked_prompt_ends_as_filtered()
    {
        var (chunks, isDone, _) = Read(Bytes(
            """{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{"promptTokenCount":7,"totalTokenCount":7}}"""));
        isDone.ShouldBeTrue();
        chunks.SelectMany(chunk => chunk["choices"]!.AsArray()).Select(choice => (string?)choice!["finish_reason"])
            .OfType<string>().ShouldBe(["content_filter"]);
        ((long)chunks[^1]["usage"]!["prompt_tokens"]!).ShouldBe(7);
    }

    [Fact]
    public void Candidates_are_kept_apart()
    {
        var (chunks, isDone, _) = Read(
            Bytes(
                """{"candidates":[{"content":{"parts":[{"text":"b"}]},"index":1},{"content":{"parts":[{"text":"a"}]},"index":0}]}""",
                """{"candidates":[{"finishReason":"MAX_TOKENS","index":0},{"finishReason":"SAFETY","index":1}]}"""),
            choices: 2);
        isDone.ShouldBeTrue();
        var all = chunks.SelectMany(chunk => chunk["choices"]!.AsArray()).ToList();
        string.Concat(all.Where(c => (int)c!["index"]! == 1).Select(c => (string?)c!["delta"]!["content"])).ShouldBe("b");
        all.Where(c => c!["finish_reason"] is not null).Select(c => ((int)c!["index"]!, (string)c["finish_reason"]!))
            .ShouldBe([(0, "length"), (1, "content_filter")]);
    }

    [Fact]
    public void One_candidate_that_does_not_finish_is_an_answer_that_is_cut()
    {
        var (ok, text) = Translate(
            [Bytes(
                """{"candidates":[{"content":{"parts":[{"text":"b"}]},"index":1},{"content":{"parts":[{"text":"a"}]},"index":0}]}""",
                """{"candidates":[{"finishReason":"STOP","index":0}]}""")],
            choices: 2);
        ok.ShouldBeFalse();
        text.ShouldNotContain("[DONE]");
    }

    static (long, long, long, long, long) Numbers(JsonNode usage) => (
        (long)usage["prompt_tokens"]!, (long)usage["prompt_tokens_details"]!["cached_tokens"]!,
        (long)usage["completion_tokens"]!, (long)usage["completion_tokens_details"]!["reasoning_tokens"]!,
        (long)usage["total_tokens"]!);

    static IEnumerable<JsonNode> Deltas(List<JsonNode> chunks) =>
        chunks.SelectMany(chunk => chunk["choices"]!.AsArray()).Select(choice => choice!["delta"]!);

    static byte[] Bytes(params IEnumerable<string> events) =>
        Encoding.UTF8.GetBytes(string.Concat(events.Select(one => $"data: {one}\r\n\r\n")));

    static AnswerTerms Terms(int choices = 1) =>
        new("chatcmpl-0123456789abcdef0123456789abcdef", 1, "gemini-2.5-flash", choices);

    static (List<JsonNode> Chunks, bool IsDone, string? Id) Read(byte[] bytes, int choices = 1)
    {
        using var stream = new GeminiAnswers().OpenStream(Terms(choices));
        var output = new ArrayBufferWriter<byte>();
        stream.Take(bytes, output).ShouldBeTrue();
        stream.Complete(output).ShouldBeTrue();
        var events = Encoding.UTF8.GetString(output.WrittenSpan).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        return (
            [.. events.Where(one => one != "data: [DONE]").Select(one => JsonNode.Parse(one[6..])!)],
            events[^1] == "data: [DONE]", stream.RequestId);
    }

    static (bool Ok, string Text) Translate(IEnumerable<byte[]> pieces, int choices = 1)
    {
        using var stream = new GeminiAnswers().OpenStream(Terms(choices));
        var output = new ArrayBufferWriter<byte>();
        var ok = pieces.All(piece => stream.Take(piece, output)) && stream.Complete(output);
        return (ok, Encoding.UTF8.GetString(output.WrittenSpan));
    }
}
