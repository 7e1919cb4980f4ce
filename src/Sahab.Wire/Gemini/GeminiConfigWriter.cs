using System.Text.Json;
using Sahab.Wire.Chat;
using Sahab.Wire.OpenAI;

namespace Sahab.Wire.Gemini;

/// <summary>Writes <c>generationConfig</c>, and what stands beside it.</summary>
static class GeminiConfigWriter
{
    /// <summary>Google takes no more texts that end an answer.</summary>
    const int MaxStops = 5;

    /// <summary>Google gives no more candidates.</summary>
    const int MaxCandidates = 8;

    public static void Write(Utf8JsonWriter json, ChatRequest request, GeminiHabits habits)
    {
        JsonElement? extras = ReadExtras(request);
        json.WriteStartObject("generationConfig"u8);
        WriteSampling(json, request);
        WriteFormat(json, request.Format);
        WriteThinking(json, request, habits, Member(extras, "thinking_config"));
        WriteResolution(json, request);
        json.WriteEndObject();
        Copy(json, "safetySettings", Member(extras, "safety_settings"));
        Copy(json, "cachedContent", Member(extras, "cached_content"));
    }

    static void WriteSampling(Utf8JsonWriter json, ChatRequest request)
    {
        Number(json, "temperature"u8, request.Temperature);
        Number(json, "topP"u8, request.TopP);
        Number(json, "topK"u8, request.TopK);
        Number(json, "presencePenalty"u8, request.PresencePenalty);
        Number(json, "frequencyPenalty"u8, request.FrequencyPenalty);
        Number(json, "maxOutputTokens"u8, request.MaxTokens);
        if (request.N > MaxCandidates)
        {
            throw Refused("n", $"At most {MaxCandidates} choices are possible there.");
        }

        Number(json, "candidateCount"u8, request.N > 1 ? request.N : null);
        if (request.Seed is < int.MinValue or > int.MaxValue)
        {
            throw Refused("seed", "A seed must fit into 32 bits there.");
        }

        Number(json, "seed"u8, request.Seed);
        if (request.Stop.Count > MaxStops)
        {
            throw Refused("stop", $"At most {MaxStops} texts can end an answer there.");
        }

        if (request.Stop.Count > 0)
        {
            json.WriteStartArray("stopSequences"u8);
            foreach (string stop in request.Stop)
            {
                json.WriteStringValue(stop);
            }

            json.WriteEndArray();
        }

        if (request.Logprobs)
        {
            json.WriteBoolean("responseLogprobs"u8, true);
            Number(json, "logprobs"u8, request.TopLogprobs > 0 ? request.TopLogprobs : null);
        }
    }

    static void WriteFormat(Utf8JsonWriter json, ChatFormat format)
    {
        if (format.Kind == AnswerFormat.Text)
        {
            return;
        }

        json.WriteString("responseMimeType"u8, "application/json"u8);
        if (format.Schema is { } schema)
        {
            json.WritePropertyName("responseJsonSchema"u8);
            schema.WriteTo(json);
        }
    }

    static void WriteThinking(Utf8JsonWriter json, ChatRequest request, GeminiHabits habits, JsonElement? config)
    {
        if (config is { } given)
        {
            if (request.ReasoningEffort is not null)
            {
                throw Refused("reasoning_effort", "It says the same as extra_body.google.thinking_config: give one of them.");
            }

            Copy(json, "thinkingConfig", given);
            return;
        }

        if (request.ReasoningEffort is not { } effort)
        {
            return;
        }

        json.WriteStartObject("thinkingConfig"u8);
        if (effort == "none")
        {
            json.WriteNumber("thinkingBudget"u8, 0);
        }
        else
        {
            json.WriteBoolean("includeThoughts"u8, true);
            WriteEffort(json, effort, habits.HasLevels);
        }

        json.WriteEndObject();
    }

    /// <summary>Levels where the model has them; else the budgets that Google's own OpenAI endpoint takes for them.</summary>
    static void WriteEffort(Utf8JsonWriter json, string effort, bool hasLevels)
    {
        (string level, int budget) = effort switch
        {
            "minimal" => ("MINIMAL", 1024),
            "low" => ("LOW", 1024),
            "medium" => ("MEDIUM", 8192),
            "high" => ("HIGH", 24_576),
            _ => throw Refused("reasoning_effort", "none, minimal, low, medium and high are possible there."),
        };
        if (hasLevels)
        {
            json.WriteString("thinkingLevel"u8, level);
        }
        else
        {
            json.WriteNumber("thinkingBudget"u8, budget);
        }
    }

    /// <summary>How closely to look is said for all images together.</summary>
    static void WriteResolution(Utf8JsonWriter json, ChatRequest request)
    {
        var wanted = request.Messages.SelectMany(message => message.Parts)
            .Where(part => part.Kind == ChatPartKind.Image)
            .Select(part => (part.Path, Detail: part.Detail ?? "auto")).ToList();
        if (wanted.Count == 0)
        {
            return;
        }

        var odd = wanted.FirstOrDefault(part => part.Detail != wanted[0].Detail);
        if (odd.Path is not null)
        {
            throw Refused($"{odd.Path}.image_url.detail", "All images must have the same there.");
        }

        switch (wanted[0].Detail)
        {
            case "auto":
                break;
            case "low":
                json.WriteString("mediaResolution"u8, "MEDIA_RESOLUTION_LOW"u8);
                break;
            case "high":
                json.WriteString("mediaResolution"u8, "MEDIA_RESOLUTION_HIGH"u8);
                break;
            default:
                throw Refused($"{wanted[0].Path}.image_url.detail", "low, high and auto are possible there.");
        }
    }

    /// <summary>
    /// What OpenAI has no member for is given as Google's own OpenAI endpoint takes it: <c>extra_body.google</c>.
    /// </summary>
    static JsonElement? ReadExtras(ChatRequest request)
    {
        if (request.Find("extra_body") is not { } extra)
        {
            return null;
        }

        JsonElement? google = null;
        foreach (JsonProperty vendor in ObjectOf(extra, "extra_body"))
        {
            google = vendor.NameEquals("google"u8) ? vendor.Value : throw Refused($"extra_body.{vendor.Name}", null);
        }

        foreach (JsonProperty member in google is { } given ? ObjectOf(given, "extra_body.google") : default)
        {
            if (member.Name is not ("thinking_config" or "safety_settings" or "cached_content"))
            {
                throw Refused($"extra_body.google.{member.Name}", null);
            }
        }

        return google;
    }

    static JsonElement.ObjectEnumerator ObjectOf(JsonElement element, string path) =>
        element.ValueKind == JsonValueKind.Object
            ? element.EnumerateObject()
            : throw new ChatRequestException(new RequestFault($"'{path}' must be an object.", path, "invalid_type"));

    static JsonElement? Member(JsonElement? element, string name) =>
        element is { } given && given.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null
            ? value
            : null;

    /// <summary>Google's OpenAI endpoint takes the names with underscores, and so does its own API.</summary>
    static void Copy(Utf8JsonWriter json, string name, JsonElement? value)
    {
        if (value is { } given)
        {
            json.WritePropertyName(name);
            given.WriteTo(json);
        }
    }

    static void Number(Utf8JsonWriter json, ReadOnlySpan<byte> name, double? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
    }

    static void Number(Utf8JsonWriter json, ReadOnlySpan<byte> name, long? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
    }

    static ChatRequestException Refused(string what, string? hint) =>
        new(GeminiRequestWriter.Known.Refuse(what, hint));
}
