using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Sahab.Server.Tests.Conformance;

/// <summary>Google's generateContent.</summary>
internal sealed class GeminiFace() : Face("gemini")
{
    public override string? Lacks(Talk talk) => talk.Extra is not null || talk.User is not null || talk.Parallel is not null
        ? "logit_bias, user and parallel_tool_calls"
        : talk.Body is not null && !talk.Body.StartsWith('{') ? "" : null;

    protected override string PathOf(string model, bool stream) => stream
        ? $"/v1beta/models/{model}:streamGenerateContent?alt=sse"
        : $"/v1beta/models/{model}:generateContent";

    protected override void Authorize(HttpRequestHeaders headers, string key) => headers.Add("x-goog-api-key", key);

    protected override JsonObject Write(Talk talk, string model, bool stream)
    {
        var body = new JsonObject { ["contents"] = new JsonArray([.. talk.Turns.Select(WriteTurn)]) };
        if (talk.System is { } system)
        {
            body["systemInstruction"] = new JsonObject { ["parts"] = new JsonArray(new JsonObject { ["text"] = system }) };
        }

        var generation = new JsonObject();
        Set(generation, "maxOutputTokens", talk.MaxTokens);
        Set(generation, "temperature", talk.Temperature);
        Set(generation, "topP", talk.TopP);
        Set(generation, "seed", talk.Seed);
        if (talk.Stop.Count > 0)
        {
            generation["stopSequences"] = new JsonArray([.. talk.Stop.Select(stop => JsonValue.Create(stop))]);
        }

        if (talk.Schema is { } schema)
        {
            generation["responseMimeType"] = "application/json";
            generation["responseJsonSchema"] = schema.DeepClone();
        }

        if (talk.Effort is { } effort)
        {
            generation["thinkingConfig"] = new JsonObject { ["thinkingLevel"] = effort.ToUpperInvariant() };
        }

        if (generation.Count > 0)
        {
            body["generationConfig"] = generation;
        }

        WriteTools(body, talk);
        return body;
    }

    protected override Heard ReadAnswer(Heard heard, JsonNode answer) => Read([answer], heard);

    protected override Heard ReadStream(Heard heard, IReadOnlyList<(string? Name, string Data)> events)
    {
        var answers = events.Select(one => JsonNode.Parse(one.Data)!).ToList();
        if (answers.Find(answer => answer["error"] is not null) is { } failed)
        {
            heard = heard with { IsBroken = true, ErrorMessage = (string?)failed["error"]!["message"] };
        }

        heard = Read([.. answers.Where(answer => answer["error"] is null)], heard);
        // It has no end mark: whether it is whole is told by its reason to finish.
        return heard with { IsWhole = heard.Finish.Length > 0 && !heard.IsBroken };
    }

    static Heard Read(IReadOnlyList<JsonNode> answers, Heard heard)
    {
        var (text, pieces, finish) = (new StringBuilder(), 0, "");
        var uses = new List<ToolUse>();
        foreach (var answer in answers)
        {
            if (answer["candidates"] is JsonArray { Count: > 0 } candidates)
            {
                foreach (var part in candidates[0]!["content"]?["parts"] as JsonArray ?? [])
                {
                    if (part!["functionCall"] is { } call)
                    {
                        uses.Add(new ToolUse(
                            (string?)call["id"] ?? $"call-{uses.Count}", (string)call["name"]!,
                            call["args"]?.ToJsonString() ?? "{}"));
                    }
                    else if ((bool?)part["thought"] != true && (string?)part["text"] is { Length: > 0 } piece)
                    {
                        text.Append(piece);
                        pieces++;
                    }
                }

                finish = (string?)candidates[0]!["finishReason"] ?? finish;
            }

            if (answer["usageMetadata"]?["promptTokenCount"] is { } prompt)
            {
                var usage = answer["usageMetadata"]!;
                heard = heard with
                {
                    Usage = (
                        (long)prompt, (long?)usage["cachedContentTokenCount"] ?? 0,
                        ((long?)usage["candidatesTokenCount"] ?? 0) + ((long?)usage["thoughtsTokenCount"] ?? 0)),
                };
            }
        }

        return heard with
        {
            Text = text.ToString(),
            Pieces = pieces,
            Uses = uses,
            Finish = finish switch
            {
                "STOP" => uses.Count > 0 ? "tool_calls" : "stop",
                "MAX_TOKENS" => "length",
                "SAFETY" => "content_filter",
                _ => finish,
            },
        };
    }

    static JsonObject WriteTurn(Turn turn)
    {
        if (turn.Role == "tool")
        {
            return Content("user", new JsonObject
            {
                ["functionResponse"] = new JsonObject
                {
                    ["id"] = turn.Answers,
                    ["name"] = turn.ToolName,
                    ["response"] = new JsonObject { ["output"] = turn.Text },
                },
            });
        }

        var parts = new List<JsonNode?>();
        if (turn.Text.Length > 0)
        {
            parts.Add(new JsonObject { ["text"] = turn.Text });
        }

        parts.AddRange(turn.Images.Select(WriteImage));
        parts.AddRange(turn.Uses.Select(use => new JsonObject
        {
            ["functionCall"] = new JsonObject
            {
                ["id"] = use.Id,
                ["name"] = use.Name,
                ["args"] = JsonNode.Parse(use.Arguments.Length == 0 ? "{}" : use.Arguments),
            },
        }));
        return Content(turn.Role == "assistant" ? "model" : "user", [.. parts]);
    }

    static JsonObject Content(string role, params JsonNode?[] parts) =>
        new() { ["role"] = role, ["parts"] = new JsonArray(parts) };

    static JsonObject WriteImage(string url) => url.StartsWith("data:", StringComparison.Ordinal)
        ? new JsonObject
        {
            ["inlineData"] = new JsonObject
            {
                ["mimeType"] = url[5..url.IndexOf(';', StringComparison.Ordinal)],
                ["data"] = url[(url.IndexOf(',', StringComparison.Ordinal) + 1)..],
            },
        }
        : new JsonObject { ["fileData"] = new JsonObject { ["mimeType"] = "image/png", ["fileUri"] = url } };

    static void WriteTools(JsonObject body, Talk talk)
    {
        if (talk.Tools.Count > 0)
        {
            var declarations = new JsonArray();
            foreach (var tool in talk.Tools)
            {
                var declaration = new JsonObject { ["name"] = tool.Name, ["description"] = $"Does {tool.Name}." };
                if (tool.Parameters is { } parameters)
                {
                    declaration["parametersJsonSchema"] = parameters.DeepClone();
                }

                declarations.Add(declaration);
            }

            body["tools"] = new JsonArray(new JsonObject { ["functionDeclarations"] = declarations });
        }

        if (talk.ToolChoice is { } choice)
        {
            var calling = choice switch
            {
                "auto" => new JsonObject { ["mode"] = "AUTO" },
                "none" => new JsonObject { ["mode"] = "NONE" },
                "required" => new JsonObject { ["mode"] = "ANY" },
                _ => new JsonObject { ["mode"] = "ANY", ["allowedFunctionNames"] = new JsonArray(choice) },
            };
            body["toolConfig"] = new JsonObject { ["functionCallingConfig"] = calling };
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
