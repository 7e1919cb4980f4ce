using System.Text;
using System.Text.Json.Nodes;

namespace Sahab.Server.Tests.Conformance;

/// <summary>OpenAI's chat completions.</summary>
internal sealed class ChatFace() : Face("chat")
{
    protected override string PathOf(string model, bool stream) => "/v1/chat/completions";

    protected override JsonObject Write(Talk talk, string model, bool stream)
    {
        var messages = new JsonArray();
        if (talk.System is { } system)
        {
            messages.Add(new JsonObject { ["role"] = "system", ["content"] = system });
        }

        foreach (var turn in talk.Turns)
        {
            messages.Add(WriteTurn(turn));
        }

        var body = new JsonObject { ["model"] = model, ["messages"] = messages };
        Set(body, "max_completion_tokens", talk.MaxTokens);
        Set(body, "temperature", talk.Temperature);
        Set(body, "top_p", talk.TopP);
        Set(body, "seed", talk.Seed);
        Set(body, "user", talk.User);
        Set(body, "reasoning_effort", talk.Effort);
        Set(body, "parallel_tool_calls", talk.Parallel);
        if (talk.Stop.Count > 0)
        {
            body["stop"] = new JsonArray([.. talk.Stop.Select(stop => JsonValue.Create(stop))]);
        }

        WriteTools(body, talk);
        if (talk.Schema is { } schema)
        {
            body["response_format"] = new JsonObject
            {
                ["type"] = "json_schema",
                ["json_schema"] = new JsonObject { ["name"] = "answer", ["schema"] = schema.DeepClone(), ["strict"] = true },
            };
        }

        if (stream)
        {
            body["stream"] = true;
            body["stream_options"] = new JsonObject { ["include_usage"] = true };
        }

        foreach (var (name, value) in talk.Extra ?? [])
        {
            body[name] = value?.DeepClone();
        }

        return body;
    }

    protected override Heard ReadAnswer(Heard heard, JsonNode answer)
    {
        var choice = answer["choices"]![0]!;
        var message = choice["message"]!;
        return ReadUsage(heard, answer["usage"]) with
        {
            Text = (string?)message["content"] ?? "",
            Reasoning = (string?)message["reasoning_content"] ?? "",
            Finish = (string)choice["finish_reason"]!,
            Probable = [.. ReadProbable(choice)],
            Uses =
            [
                .. (message["tool_calls"] as JsonArray ?? []).Select(call => new ToolUse(
                    (string)call!["id"]!, (string)call["function"]!["name"]!, (string)call["function"]!["arguments"]!)),
            ],
        };
    }

    protected override Heard ReadStream(Heard heard, IReadOnlyList<(string? Name, string Data)> events)
    {
        var (text, reasoning, pieces) = (new StringBuilder(), new StringBuilder(), 0);
        var uses = new List<(string Id, string Name, StringBuilder Arguments)>();
        var probable = new List<(string, int)>();
        foreach (var (_, data) in events)
        {
            if (data == "[DONE]")
            {
                heard = heard with { IsWhole = true };
                break;
            }

            var chunk = JsonNode.Parse(data)!;
            if (chunk["error"] is { } error)
            {
                heard = heard with { IsBroken = true, ErrorMessage = (string?)error["message"] };
                continue;
            }

            heard = ReadUsage(heard, chunk["usage"]);
            if (chunk["choices"] is not JsonArray { Count: > 0 } choices || (int)choices[0]!["index"]! != 0)
            {
                continue;
            }

            var delta = choices[0]!["delta"]!;
            if ((string?)delta["content"] is { Length: > 0 } piece)
            {
                text.Append(piece);
                pieces++;
            }

            reasoning.Append((string?)delta["reasoning_content"]);
            probable.AddRange(ReadProbable(choices[0]!));
            AddUses(uses, delta["tool_calls"] as JsonArray ?? []);
            heard = heard with { Finish = (string?)choices[0]!["finish_reason"] ?? heard.Finish };
        }

        return heard with
        {
            Text = text.ToString(),
            Reasoning = reasoning.ToString(),
            Pieces = pieces,
            Probable = probable,
            Uses = [.. uses.Select(use => new ToolUse(use.Id, use.Name, use.Arguments.ToString()))],
        };
    }

    static IEnumerable<(string Token, int Alternatives)> ReadProbable(JsonNode choice) =>
        (choice["logprobs"]?["content"] as JsonArray ?? []).Select(token =>
        {
            ((double)token!["logprob"]!).ShouldBeInRange(-50, 0);
            return ((string)token["token"]!, token["top_logprobs"]!.AsArray().Count);
        });

    static void AddUses(List<(string Id, string Name, StringBuilder Arguments)> uses, JsonArray deltas)
    {
        foreach (var delta in deltas)
        {
            var index = (int)delta!["index"]!;
            if (index == uses.Count)
            {
                uses.Add(((string)delta["id"]!, (string)delta["function"]!["name"]!, new StringBuilder()));
            }

            uses[index].Arguments.Append((string?)delta["function"]?["arguments"]);
        }
    }

    static JsonObject WriteTurn(Turn turn)
    {
        if (turn.Role == "tool")
        {
            return new JsonObject { ["role"] = "tool", ["tool_call_id"] = turn.Answers, ["content"] = turn.Text };
        }

        var message = new JsonObject { ["role"] = turn.Role };
        if (turn.Images.Count > 0)
        {
            var parts = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = turn.Text });
            foreach (var image in turn.Images)
            {
                parts.Add(new JsonObject { ["type"] = "image_url", ["image_url"] = new JsonObject { ["url"] = image } });
            }

            message["content"] = parts;
        }
        else
        {
            message["content"] = turn.Text.Length == 0 && turn.Uses.Count > 0 ? null : turn.Text;
        }

        if (turn.Uses.Count > 0)
        {
            message["tool_calls"] = new JsonArray(
            [
                .. turn.Uses.Select(use => new JsonObject
                {
                    ["id"] = use.Id,
                    ["type"] = "function",
                    ["function"] = new JsonObject { ["name"] = use.Name, ["arguments"] = use.Arguments },
                }),
            ]);
        }

        return message;
    }

    static void WriteTools(JsonObject body, Talk talk)
    {
        if (talk.Tools.Count > 0)
        {
            var tools = new JsonArray();
            foreach (var tool in talk.Tools)
            {
                var function = new JsonObject { ["name"] = tool.Name, ["description"] = $"Does {tool.Name}." };
                if (tool.Parameters is { } parameters)
                {
                    function["parameters"] = parameters.DeepClone();
                }

                tools.Add(new JsonObject { ["type"] = "function", ["function"] = function });
            }

            body["tools"] = tools;
        }

        if (talk.ToolChoice is { } choice)
        {
            body["tool_choice"] = choice is "auto" or "none" or "required"
                ? choice
                : new JsonObject { ["type"] = "function", ["function"] = new JsonObject { ["name"] = choice } };
        }
    }

    static Heard ReadUsage(Heard heard, JsonNode? usage) => usage is null
        ? heard
        : heard with
        {
            Usage = (
                (long)usage["prompt_tokens"]!, (long?)usage["prompt_tokens_details"]?["cached_tokens"] ?? 0,
                (long)usage["completion_tokens"]!),
        };

    static void Set<T>(JsonObject body, string name, T? value)
    {
        if (value is not null)
        {
            body[name] = JsonValue.Create(value);
        }
    }
}
