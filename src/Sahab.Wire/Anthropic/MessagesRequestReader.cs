using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sahab.Wire.Chat;
using Sahab.Wire.OpenAI;

namespace Sahab.Wire.Anthropic;

/// <summary>
/// Reads a request of the Messages API and writes it as a chat completion request. Whatever a chat completion has no
/// member for is refused, except for what changes nothing about the answer.
/// </summary>
static class MessagesRequestReader
{
    /// <summary>The longest name of an end user that OpenAI takes; a longer one is sent as its hash.</summary>
    const int LongestUser = 64;

    /// <summary>Budgets of reasoning, in tokens, below which the effort is low, or medium.</summary>
    const long LowBudget = 4096, MediumBudget = 16_384;

    static readonly string[] Members =
    [
        "model", "max_tokens", "messages", "system", "stop_sequences", "stream", "temperature", "top_p", "top_k", "tools",
        "tool_choice", "thinking", "output_config", "metadata", "service_tier",
        // Marks for a cache, which change nothing about the answer.
        "cache_control",
    ];

    /// <summary>Reads one request.</summary>
    /// <param name="body">The request.</param>
    /// <param name="isCount">Whether only its tokens are to be counted, so that it needs no limit.</param>
    /// <param name="json">Where the chat completion request goes.</param>
    /// <exception cref="ChatRequestException">It is wrong, or cannot be expressed.</exception>
    public static MessagesRequest Read(ChatFields body, bool isCount, Utf8JsonWriter json)
    {
        AllowOnly(body, Members);
        string model = body.RequiredText("model");
        bool streams = body.Flag("stream") ?? false;
        var stops = ReadStops(body);
        json.WriteStartObject();
        json.WriteString("model"u8, model);
        MessagesContentReader.WriteMessages(body, json);
        WriteLimit(body, isCount, json);
        if (stops.Count > 0)
        {
            json.WriteStartArray("stop"u8);
            stops.ForEach(json.WriteStringValue);
            json.WriteEndArray();
        }

        foreach (string name in (string[])["temperature", "top_p", "top_k"])
        {
            if (body.Number(name) is not null)
            {
                json.WritePropertyName(name);
                body.Find(name)!.Value.WriteTo(json);
            }
        }

        MessagesToolReader.Write(body, json);
        bool showsThinking = WriteReasoning(body, json);
        WriteFormat(body, json);
        WriteRest(body, json);
        if (streams)
        {
            json.WriteBoolean("stream"u8, true);
            json.WriteStartObject("stream_options"u8);
            json.WriteBoolean("include_usage"u8, true);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        return new MessagesRequest(model, stops, showsThinking);
    }

    /// <summary>Refuses what is not among the names, as Anthropic does, in other words.</summary>
    public static void AllowOnly(ChatFields fields, params ReadOnlySpan<string> names)
    {
        foreach (string name in fields.Names)
        {
            if (!names.Contains(name))
            {
                throw Refuse(fields, name);
            }
        }
    }

    /// <summary>What a chat completion cannot express.</summary>
    public static ChatRequestException Refuse(ChatFields fields, string name, string? hint = null) => new(new RequestFault(
        $"'{fields.PathOf(name)}' cannot be expressed to the clouds behind this gateway. {hint ?? "Leave it out."}",
        fields.PathOf(name), "unsupported_parameter"));

    static void WriteLimit(ChatFields body, bool isCount, Utf8JsonWriter json)
    {
        long? limit = body.Integer("max_tokens");
        if (limit is null && !isCount)
        {
            throw body.Missing("max_tokens");
        }

        if (limit is < 1 or > int.MaxValue)
        {
            throw body.Invalid("max_tokens", $"'max_tokens' must be a whole number from 1 to {int.MaxValue}.");
        }

        if (limit is not null)
        {
            json.WriteNumber("max_completion_tokens"u8, limit.Value);
        }
    }

    static List<string> ReadStops(ChatFields body) => body.Find("stop_sequences") switch
    {
        null => [],
        { ValueKind: JsonValueKind.Array } all when all.EnumerateArray().All(s => s.ValueKind == JsonValueKind.String) =>
            [.. all.EnumerateArray().Select(s => s.GetString()!)],
        _ => throw body.Wrong("stop_sequences", "an array of strings"),
    };

    /// <summary>An effort that is named wins over a budget; where thinking is asked for without either, it is high.</summary>
    static bool WriteReasoning(ChatFields body, Utf8JsonWriter json)
    {
        string? effort = body.Object("output_config")?.Text("effort");
        ChatFields? thinking = body.Object("thinking");
        string? mode = thinking?.RequiredText("type");
        switch (mode)
        {
            case null:
                break;
            case "disabled":
                AllowOnly(thinking!.Value, "type");
                effort = "none";
                break;
            case "adaptive":
                AllowOnly(thinking!.Value, "type", "display");
                effort ??= "high";
                break;
            case "enabled":
                AllowOnly(thinking!.Value, "type", "display", "budget_tokens");
                long budget = thinking.Value.Integer("budget_tokens") ?? throw thinking.Value.Missing("budget_tokens");
                effort ??= budget < LowBudget ? "low" : budget < MediumBudget ? "medium" : "high";
                break;
            default:
                throw Refuse(thinking!.Value, "type", "enabled, adaptive and disabled are possible.");
        }

        if (effort is not null)
        {
            json.WriteString("reasoning_effort"u8, effort);
        }

        return thinking?.Text("display") != "omitted";
    }

    static void WriteFormat(ChatFields body, Utf8JsonWriter json)
    {
        if (body.Object("output_config") is not { } config)
        {
            return;
        }

        AllowOnly(config, "effort", "format");
        if (config.Object("format") is not { } format)
        {
            return;
        }

        AllowOnly(format, "type", "schema");
        if (format.RequiredText("type") != "json_schema")
        {
            throw Refuse(format, "type", "Only json_schema is possible.");
        }

        json.WriteStartObject("response_format"u8);
        json.WriteString("type"u8, "json_schema"u8);
        json.WriteStartObject("json_schema"u8);
        json.WriteString("name"u8, "answer"u8);
        json.WriteBoolean("strict"u8, true);
        json.WritePropertyName("schema"u8);
        format.RequiredObject("schema").Element.WriteTo(json);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    static void WriteRest(ChatFields body, Utf8JsonWriter json)
    {
        if (body.Object("metadata")?.Text("user_id") is { Length: > 0 } user)
        {
            json.WriteString("user"u8, user.Length <= LongestUser
                ? user
                : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(user))));
        }

        switch (body.Text("service_tier"))
        {
            case null or "auto":
                break;
            case "standard_only":
                json.WriteString("service_tier"u8, "default"u8);
                break;
            default:
                throw body.Invalid("service_tier", "'service_tier' must be auto or standard_only.");
        }
    }
}
