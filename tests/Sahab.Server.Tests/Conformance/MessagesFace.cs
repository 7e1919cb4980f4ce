using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Sahab.Server.Tests.Conformance;

/// <summary>Anthropic's Messages.</summary>
internal sealed class MessagesFace() : Face("messages")
{
    const int MaxTokens = 400;

    public override string? Lacks(Talk talk) => talk.Extra is not null || talk.Seed is not null
        ? "n, seed, logprobs, penalties, logit_bias and json_object"
        : null;

    protected override string PathOf(string model, bool stream) => "/v1/messages";

    protected override void Authorize(HttpRequestHeaders headers, string key)
    {
        headers.Add("x-api-key", key);
        headers.Add("anthropic-version", "2023-06-01");
    }

    protected override JsonObject Write(Talk talk, string model, bool stream)
    {
        var body = new JsonObject
        {
            ["model"] = model,
            ["max_tokens"] = talk.MaxTokens ?? MaxTokens,
            ["messages"] = new JsonArray([.. talk.Turns.Select(WriteTurn)]),
        };
        if (talk.System is { } system)
        {
            body["system"] = system;
        }

        if (talk.Temperature is { } temperature)
        {
            body["temperature"] = temperature;
        }

        if (talk.TopP is { } topP)
        {
            body["top_p"] = topP;
        }

        if (talk.Stop.Count > 0)
        {
            body["stop_sequences"] = new JsonArray([.. talk.Stop.Select(stop => JsonValue.Create(stop))]);
        }

        if (talk.User is { } user)
        {
            body["metadata"] = new JsonObject { ["user_id"] = user };
        }

        WriteTools(body, talk);
        WriteOutput(body, talk);
        if (stream)
        {
            body["stream"] = true;
        }

        return body;
    }

    protected override Heard ReadAnswer(Heard heard, JsonNode answer)
    {
        ((string?)answer["type"]).ShouldBe("message");
        var content = answer["content"]!.AsArray();
        return heard with
        {
            Text = string.Concat(content.Where(block => (string?)block!["type"] == "text").Select(block => (string?)block!["text"])),
            Uses =
            [
                .. content.Where(block => (string?)block!["type"] == "tool_use").Select(block => new ToolUse(
                    (string)block!["id"]!, (string)block["name"]!, block["input"]!.ToJsonString())),
            ],
            Finish = FinishOf((string?)answer["stop_reason"]),
            Usage = UsageOf(answer["usage"]!, default),
        };
    }

    protected override Heard ReadStream(Heard heard, IReadOnlyList<(string? Name, string Data)> events)
    {
        var (text, pieces) = (new StringBuilder(), 0);
        var blocks = new List<(string Type, string Id, string Name, StringBuilder Json)>();
        foreach (var (name, data) in events)
        {
            var one = JsonNode.Parse(data)!;
            ((string?)one["type"]).ShouldBe(name, "an event's name and its type are the same");
            switch (name)
            {
                case "message_start":
                    heard = heard with { Usage = UsageOf(one["message"]!["usage"]!, default) };
                    break;
                case "content_block_start":
                    ((int)one["index"]!).ShouldBe(blocks.Count);
                    var block = one["content_block"]!;
                    blocks.Add(((string)block["type"]!, (string?)block["id"] ?? "", (string?)block["name"] ?? "", new()));
                    break;
                case "content_block_delta":
                    ((int)one["index"]!).ShouldBe(blocks.Count - 1);
                    text.Append((string?)one["delta"]!["text"]);
                    pieces += one["delta"]!["text"] is null ? 0 : 1;
                    blocks[^1].Json.Append((string?)one["delta"]!["partial_json"]);
                    break;
                case "message_delta":
                    heard = heard with
                    {
                        Finish = FinishOf((string?)one["delta"]!["stop_reason"]),
                        Usage = UsageOf(one["usage"]!, heard.Usage ?? default),
                    };
                    break;
                case "message_stop":
                    heard = heard with { IsWhole = true };
                    break;
                case "error":
                    heard = heard with { IsBroken = true, ErrorMessage = (string?)one["error"]!["message"] };
                    break;
                default:
                    break;
            }
        }

        return heard with
        {
            Text = text.ToString(),
            Pieces = pieces,
            Uses =
            [
                .. blocks.Where(block => block.Type == "tool_use")
                    .Select(block => new ToolUse(block.Id, block.Name, block.Json.ToString())),
            ],
        };
    }

