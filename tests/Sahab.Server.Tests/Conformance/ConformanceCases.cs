using System.Text.Json.Nodes;
using Sahab.Emulator.Faults;

namespace Sahab.Server.Tests.Conformance;

/// <summary>The table of cases. A tool is called by the emulated clouds when the last turn speaks its name.</summary>
internal static class ConformanceCases
{
    /// <summary>A picture of one pixel.</summary>
    const string Pixel = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

    static readonly Tool Weather = new("get_weather", Object("""
        {"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"}},"required":["city"]}
        """));

    static readonly Tool Clock = new("read_clock", Object("""
        {"type":"object","properties":{"zone":{"type":"string","enum":["UTC","CET"]}},"required":["zone"]}
        """));

    static readonly JsonObject Person = Object("""
        {"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"},"tags":{"type":"array",
        "items":{"type":"string"}}},"required":["name","age","tags"],"additionalProperties":false}
        """);

    static readonly string LongText = string.Concat(Enumerable.Range(0, 900).Select(i => $"Line {i} of a long tale. "));

    public static IReadOnlyList<ConformanceCase> All { get; } =
    [
        .. Texts(), .. Parameters(), .. Tools(), .. Images(), .. Formats(), .. Reasonings(), .. Usages(), .. Errors(),
        .. Troubles(),
    ];

    static IEnumerable<ConformanceCase> Texts()
    {
        yield return Answered("text", Talk.Say("Tell me of the sea."));
        yield return Answered("text-system", Talk.Say("Tell me of the sea.") with { System = "You are a sailor." });
        yield return Answered("text-turns", Turns(("user", "Hello."), ("assistant", "Good day."), ("user", "And now?")));
        yield return Answered("text-same-role", Turns(("user", "First."), ("user", "Second.")));
        yield return Answered("text-ends-assistant", Turns(("user", "Count."), ("assistant", "One, two,"), ("user", "Go on.")));
        yield return Answered("text-unicode", Talk.Say("Ær det sjøen? 海は静か。 سحاب 👩‍🚀 \u0000-free"));
        yield return Answered("text-escapes", Talk.Say("Quote \" backslash \\ tab \t newline \n slash / <b>&amp;"));
        yield return Answered("text-long-prompt", Talk.Say(LongText));
        yield return new("text-long-answer", Talk.Say("Write.") with { MaxTokens = 600, Extra = null }, (heard, stream) =>
        {
            ShouldBeWhole(heard, stream);
            heard.Usage!.Value.Output.ShouldBeInRange(1, 600);
        });
        yield return new("text-deltas", Talk.Say("Tell me of the sea.") with { MaxTokens = 40 }, (heard, _) =>
        {
            ShouldBeWhole(heard, stream: true);
            ((long)heard.Pieces).ShouldBeInRange(1, heard.Usage!.Value.Output);
        })
        { Streamed = true };
    }

    static IEnumerable<ConformanceCase> Parameters()
    {
        yield return Answered("temperature", Talk.Say("Hello.") with { Temperature = 0.3 });
        yield return Answered("top-p", Talk.Say("Hello.") with { TopP = 0.9 });
        yield return new("max-tokens", Talk.Say("Write a long story.") with { MaxTokens = 7 }, (heard, stream) =>
        {
            ShouldBeWhole(heard, stream);
            heard.Finish.ShouldBe("length");
            heard.Usage!.Value.Output.ShouldBe(7);
        });
        yield return new("stop", Talk.Say("Hello.") with { Stop = ["e"], MaxTokens = 200 }, (heard, stream) =>
        {
            heard.IsWhole.ShouldBeTrue();
            heard.Finish.ShouldBe("stop");
            heard.Text.ShouldNotContain("e");
        });
        yield return Answered("stop-several", Talk.Say("Hello.") with { Stop = ["@@@", "###"] });
        yield return Answered("seed", Talk.Say("Hello.") with { Seed = 11 });
        yield return Answered("user", Talk.Say("Hello.") with { User = "somebody" });
        yield return Answered("choices", Talk.Say("Hello.") with { Extra = new() { ["n"] = 2 } });
        yield return new(
            "logprobs", Talk.Say("Hello.") with { Extra = new() { ["logprobs"] = true, ["top_logprobs"] = 2 }, MaxTokens = 8 },
            (heard, stream) =>
            {
                ShouldBeWhole(heard, stream);
                string.Concat(heard.Probable.Select(token => token.Token)).ShouldBe(heard.Text);
                heard.Probable.ShouldAllBe(token => token.Alternatives == 2);
            });
        yield return Answered("frequency-penalty", Talk.Say("Hello.") with { Extra = new() { ["frequency_penalty"] = 0.5 } });
        yield return Answered("presence-penalty", Talk.Say("Hello.") with { Extra = new() { ["presence_penalty"] = 0.5 } });
        yield return Answered("logit-bias", Talk.Say("Hello.") with { Extra = new() { ["logit_bias"] = new JsonObject { ["50"] = 1 } } });
    }

