using System.Buffers;
using System.Collections.Frozen;
using System.Text.Json;
using Sahab.Wire.Chat;

namespace Sahab.Wire.Responses;

/// <summary>Writes a request of the Responses API as one of chat completions.</summary>
static class ResponsesRequest
{
    /// <summary>Members that are read here, or that change nothing about the answer.</summary>
    static readonly FrozenSet<string> Known = FrozenSet.Create(
        StringComparer.Ordinal,
        "model", "input", "instructions", "stream", "stream_options", "store", "previous_response_id", "background",
        "include", "tools", "tool_choice", "parallel_tool_calls", "max_tool_calls", "max_output_tokens", "text",
        "reasoning", "truncation", "top_logprobs", "metadata", "conversation", "prompt", "context_management");

    /// <summary>Members of chat completions that would say twice what other members say here, or have no place in a response.</summary>
    static readonly FrozenSet<string> ForeignMembers = FrozenSet.Create(
        StringComparer.Ordinal,
        "messages", "n", "max_tokens", "max_completion_tokens", "response_format", "functions", "function_call",
        "logprobs", "reasoning_effort", "verbosity", "modalities", "audio");

    public static void Write(
        IBufferWriter<byte> output, ChatFields request, ResponsesContext context, JsonElement input,
        in Translation.ClientTerms terms)
    {
        Refuse(request);
        using var json = new Utf8JsonWriter(output, ResponsesJson.Options);
        json.WriteStartObject();
        json.WriteString("model"u8, terms.Model ?? request.RequiredText("model"));
        WriteMessages(json, request, context, input);
        if (terms.Stream ?? request.Flag("stream") ?? false)
        {
            json.WriteBoolean("stream"u8, true);
            json.WriteStartObject("stream_options"u8);
            json.WriteBoolean("include_usage"u8, true);
            json.WriteEndObject();
        }

        ResponsesTools.WriteTools(json, request);
        ResponsesTools.WriteFormat(json, request);
        if (request.Integer("max_output_tokens") is { } most)
        {
            json.WriteNumber("max_completion_tokens"u8, most);
        }

        if (request.Object("reasoning")?.Text("effort") is { } effort)
        {
            json.WriteString("reasoning_effort"u8, effort);
        }

        WriteLogprobs(json, request);
        foreach (JsonProperty member in request.Members())
        {
            // What only some clouds know is handed on, for them to judge.
            if (!Known.Contains(member.Name) && member.Value.ValueKind != JsonValueKind.Null)
            {
                member.WriteTo(json);
            }
        }

        json.WriteEndObject();
    }

    /// <summary>Refuses what cannot be kept, rather than leave it out.</summary>
    static void Refuse(ChatFields request)
    {
        if (request.Flag("background") == true)
        {
            throw request.Unsupported("background", "Responses are not made in the background here. Leave "
                + "'background' out, and stream the response if it takes long; for work that may take hours there is "
                + "/v1/batches.");
        }

        foreach (string member in (string[])["conversation", "prompt"])
        {
            if (request.Find(member) is not null)
            {
                throw request.Unsupported(member, $"'{member}' refers to something that is kept at OpenAI, and is not "
                    + "possible here. Use previous_response_id, or send the input itself.");
            }
        }

        if (request.Find("context_management") is { } managed
            && !(managed.ValueKind == JsonValueKind.Array && managed.GetArrayLength() == 0))
        {
            throw request.Unsupported("context_management", "The context is not managed here. Shorten the input.");
        }

        if (request.Text("truncation") is { } truncation and not "disabled")
        {
            throw request.Unsupported("truncation", $"'truncation' is '{truncation}'; only 'disabled' is possible "
                + "here: an input that does not fit is refused, never cut.");
        }

        foreach (JsonProperty member in request.Members())
        {
            if (ForeignMembers.Contains(member.Name) && member.Value.ValueKind != JsonValueKind.Null)
            {
                throw request.Unsupported(
                    member.Name, $"'{member.Name}' is a member of chat completions, not of responses.");
            }
        }
    }

    static void WriteMessages(Utf8JsonWriter json, ChatFields request, ResponsesContext context, JsonElement input)
    {
        json.WriteStartArray("messages"u8);
        var messages = new ResponsesMessages(json);
        if (request.Find("instructions") is { } instructions)
        {
            messages.System(instructions.ValueKind == JsonValueKind.String
                ? instructions.GetString()!
                : throw request.Wrong("instructions", "a string"));
        }

        foreach (JsonElement items in context.Earlier)
        {
            messages.Write(items, "previous_response_id");
        }

        messages.Write(input, "input");
        messages.Flush();
        json.WriteEndArray();
        if (input.GetArrayLength() == 0 && context.Earlier.Count == 0)
        {
            throw request.Missing("input");
        }
    }

    static void WriteLogprobs(Utf8JsonWriter json, ChatFields request)
    {
        long? top = request.Integer("top_logprobs");
        if (top > 0 || Includes(request, "message.output_text.logprobs"))
        {
            json.WriteBoolean("logprobs"u8, true);
            if (top is { } alternatives)
            {
                json.WriteNumber("top_logprobs"u8, alternatives);
            }
        }
    }

    static bool Includes(ChatFields request, string what)
    {
        if (request.Find("include") is not { } include)
        {
            return false;
        }

        return include.ValueKind == JsonValueKind.Array
            ? include.EnumerateArray().Any(one => one.ValueKind == JsonValueKind.String && one.ValueEquals(what))
            : throw request.Wrong("include", "an array of strings");
    }
}
