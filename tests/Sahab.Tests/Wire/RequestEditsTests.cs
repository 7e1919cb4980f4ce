using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using Sahab.Wire.OpenAI;

namespace Sahab.Tests.Wire;

public sealed class RequestEditsTests
{
    [Theory]
    [InlineData(
        """{"model":"m","messages":[{}]}""",
        """{"model":"up","messages":[{}]}""")]
    [InlineData(
        """{"model":"m","messages":[{}],"stream":true}""",
        """{"model":"up","messages":[{}],"stream":true,"stream_options":{"include_usage":true}}""")]
    [InlineData(
        """{"stream_options":{ },"model":"m","messages":[{}],"stream":true}""",
        """{"stream_options":{ "include_usage":true},"model":"up","messages":[{}],"stream":true}""")]
    [InlineData(
        """{"stream_options":null,"model":"m","messages":[{}],"stream":true}""",
        """{"stream_options":{"include_usage":true},"model":"up","messages":[{}],"stream":true}""")]
    [InlineData(
        """{"stream_options":{"include_usage":false},"model":"m","messages":[{}],"stream":true}""",
        """{"stream_options":{"include_usage":true},"model":"up","messages":[{}],"stream":true}""")]
    [InlineData(
        """{"stream_options":{"include_obfuscation":true},"model":"m","messages":[{}],"stream":true}""",
        """{"stream_options":{"include_obfuscation":true,"include_usage":true},"model":"up","messages":[{}],"stream":true}""")]
    [InlineData(
        """{"stream_options":{"include_usage":true},"model":"m","messages":[{}],"stream":true}""",
        """{"stream_options":{"include_usage":true},"model":"up","messages":[{}],"stream":true}""")]
    [InlineData(
        """{"service_tier":"flex","model":"m","messages":[{}]}""",
        """{"model":"up","messages":[{}]}""")]
    [InlineData(
        """{"model":"m","messages":[{}],"stream":true,"service_tier":"flex"}""",
        """{"model":"up","messages":[{}],"stream":true,"stream_options":{"include_usage":true}}""")]
    public void Only_what_must_change_changes(string body, string expected)
    {
        RequestEdits edits = Plan(body, running: false);
        Apply(edits, body).ShouldBe(expected);
    }

    [Fact]
    public void Running_usage_is_asked_for_beside_usage()
    {
        const string body = """{"model":"m","messages":[{}],"stream":true,"stream_options":{"continuous_usage_stats":false}}""";
        Apply(Plan(body, running: true), body).ShouldBe(
            """{"model":"up","messages":[{}],"stream":true,"stream_options":{"continuous_usage_stats":true,"include_usage":true}}""");
    }

    [Fact]
    public void Nothing_to_change_leaves_one_slice()
    {
        byte[] body = Encoding.UTF8.GetBytes("""{"model":"m","messages":[{}]}""");
        RequestScanner.TryScan(body, ApiOperation.ChatCompletions, out RequestFacts facts, out _).ShouldBeTrue();
        RequestEdits edits = RequestEdits.Plan(facts, default, wantUsage: true, wantRunningUsage: true, dropServiceTier: true);
        edits.Count.ShouldBe(0);
        edits.ContentLength(body.Length).ShouldBe(body.Length);
        var pieces = new List<ReadOnlyMemory<byte>>();
        foreach (ReadOnlyMemory<byte> piece in edits.Segments(body))
        {
            pieces.Add(piece);
        }

        pieces.Single().Span.SequenceEqual(body).ShouldBeTrue();
        Should.Throw<ArgumentOutOfRangeException>(() => edits[0]);
    }

