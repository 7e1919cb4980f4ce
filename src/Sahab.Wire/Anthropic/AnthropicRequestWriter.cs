using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sahab.Wire.Chat;
using Sahab.Wire.OpenAI;

namespace Sahab.Wire.Anthropic;

/// <summary>Writes a chat completion request as one of Anthropic's Messages API.</summary>
public static class AnthropicRequestWriter
{
    static readonly Expressible Dialect = new(
        "anthropic", "temperature", "top_p", "top_k", "stop", "reasoning_effort", "parallel_tool_calls",
        "response_format");

    static readonly string[] SamplingMembers = ["temperature", "top_p", "top_k"];

    static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    /// <summary>Writes a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="terms">What it does not say itself.</param>
    /// <param name="output">Where the body goes; of no use when it is refused.</param>
    /// <param name="fault">What cannot be expressed, when that is so.</param>
    /// <returns>Whether all of the request could be expressed.</returns>
    public static bool TryWrite(
        ChatRequest request, AnthropicRequestTerms terms, IBufferWriter<byte> output, out RequestFault fault)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(terms);
        ArgumentNullException.ThrowIfNull(output);
        try
        {
            Check(request, terms);
            using var json = new Utf8JsonWriter(output, Options);
            Write(json, request, terms);
            fault = default;
            return true;
        }
        catch (ChatRequestException refused)
        {
            fault = refused.Fault;
            return false;
        }
    }

    /// <summary>A fault that names what this dialect cannot express.</summary>
    internal static ChatRequestException Refuse(string what, string? hint = null) => new(Dialect.Refuse(what, hint));

    static void Check(ChatRequest request, AnthropicRequestTerms terms)
    {
        if (Dialect.FindFault(request) is { } inexpressible)
        {
            throw new ChatRequestException(inexpressible);
        }

        foreach (string member in SamplingMembers)
        {
            if (!terms.TakesSampling && request.Find(member) is not null)
            {
                throw Refuse(
                    member, $"Version {terms.Version} of Anthropic's API takes no sampling parameters, not even their "
                    + "defaults. Leave it out, or have the operator set the provider's anthropic.version to 2023-06-01.");
            }
        }

        if (request.Temperature > 1)
        {
            throw Refuse("temperature", "Anthropic takes 0 to 1. Lower it.");
        }

        if (request.Format.Kind == AnswerFormat.JsonObject)
        {
            throw Refuse("response_format", "Anthropic knows no 'json_object'. Give a JSON schema ('json_schema').");
        }
    }

    static void Write(Utf8JsonWriter json, ChatRequest request, AnthropicRequestTerms terms)
    {
        json.WriteStartObject();
        json.WriteString("model"u8, terms.Model);
        json.WriteNumber("max_tokens"u8, request.MaxTokens ?? terms.MaxTokens);
        AnthropicMessageWriter.WriteSystem(json, request);
        AnthropicMessageWriter.WriteMessages(json, request);
        AnthropicToolWriter.Write(json, request);
        WriteSampling(json, request);
        WriteThinking(json, request.ReasoningEffort);
        WriteOutput(json, request);
        if (request.User is { Length: > 0 } user)
        {
            json.WriteStartObject("metadata"u8);
            json.WriteString("user_id"u8, user);
            json.WriteEndObject();
        }

        if (request.Stream)
        {
            json.WriteBoolean("stream"u8, true);
        }

        json.WriteEndObject();
    }

    static void WriteSampling(Utf8JsonWriter json, ChatRequest request)
    {
        if (request.Temperature is { } temperature)
        {
            json.WriteNumber("temperature"u8, temperature);
        }

        if (request.TopP is { } topP)
        {
            json.WriteNumber("top_p"u8, topP);
        }

        if (request.TopK is { } topK)
        {
            json.WriteNumber("top_k"u8, topK);
        }

        if (request.Stop.Count > 0)
        {
            json.WriteStartArray("stop_sequences"u8);
            foreach (string stop in request.Stop)
            {
                json.WriteStringValue(stop);
            }

            json.WriteEndArray();
        }
    }

    /// <summary>An effort asks for reasoning, of which the model decides how much; without one the model has its way.</summary>
    static void WriteThinking(Utf8JsonWriter json, string? effort)
    {
        if (effort is null)
        {
            return;
        }

        json.WriteStartObject("thinking"u8);
        if (effort == "none")
        {
            json.WriteString("type"u8, "disabled"u8);
        }
        else
        {
            json.WriteString("type"u8, "adaptive"u8);
            // Else some models keep the text to themselves.
            json.WriteString("display"u8, "summarized"u8);
        }

        json.WriteEndObject();
    }

    static void WriteOutput(Utf8JsonWriter json, ChatRequest request)
    {
        string? effort = EffortOf(request.ReasoningEffort);
        bool hasSchema = request.Format.Kind == AnswerFormat.JsonSchema;
        if (effort is null && !hasSchema)
        {
            return;
        }

        json.WriteStartObject("output_config"u8);
        if (effort is not null)
        {
            json.WriteString("effort"u8, effort);
        }

        if (hasSchema)
        {
            JsonElement schema = request.Format.Schema
                ?? throw Refuse("response_format", "Anthropic needs the schema itself ('json_schema.schema').");
            json.WriteStartObject("format"u8);
            json.WriteString("type"u8, "json_schema"u8);
            json.WritePropertyName("schema"u8);
            schema.WriteTo(json);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    static string? EffortOf(string? effort) => effort switch
    {
        null or "none" => null,
        "minimal" => "low",
        "low" or "medium" or "high" or "xhigh" or "max" => effort,
        _ => throw Refuse("reasoning_effort", "none, minimal, low, medium, high, xhigh and max are possible."),
    };
}