    protected override Heard ReadError(Heard heard, JsonNode body)
    {
        ((string?)body["type"]).ShouldBe("error");
        return heard with
        {
            ErrorMessage = (string?)body["error"]!["message"],
            ErrorCode = (string?)body["error"]!["type"],
        };
    }

    static JsonObject WriteTurn(Turn turn)
    {
        if (turn.Role == "tool")
        {
            return Message("user", new JsonObject
            {
                ["type"] = "tool_result",
                ["tool_use_id"] = turn.Answers,
                ["content"] = turn.Text,
            });
        }

        var blocks = new List<JsonNode?>();
        if (turn.Text.Length > 0)
        {
            blocks.Add(new JsonObject { ["type"] = "text", ["text"] = turn.Text });
        }

        blocks.AddRange(turn.Images.Select(WriteImage));
        blocks.AddRange(turn.Uses.Select(use => new JsonObject
        {
            ["type"] = "tool_use",
            ["id"] = use.Id,
            ["name"] = use.Name,
            ["input"] = JsonNode.Parse(use.Arguments.Length == 0 ? "{}" : use.Arguments),
        }));
        return Message(turn.Role, [.. blocks]);
    }

    static JsonObject Message(string role, params JsonNode?[] blocks) =>
        new() { ["role"] = role, ["content"] = new JsonArray(blocks) };

    static JsonObject WriteImage(string url)
    {
        var comma = url.IndexOf(',', StringComparison.Ordinal);
        var source = url.StartsWith("data:", StringComparison.Ordinal)
            ? new JsonObject
            {
                ["type"] = "base64",
                ["media_type"] = url[5..url.IndexOf(';', StringComparison.Ordinal)],
                ["data"] = url[(comma + 1)..],
            }
            : new JsonObject { ["type"] = "url", ["url"] = url };
        return new JsonObject { ["type"] = "image", ["source"] = source };
    }

    static void WriteTools(JsonObject body, Talk talk)
    {
        if (talk.Tools.Count > 0)
        {
            body["tools"] = new JsonArray(
            [
                .. talk.Tools.Select(tool => new JsonObject
                {
                    ["name"] = tool.Name, ["description"] = $"Does {tool.Name}.",
                    ["input_schema"] = tool.Parameters?.DeepClone() ?? new JsonObject { ["type"] = "object" },
                }),
            ]);
        }

        if (talk.ToolChoice is null && talk.Parallel is null)
        {
            return;
        }

        var choice = talk.ToolChoice switch
        {
            null or "auto" => new JsonObject { ["type"] = "auto" },
            "none" => new JsonObject { ["type"] = "none" },
            "required" => new JsonObject { ["type"] = "any" },
            var name => new JsonObject { ["type"] = "tool", ["name"] = name },
        };
        if (talk.Parallel == false)
        {
            choice["disable_parallel_tool_use"] = true;
        }

        body["tool_choice"] = choice;
    }

    static void WriteOutput(JsonObject body, Talk talk)
    {
        var output = new JsonObject();
        if (talk.Schema is { } schema)
        {
            output["format"] = new JsonObject { ["type"] = "json_schema", ["schema"] = schema.DeepClone() };
        }

        if (talk.Effort is { } effort)
        {
            output["effort"] = effort;
        }

        if (output.Count > 0)
        {
            body["output_config"] = output;
        }
    }

    static string FinishOf(string? reason) => reason switch
    {
        "end_turn" or "stop_sequence" => "stop",
        "max_tokens" => "length",
        "tool_use" => "tool_calls",
        "refusal" => "content_filter",
        _ => reason ?? "",
    };

    /// <summary>What is told later wins; the prompt is what was not cached and what was.</summary>
    static (long Prompt, long Cached, long Output) UsageOf(JsonNode usage, (long Prompt, long Cached, long Output) before)
    {
        var cached = (long?)usage["cache_read_input_tokens"];
        var prompt = (long?)usage["input_tokens"] is { } fresh
            ? fresh + (cached ?? 0) + ((long?)usage["cache_creation_input_tokens"] ?? 0)
            : before.Prompt;
        return (prompt, cached ?? before.Cached, (long?)usage["output_tokens"] ?? before.Output);
    }
}