    static IEnumerable<ConformanceCase> Tools()
    {
        yield return Called("tools", Ask("Please get_weather for Bergen."), "get_weather");
        yield return Called("tools-parallel", Ask("Please get_weather and read_clock."), "get_weather", "read_clock");
        yield return Called(
            "tools-not-parallel", Ask("Please get_weather and read_clock.") with { Parallel = false }, "get_weather");
        yield return Answered("tools-unused", Ask("Tell me of the sea."));
        yield return Answered("tools-none", Ask("Please get_weather for Bergen.") with { ToolChoice = "none" });
        yield return Called("tools-required", Ask("Hello.") with { ToolChoice = "required" }, "get_weather");
        yield return Called("tools-named", Ask("Hello.") with { ToolChoice = "read_clock" }, "read_clock");
        yield return Called(
            "tools-no-parameters", Talk.Say("Please ring_bell.") with { Tools = [new Tool("ring_bell", null)] }, "ring_bell");
        yield return Called("tools-nested", Talk.Say("Please store_tree.") with
        {
            Tools =
            [
                new Tool("store_tree", Object("""
                    {"type":"object","properties":{"root":{"type":"object","properties":{"leaves":{"type":"array","items":
                    {"type":"object","properties":{"id":{"type":"integer"},"label":{"type":"string"}},"required":["id",
                    "label"]}}},"required":["leaves"]}},"required":["root"]}
                    """)),
            ],
        }, "store_tree");
        yield return Answered("tools-result", Ask("Please get_weather for Bergen.")) with
        {
            Then = heard => AfterTools(heard, "Please get_weather for Bergen."),
        };
        yield return Answered("tools-results", Ask("Please get_weather and read_clock.")) with
        {
            Then = heard => AfterTools(heard, "Please get_weather and read_clock."),
        };
    }

    static IEnumerable<ConformanceCase> Images()
    {
        yield return Answered("image", Seen(Pixel));
        yield return Answered("images", Seen(Pixel, Pixel));
        yield return Answered("image-address", Seen("https://pictures.example/sea.png"));
    }

    static IEnumerable<ConformanceCase> Formats()
    {
        yield return new("json-schema", Talk.Say("Make up a person.") with { Schema = Person }, (heard, stream) =>
        {
            ShouldBeWhole(heard, stream);
            var person = JsonNode.Parse(heard.Text)!.AsObject();
            person["name"]!.GetValueKind().ShouldBe(System.Text.Json.JsonValueKind.String);
            person["age"]!.GetValueKind().ShouldBe(System.Text.Json.JsonValueKind.Number);
            person["tags"].ShouldBeOfType<JsonArray>();
        });
        yield return new(
            "json-object",
            Talk.Say("Make up a JSON object.") with
            {
                Extra = new() { ["response_format"] = new JsonObject { ["type"] = "json_object" } },
            },
            (heard, stream) =>
            {
                ShouldBeWhole(heard, stream);
                JsonNode.Parse(heard.Text).ShouldBeOfType<JsonObject>();
            });
    }

    static IEnumerable<ConformanceCase> Reasonings()
    {
        foreach (var effort in new[] { "low", "high" })
        {
            yield return Answered($"reasoning-{effort}", Talk.Say("Think.") with { Effort = effort, MaxTokens = 300 });
        }
    }

    static IEnumerable<ConformanceCase> Usages()
    {
        yield return new("cached-tokens", Talk.Say(LongText), (heard, _) =>
            heard.Usage!.Value.Cached.ShouldBeInRange(1, heard.Usage.Value.Prompt))
        {
            Then = _ => Talk.Say(LongText),
        };
        yield return new("usage", Talk.Say("Tell me of the sea."), (heard, _) =>
        {
            var (prompt, cached, output) = heard.Usage.ShouldNotBeNull();
            (prompt > 0 && cached >= 0 && cached <= prompt && output > 0).ShouldBeTrue(heard.Usage.ToString());
        });
    }

    static IEnumerable<ConformanceCase> Errors()
    {
        yield return Refused("wrong-key", Talk.Say("Hello.") with { Key = "sk-wrong" }, 401);
        yield return Refused("no-key", Talk.Say("Hello.") with { Key = "" }, 401);
        yield return Refused("unknown-model", Talk.Say("Hello.") with { Model = "no-such-model" }, 404);
        yield return Refused("not-json", Talk.Say("Hello.") with { Body = "{\"model\": " }, 400);
        yield return Refused("no-messages", Talk.Say("Hello.") with { Body = "{}" }, 400);
        yield return Refused(
            "context-too-long", Talk.Say(string.Concat(Enumerable.Repeat(LongText, 12))), 400);
        yield return Troubled("throttled", 429, new FaultSpec { Cloud = "", Kind = FaultKind.Throttle, RetryAfterSeconds = 1 });
        yield return Troubled("server-error", 503, new FaultSpec { Cloud = "", Kind = FaultKind.Error, Status = 500 });
        yield return Troubled("unavailable", 503, new FaultSpec { Cloud = "", Kind = FaultKind.Error, Status = 503 });
        yield return Troubled("down", 503, new FaultSpec { Cloud = "", Kind = FaultKind.Down });
        yield return Troubled(
            "error-before-content", 503, new FaultSpec { Cloud = "", Kind = FaultKind.ErrorIn200, AfterTokens = 0 });
        yield return Troubled("cut-before-content", 503, new FaultSpec { Cloud = "", Kind = FaultKind.Cut, AfterTokens = 0 });
    }

