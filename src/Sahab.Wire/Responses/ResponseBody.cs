using System.Text.Json;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Wire.Responses;

/// <summary>A response as clients read it: what was asked, what came of it, and what was used.</summary>
readonly struct ResponseBody
{
    public required JsonElement Request { get; init; }

    public required ClientTerms Terms { get; init; }

    public required bool IsStored { get; init; }

    public required IReadOnlyList<OutputItem> Output { get; init; }

    /// <summary>What was used; not present where nothing was told.</summary>
    public UsageFigures Usage { get; init; }

    public string? Tier { get; init; }

    /// <summary>The finish reason, where it says that the answer was cut short.</summary>
    public string? CutBy { get; init; }

    /// <summary>Why it failed.</summary>
    public string? Failure { get; init; }

    public void WriteTo(Utf8JsonWriter json, ReadOnlySpan<byte> status)
    {
        bool isAtWork = status.SequenceEqual("in_progress"u8);
        json.WriteStartObject();
        json.WriteString("id"u8, ResponseIds.OfResponse(Terms.CallId));
        json.WriteString("object"u8, "response"u8);
        json.WriteNumber("created_at"u8, Terms.CreatedUnixSeconds);
        json.WriteString("status"u8, status);
        json.WriteBoolean("background"u8, false);
        WriteTrouble(json, status);
        Echo(json, "instructions"u8, "null"u8);
        Echo(json, "max_output_tokens"u8, "null"u8);
        Echo(json, "max_tool_calls"u8, "null"u8);
        Echo(json, "model"u8, "null"u8);
        json.WriteStartArray("output"u8);
        foreach (OutputItem item in Output)
        {
            item.WriteTo(json, begun: false);
        }

        json.WriteEndArray();
        WriteQuestion(json);
        json.WriteString("service_tier"u8, Tier ?? TierAsked());
        json.WriteBoolean("store"u8, IsStored);
        if (isAtWork)
        {
            json.WriteNull("usage"u8);
        }
        else
        {
            WriteUsage(json);
        }

        json.WriteEndObject();
    }

    void WriteTrouble(Utf8JsonWriter json, ReadOnlySpan<byte> status)
    {
        if (Failure is null)
        {
            json.WriteNull("error"u8);
        }
        else
        {
            json.WriteStartObject("error"u8);
            json.WriteString("code"u8, "server_error"u8);
            json.WriteString("message"u8, Failure);
            json.WriteEndObject();
        }

        if (!status.SequenceEqual("incomplete"u8))
        {
            json.WriteNull("incomplete_details"u8);
            return;
        }

        json.WriteStartObject("incomplete_details"u8);
        json.WriteString("reason"u8, CutBy == "length" ? "max_output_tokens"u8 : "content_filter"u8);
        json.WriteEndObject();
    }

    /// <summary>What was asked, with OpenAI's defaults where nothing was said.</summary>
    void WriteQuestion(Utf8JsonWriter json)
    {
        Echo(json, "parallel_tool_calls"u8, "true"u8);
        Echo(json, "previous_response_id"u8, "null"u8);
        Echo(json, "prompt_cache_key"u8, "null"u8);
        Echo(json, "reasoning"u8, """{"effort":null,"summary":null}"""u8);
        Echo(json, "safety_identifier"u8, "null"u8);
        Echo(json, "temperature"u8, "1"u8);
        Echo(json, "text"u8, """{"format":{"type":"text"}}"""u8);
        Echo(json, "tool_choice"u8, "\"auto\""u8);
        Echo(json, "tools"u8, "[]"u8);
        Echo(json, "top_logprobs"u8, "0"u8);
        Echo(json, "top_p"u8, "1"u8);
        Echo(json, "truncation"u8, "\"disabled\""u8);
        Echo(json, "user"u8, "null"u8);
        Echo(json, "metadata"u8, "{}"u8);
    }

    void Echo(Utf8JsonWriter json, ReadOnlySpan<byte> member, ReadOnlySpan<byte> otherwise)
    {
        json.WritePropertyName(member);
        if (Request.TryGetProperty(member, out JsonElement said) && said.ValueKind != JsonValueKind.Null)
        {
            said.WriteTo(json);
        }
        else
        {
            json.WriteRawValue(otherwise, skipInputValidation: true);
        }
    }

    string TierAsked() =>
        Request.TryGetProperty("service_tier"u8, out JsonElement tier) && tier.ValueKind == JsonValueKind.String
            && tier.GetString() is { } said and not "auto"
            ? said
            : "default";

    void WriteUsage(Utf8JsonWriter json)
    {
        if (!Usage.Present)
        {
            json.WriteNull("usage"u8);
            return;
        }

        json.WriteStartObject("usage"u8);
        json.WriteNumber("input_tokens"u8, Usage.Prompt);
        json.WriteStartObject("input_tokens_details"u8);
        json.WriteNumber("cached_tokens"u8, Usage.Cached);
        json.WriteNumber("cache_write_tokens"u8, Usage.CacheWritten);
        json.WriteEndObject();
        json.WriteNumber("output_tokens"u8, Usage.Output);
        json.WriteStartObject("output_tokens_details"u8);
        json.WriteNumber("reasoning_tokens"u8, Usage.Reasoning);
        json.WriteEndObject();
        json.WriteNumber("total_tokens"u8, Usage.Prompt + Usage.Output);
        json.WriteEndObject();
    }
}
