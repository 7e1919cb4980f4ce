using System.Text.Json;

namespace Sahab.Wire.Gemini.Clients;

/// <summary>Writes <c>generationConfig</c> as the members of a chat completion request.</summary>
static class GeminiClientConfig
{
    /// <returns>Whether the client wants to see thoughts.</returns>
    public static bool Write(Utf8JsonWriter json, GeminiFields? given)
    {
        if (given is not { } config)
        {
            return false;
        }

        WriteSampling(json, config);
        WriteFormat(json, config);
        bool showsThoughts = config.Object("thinkingConfig") is { } thinking && WriteThinking(json, thinking);
        if (config.Texts("responseModalities").Exists(modality => modality is not "TEXT"))
        {
            throw config.Refused("responseModalities", "Only TEXT is possible.");
        }

        // Its default and the only sense that audio's timestamps have in a chat.
        if (!config.Flag("audioTimestamp"))
        {
            config.Ignore("audioTimestamp");
        }
        else
        {
            throw config.Refused("audioTimestamp", "Leave it out.");
        }

        config.RefuseRest();
        return showsThoughts;
    }

    static void WriteSampling(Utf8JsonWriter json, GeminiFields config)
    {
        Copy(json, "temperature", config.Number("temperature"));
        Copy(json, "top_p", config.Number("topP"));
        Integer(json, "top_k", config.Integer("topK"));
        Copy(json, "presence_penalty", config.Number("presencePenalty"));
        Copy(json, "frequency_penalty", config.Number("frequencyPenalty"));
        Integer(json, "max_completion_tokens", config.Integer("maxOutputTokens"));
        Integer(json, "n", config.Integer("candidateCount") is > 1 and { } count ? count : null);
        Integer(json, "seed", config.Integer("seed"));
        List<string> stops = config.Texts("stopSequences");
        if (stops.Count > 0)
        {
            json.WriteStartArray("stop"u8);
            stops.ForEach(json.WriteStringValue);
            json.WriteEndArray();
        }

        bool wantsLogprobs = config.Flag("responseLogprobs");
        long? top = config.Integer("logprobs");
        if (wantsLogprobs)
        {
            json.WriteBoolean("logprobs"u8, true);
            Integer(json, "top_logprobs", top);
        }
        else if (top is not null)
        {
            throw config.Invalid("logprobs", "needs responseLogprobs.");
        }
    }

    static void WriteFormat(Utf8JsonWriter json, GeminiFields config)
    {
        string type = config.Text("responseMimeType") ?? "text/plain";
        JsonElement? schema = config.Find("responseJsonSchema");
        JsonElement? openApi = config.Find("responseSchema");
        if (type == "text/plain" && schema is null && openApi is null)
        {
            return;
        }

        if (type != "application/json")
        {
            throw config.Refused(
                "responseMimeType", "text/plain and application/json are possible, the latter with or without a schema.");
        }

        json.WriteStartObject("response_format"u8);
        if (schema is null && openApi is null)
        {
            json.WriteString("type"u8, "json_object"u8);
        }
        else
        {
            json.WriteString("type"u8, "json_schema"u8);
            json.WriteStartObject("json_schema"u8);
            json.WriteString("name"u8, "response"u8);
            json.WritePropertyName("schema"u8);
            if (schema is { } given)
            {
                given.WriteTo(json);
            }
            else
            {
                GeminiClientSchema.Write(json, openApi!.Value);
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    /// <summary>
    /// Effort is the word that all clouds have for it: a budget of tokens becomes the effort that Google itself takes it
    /// for, and one that the model is to choose becomes nothing.
    /// </summary>
    static bool WriteThinking(Utf8JsonWriter json, GeminiFields thinking)
    {
        string? level = thinking.Text("thinkingLevel");
        long? budget = thinking.Integer("thinkingBudget");
        bool showsThoughts = thinking.Flag("includeThoughts");
        thinking.RefuseRest();
        if (level is not null && budget is not null)
        {
            throw thinking.Invalid("thinkingLevel", "says the same as thinkingBudget: give one of them.");
        }

        string? effort = (level, budget) switch
        {
            ("MINIMAL", _) => "minimal",
            ("LOW", _) => "low",
            ("MEDIUM", _) => "medium",
            ("HIGH", _) => "high",
            (null or "THINKING_LEVEL_UNSPECIFIED", null or -1) => null,
            (null, 0) => "none",
            (null, > 0 and <= 1024) => "low",
            (null, > 0 and <= 8192) => "medium",
            (null, > 0) => "high",
            _ => throw thinking.Invalid("thinkingLevel", "must be MINIMAL, LOW, MEDIUM or HIGH, or a budget from -1."),
        };
        if (effort is not null)
        {
            json.WriteString("reasoning_effort"u8, effort);
        }

        return showsThoughts;
    }

    static void Copy(Utf8JsonWriter json, string name, JsonElement? value)
    {
        if (value is { } number)
        {
            json.WritePropertyName(name);
            number.WriteTo(json);
        }
    }

    static void Integer(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
    }
}