    static IEnumerable<ConformanceCase> Troubles()
    {
        foreach (var (id, kind) in new[] { ("error-in-stream", FaultKind.ErrorIn200), ("cut-in-stream", FaultKind.Cut) })
        {
            yield return new(id, Talk.Say("Tell me of the sea.") with { MaxTokens = 50 }, (heard, _) =>
            {
                heard.Status.ShouldBe(200);
                heard.IsBroken.ShouldBeTrue("a stream that breaks off must not look whole");
                heard.IsWhole.ShouldBeFalse();
                heard.Text.ShouldNotBeEmpty();
            })
            {
                Fault = new FaultSpec { Cloud = "", Kind = kind, AfterTokens = 3 },
                Streamed = true,
            };
        }

        yield return new(
            "client-leaves", Talk.Say("Tell me of the sea.") with { MaxTokens = 400, LeavesAfterBytes = 300 },
            (heard, _) => heard.Status.ShouldBe(200))
        { Streamed = true };
        // What a cloud says of its usage after a fault must be right again.
        yield return Answered("after-trouble", Talk.Say("All well?"));
    }

    static ConformanceCase Answered(string id, Talk talk) => new(id, talk, (heard, stream) =>
    {
        ShouldBeWhole(heard, stream);
        heard.Text.ShouldNotBeEmpty();
        heard.Finish.ShouldBeOneOf("stop", "length");
        heard.Uses.ShouldBeEmpty();
    });

    static ConformanceCase Called(string id, Talk talk, params string[] tools) => new(id, talk, (heard, stream) =>
    {
        ShouldBeWhole(heard, stream);
        heard.Uses.Select(use => use.Name).ShouldBe(tools);
        heard.Uses.Select(use => use.Id).ShouldBeUnique();
        heard.Uses.ShouldAllBe(use => use.Id.Length > 0 && JsonNode.Parse(use.Arguments.Length == 0 ? "{}" : use.Arguments)!
            .GetValueKind() == System.Text.Json.JsonValueKind.Object);
        heard.Finish.ShouldBe("tool_calls");
    });

    static ConformanceCase Refused(string id, Talk talk, int status) => new(id, talk, (heard, _) =>
    {
        heard.Status.ShouldBe(status, heard.ErrorMessage);
        heard.ErrorMessage.ShouldNotBeNullOrEmpty();
    });

    static ConformanceCase Troubled(string id, int status, FaultSpec fault) =>
        new(id, Talk.Say("Tell me of the sea.") with { MaxTokens = 30 }, (heard, _) =>
        {
            heard.Status.ShouldBe(status, heard.ErrorMessage);
            heard.ErrorMessage.ShouldNotBeNullOrEmpty();
            int.Parse(heard.RetryAfter!, System.Globalization.CultureInfo.InvariantCulture).ShouldBeGreaterThan(0);
        })
        { Fault = fault };

    static void ShouldBeWhole(Heard heard, bool stream)
    {
        heard.Status.ShouldBe(200, heard.ErrorMessage);
        heard.IsWhole.ShouldBeTrue(stream ? "the stream did not end as its API has it" : "");
        heard.IsBroken.ShouldBeFalse(heard.ErrorMessage);
        heard.Usage.ShouldNotBeNull();
    }

    static Talk Ask(string text) => Talk.Say(text) with { Tools = [Weather, Clock] };

    static Talk Seen(params string[] images) =>
        new() { Turns = [new Turn("user", "What is in it?") { Images = images }] };

    static Talk Turns(params (string Role, string Text)[] turns) =>
        new() { Turns = [.. turns.Select(turn => new Turn(turn.Role, turn.Text))] };

    static Talk AfterTools(Heard heard, string asked) => new()
    {
        Tools = [Weather, Clock],
        Turns =
        [
            new Turn("user", asked),
            new Turn("assistant", heard.Text) { Uses = heard.Uses },
            .. heard.Uses.Select(use => new Turn("tool", "{\"answer\":\"12 degrees\"}")
            {
                Answers = use.Id, ToolName = use.Name,
            }),
        ],
    };

    static JsonObject Object(string json) => JsonNode.Parse(json)!.AsObject();
}
