using System.Text;
using System.Text.Json.Nodes;

namespace Sahab.Server.Tests.Conformance;

/// <summary>OpenAI's Responses.</summary>
internal sealed class ResponsesFace() : Face("responses")
{
    public override string? Lacks(Talk talk) => talk.Extra is not null || talk.Seed is not null || talk.Stop.Count > 0
        ? "n, seed, stop, logprobs of this form, penalties and logit_bias"
        : null;

    protected override string PathOf(string model, bool stream) => "/v1/responses";

    protected override JsonObject Write(Talk talk, string model, bool stream)
    {
        var body = new JsonObject { ["model"] = model, ["store"] = false, ["input"] = WriteInput(talk) };
        if (talk.System is { } system)
        {
            body["instructions"] = system;
        }

        Set(body, "max_output_tokens", talk.MaxTokens);
        Set(body, "temperature", talk.Temperature);
        Set(body, "top_p", talk.TopP);
        Set(body, "safety_identifier", talk.User);
        Set(body, "parallel_tool_calls", talk.Parallel);
        if (talk.Effort is { } effort)
        {
            body["reasoning"] = new JsonObject { ["effort"] = effort };
        }

        if (talk.Schema is { } schema)
        {
            body["text"] = new JsonObject
            {
                ["format"] = new JsonObject
                {
                    ["type"] = "json_schema",
                    ["name"] = "answer",
                    ["schema"] = schema.DeepClone(),
                    ["strict"] = true,
                },
            };
        }

        WriteTools(body, talk);
        if (stream)
        {
            body["stream"] = true;
        }

        return body;
    }

    protected override Heard ReadAnswer(Heard heard, JsonNode answer)
    {
        ((string?)answer["object"]).ShouldBe("response");
        var output = answer["output"]!.AsArray();
        var uses = output.Where(item => (string?)item!["type"] == "function_call").Select(item => new ToolUse(
            (string)item!["call_id"]!, (string)item["name"]!, (string)item["arguments"]!)).ToList();
        var usage = answer["usage"];
        return heard with
        {
            Text = string.Concat(output.Where(item => (string?)item!["type"] == "message")
                .SelectMany(item => item!["content"]!.AsArray())
                .Where(part => (string?)part!["type"] == "output_text").Select(part => (string?)part!["text"])),
            Uses = uses,
            Finish = (string?)answer["status"] switch
            {
                "completed" => uses.Count > 0 ? "tool_calls" : "stop",
                "incomplete" => (string?)answer["incomplete_details"]?["reason"] == "content_filter"
                    ? "content_filter" : "length",
                _ => "",
            },
            Usage = usage is null ? null : (
                (long)usage["input_tokens"]!, (long?)usage["input_tokens_details"]?["cached_tokens"] ?? 0,
                (long)usage["output_tokens"]!),
        };
    }

    protected override Heard ReadStream(Heard heard, IReadOnlyList<(string? Name, string Data)> events)
    {
        var (text, pieces, number) = (new StringBuilder(), 0, -1L);
        foreach (var (name, data) in events)
        {
            if (data == "[DONE]")
            {
                break;
            }

            var one = JsonNode.Parse(data)!;
            ((string?)one["type"]).ShouldBe(name, "an event's name and its type are the same");
            if ((long?)one["sequence_number"] is { } next)
            {
                next.ShouldBeGreaterThan(number);
                number = next;
            }

            switch (name)
            {
                case "response.output_text.delta":
                    text.Append((string?)one["delta"]);
                    pieces++;
                    break;
                case "response.completed" or "response.incomplete":
                    heard = ReadAnswer(heard, one["response"]!) with { IsWhole = true };
                    heard.Text.ShouldBe(text.ToString(), "the deltas make up the text");
                    break;
                case "response.failed" or "error":
                    heard = heard with
                    {
                        IsBroken = true,
                        ErrorMessage = (string?)one["message"] ?? (string?)one["response"]?["error"]?["message"]
                            ?? (string?)one["error"]?["message"],
                    };
                    break;
                default:
                    break;
            }
        }

        return heard with { Text = text.ToString(), Pieces = pieces };
    }

    static JsonArray WriteInput(Talk talk)
    {
        var input = new JsonArray();
        foreach (var turn in talk.Turns)
        {
            if (turn.Role == "tool")
            {
                input.Add(new JsonObject
                {
                    ["type"] = "function_call_output",
                    ["call_id"] = turn.Answers,
                    ["output"] = turn.Text,
                });
                continue;
            }

            if (turn.Text.Length > 0)
            {
                input.Add(new JsonObject { ["role"] = turn.Role, ["content"] = WriteContent(turn) });
            }

            foreach (var use in turn.Uses)
            {
                input.Add(new JsonObject
                {
                    ["type"] = "function_call",
                    ["call_id"] = use.Id,
                    ["name"] = use.Name,
                    ["arguments"] = use.Arguments,
                });
            }
        }

        return input;
    }

    static JsonNode WriteContent(Turn turn)
    {
        if (turn.Images.Count == 0)
        {
            return turn.Text;
        }

        var parts = new JsonArray(new JsonObject { ["type"] = "input_text", ["text"] = turn.Text });
        foreach (var image in turn.Images)
        {
            parts.Add(new JsonObject { ["type"] = "input_image", ["image_url"] = image, ["detail"] = "auto" });
        }

        return parts;
    }

    static void WriteTools(JsonObject body, Talk talk)
    {
        if (talk.Tools.Count > 0)
        {
            body["tools"] = new JsonArray(
            [
                .. talk.Tools.Select(tool => new JsonObject
                {
                    ["type"] = "function", ["name"] = tool.Name, ["description"] = $"Does {tool.Name}.",
                    ["parameters"] = tool.Parameters?.DeepClone() ?? new JsonObject { ["type"] = "object", ["properties"] = new JsonObject() },
                    ["strict"] = false,
                }),
            ]);
        }

        if (talk.ToolChoice is { } choice)
        {
            body["tool_choice"] = choice is "auto" or "none" or "required"
                ? choice
                : new JsonObject { ["type"] = "function", ["name"] = choice };
        }
    }

    static void Set<T>(JsonObject body, string name, T? value)
    {
        if (value is not null)
        {
            body[name] = JsonValue.Create(value);
        }
    }
}