    [Fact]
    public void Edits_of_any_request_change_exactly_the_members_meant()
    {
        var json = new RandomJson(seed: 3);
        for (var i = 0; i < 8_000; i++)
        {
            string body = Request(json);
            bool usage = json.Chance(0.7);
            bool running = json.Chance(0.3);
            bool drop = json.Chance(0.5);
            byte[] bytes = Encoding.UTF8.GetBytes(body);
            RequestScanner.TryScan(bytes, ApiOperation.ChatCompletions, out RequestFacts facts, out RequestFault fault)
                .ShouldBeTrue(fault.Message + body);
            var edits = RequestEdits.Plan(facts, "\"up\\u002fmodel\""u8.ToArray(), usage, running, drop);
            string changed = Apply(edits, body);
            JsonNode expected = Oracle(body, usage, running, drop);
            JsonNode.DeepEquals(JsonNode.Parse(changed), expected).ShouldBeTrue($"{body}\n{changed}\n{expected}");
        }
    }

    static JsonObject Oracle(string body, bool usage, bool running, bool drop)
    {
        JsonObject node = JsonNode.Parse(body)!.AsObject();
        node["model"] = "up/model";
        if (drop)
        {
            node.Remove("service_tier");
        }

        if (node["stream"]?.GetValue<bool>() == true && (usage || running))
        {
            if (node["stream_options"] is not JsonObject options)
            {
                options = [];
                node["stream_options"] = options;
            }

            options["include_usage"] = true;
            if (running)
            {
                options["continuous_usage_stats"] = true;
            }
        }

        return node;
    }

    static string Request(RandomJson json)
    {
        bool stream = json.Chance(0.7);
        var members = new List<(string Name, string Value)>
        {
            ("model", json.String("m" + json.Text())),
            ("messages", json.Array([json.Object([("role", "\"user\""), ("content", json.String(json.Text()))])])),
        };
        if (stream || json.Chance(0.3))
        {
            members.Add(("stream", stream ? "true" : json.OneOf("false", "null")));
        }

        if (json.Chance(0.5))
        {
            members.Add(("service_tier", json.OneOf("\"flex\"", "null", "\"priority\"")));
        }

        if (json.Chance(0.6))
        {
            members.Add(("stream_options", stream ? StreamOptions(json) : "null"));
        }

        for (int more = json.Random.Next(4); more > 0; more--)
        {
            members.Add(("x" + more + json.Text(), json.Value()));
        }

        (string Name, string Value)[] shuffled = [.. members];
        json.Random.Shuffle(shuffled);
        return json.Object(shuffled);
    }

    static string StreamOptions(RandomJson json)
    {
        if (json.Chance(0.2))
        {
            return "null";
        }

        var members = new List<(string Name, string Value)>();
        foreach (string name in (string[])["include_usage", "continuous_usage_stats", "include_obfuscation"])
        {
            if (json.Chance(0.4))
            {
                members.Add((name, json.OneOf("true", "false", "null")));
            }
        }

        return json.Object(members);
    }

    static RequestEdits Plan(string body, bool running)
    {
        RequestScanner.TryScan(
            Encoding.UTF8.GetBytes(body), ApiOperation.ChatCompletions, out RequestFacts facts, out RequestFault fault)
            .ShouldBeTrue(fault.Message);
        return RequestEdits.Plan(facts, "\"up\""u8.ToArray(), wantUsage: true, running, dropServiceTier: true);
    }

    /// <summary>Both ways of writing the body must agree with each other and with the length announced.</summary>
    static string Apply(RequestEdits edits, string body)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(body);
        var written = new ArrayBufferWriter<byte>();
        edits.WriteTo(bytes, written);
        var pieced = new ArrayBufferWriter<byte>();
        foreach (ReadOnlyMemory<byte> piece in edits.Segments(bytes))
        {
            piece.IsEmpty.ShouldBeFalse();
            pieced.Write(piece.Span);
        }

        pieced.WrittenSpan.SequenceEqual(written.WrittenSpan).ShouldBeTrue();
        edits.ContentLength(bytes.Length).ShouldBe(written.WrittenCount);
        for (var i = 1; i < edits.Count; i++)
        {
            edits[i].Offset.ShouldBeGreaterThanOrEqualTo(edits[i - 1].Offset + edits[i - 1].RemoveLength);
        }

        return Encoding.UTF8.GetString(written.WrittenSpan);
    }
}
