using System.Buffers;
using System.Text.Json;
using Sahab.Wire.Translation;

namespace Sahab.Wire.Gemini.Clients;

/// <summary>Writes answers and events as Gemini has them.</summary>
sealed class GeminiAnswerWriter(ClientTerms terms)
{
    readonly string _id = terms.CallId.ToString("N");

    /// <summary>What every event but the last ends with, behind its candidates.</summary>
    byte[]? _end;

    public void WriteWhole(
        IBufferWriter<byte> output, SortedDictionary<int, GeminiClientChoice> choices, AnswerUsage? usage,
        bool showsThoughts)
    {
        using var json = new Utf8JsonWriter(output, GeminiJson.Options);
        json.WriteStartObject();
        json.WriteStartArray("candidates"u8);
        foreach (GeminiClientChoice choice in choices.Values)
        {
            json.WriteStartObject();
            WriteContent(json, choice, showsThoughts, withCalls: true);
            WriteFinish(json, choice);
            json.WriteNumber("index"u8, choice.Index);
            WriteLogprobs(json, choice);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        WriteTail(json, usage);
        json.WriteEndObject();
    }

    /// <summary>
    /// Writes that the first choice goes on with a text. Most events are this one: nothing in it needs a writer.
    /// </summary>
    /// <param name="output">Where the event goes.</param>
    /// <param name="text">The text, a JSON string.</param>
    /// <param name="isThought">Whether it is of the model's reasoning.</param>
    public void WriteText(IBufferWriter<byte> output, ReadOnlySpan<byte> text, bool isThought)
    {
        output.Write("data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":"u8);
        output.Write(text);
        output.Write(isThought ? ",\"thought\":true}]},\"index\":0}]"u8 : "}]},\"index\":0}]"u8);
        output.Write(_end ??= RenderEnd());
    }

    /// <summary>Writes what is new in a choice.</summary>
    public void WriteEvent(IBufferWriter<byte> output, GeminiClientChoice choice, bool showsThoughts, bool withCalls)
    {
        output.Write("data: "u8);
        using (var json = new Utf8JsonWriter(output, GeminiJson.Options))
        {
            json.WriteStartObject();
            json.WriteStartArray("candidates"u8);
            json.WriteStartObject();
            WriteContent(json, choice, showsThoughts, withCalls);
            json.WriteNumber("index"u8, choice.Index);
            WriteLogprobs(json, choice);
            json.WriteEndObject();
            json.WriteEndArray();
            WriteTail(json, usage: null);
            json.WriteEndObject();
        }

        output.Write("\r\n\r\n"u8);
    }

    /// <summary>Writes why each choice finished, and the usage.</summary>
    public void WriteLast(
        IBufferWriter<byte> output, SortedDictionary<int, GeminiClientChoice> choices, AnswerUsage? usage)
    {
        output.Write("data: "u8);
        using (var json = new Utf8JsonWriter(output, GeminiJson.Options))
        {
            json.WriteStartObject();
            json.WriteStartArray("candidates"u8);
            foreach (GeminiClientChoice choice in choices.Values)
            {
                json.WriteStartObject();
                json.WriteStartObject("content"u8);
                json.WriteString("role"u8, "model"u8);
                json.WriteStartArray("parts"u8);
                json.WriteStartObject();
                json.WriteString("text"u8, ""u8);
                json.WriteEndObject();
                json.WriteEndArray();
                json.WriteEndObject();
                WriteFinish(json, choice);
                json.WriteNumber("index"u8, choice.Index);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            WriteTail(json, usage);
            json.WriteEndObject();
        }

        output.Write("\r\n\r\n"u8);
    }

    static void WriteContent(Utf8JsonWriter json, GeminiClientChoice choice, bool showsThoughts, bool withCalls)
    {
        json.WriteStartObject("content"u8);
        json.WriteString("role"u8, "model"u8);
        json.WriteStartArray("parts"u8);
        if (showsThoughts && choice.Thoughts.Length > 0)
        {
            json.WriteStartObject();
            json.WriteString("text"u8, choice.Thoughts.ToString());
            json.WriteBoolean("thought"u8, true);
            json.WriteEndObject();
        }

        if (choice.Text.Length > 0)
        {
            json.WriteStartObject();
            json.WriteString("text"u8, choice.Text.ToString());
            json.WriteEndObject();
        }

        foreach (GeminiClientCall call in withCalls ? choice.Calls : [])
        {
            WriteCall(json, choice, call);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Arguments are an object here. A call whose arguments are none is no call, and the reason tells.</summary>
    static void WriteCall(Utf8JsonWriter json, GeminiClientChoice choice, GeminiClientCall call)
    {
        try
        {
            using var arguments = JsonDocument.Parse(call.Arguments);
            if (arguments.RootElement.ValueKind != JsonValueKind.Object)
            {
                choice.HasBadCall = true;
                return;
            }

            json.WriteStartObject();
            json.WriteStartObject("functionCall"u8);
            json.WriteString("name"u8, call.Name);
            json.WritePropertyName("args"u8);
            arguments.RootElement.WriteTo(json);
            if (call.Id is not null)
            {
                json.WriteString("id"u8, call.Id);
            }

            json.WriteEndObject();
            if (call.Signature is not null)
            {
                json.WriteString("thoughtSignature"u8, call.Signature);
            }

            json.WriteEndObject();
        }
        catch (JsonException)
        {
            choice.HasBadCall = true;
        }
    }

    static void WriteFinish(Utf8JsonWriter json, GeminiClientChoice choice) =>
        json.WriteString("finishReason"u8, choice.Finish switch
        {
            "length" => "MAX_TOKENS"u8,
            "content_filter" => "SAFETY"u8,
            _ when choice.HasBadCall => "MALFORMED_FUNCTION_CALL"u8,
            "stop" or "tool_calls" or "function_call" => "STOP"u8,
            _ => "OTHER"u8,
        });

    static void WriteLogprobs(Utf8JsonWriter json, GeminiClientChoice choice)
    {
        if (choice.Logprobs is { } logprobs)
        {
            json.WritePropertyName("logprobsResult"u8);
            json.WriteRawValue(logprobs, skipInputValidation: true);
        }
    }

    byte[] RenderEnd()
    {
        var output = new ArrayBufferWriter<byte>(128);
        using (var json = new Utf8JsonWriter(output, GeminiJson.Options))
        {
            json.WriteStartObject();
            WriteTail(json, usage: null);
            json.WriteEndObject();
        }

        output.Write("\r\n\r\n"u8);
        byte[] end = output.WrittenSpan.ToArray();
        // It goes on with an object that has members already.
        end[0] = (byte)',';
        return end;
    }

    void WriteTail(Utf8JsonWriter json, AnswerUsage? usage)
    {
        if (usage is { } used)
        {
            json.WriteStartObject("usageMetadata"u8);
            json.WriteNumber("promptTokenCount"u8, used.Prompt);
            json.WriteNumber("candidatesTokenCount"u8, used.Output - used.Reasoning);
            json.WriteNumber("totalTokenCount"u8, used.Prompt + used.Output);
            if (used.Cached > 0)
            {
                json.WriteNumber("cachedContentTokenCount"u8, used.Cached);
            }

            if (used.Reasoning > 0)
            {
                json.WriteNumber("thoughtsTokenCount"u8, used.Reasoning);
            }

            json.WriteEndObject();
        }

        if (terms.Model is not null)
        {
            json.WriteString("modelVersion"u8, terms.Model);
        }

        json.WriteString("responseId"u8, _id);
    }
}

/// <summary>Puts probabilities in OpenAI's form into Gemini's.</summary>
static class GeminiLogprobsWriter
{
    /// <summary>The value of <c>logprobsResult</c>; null where there are no probabilities.</summary>
    public static byte[]? Read(JsonElement? logprobs)
    {
        if (logprobs is not { ValueKind: JsonValueKind.Object } told
            || GeminiJson.Find(told, "content"u8) is not { ValueKind: JsonValueKind.Array } tokens
            || tokens.GetArrayLength() == 0)
        {
            return null;
        }

        var output = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(output, GeminiJson.Options);
        json.WriteStartObject();
        json.WriteStartArray("topCandidates"u8);
        foreach (JsonElement token in tokens.EnumerateArray())
        {
            json.WriteStartObject();
            json.WriteStartArray("candidates"u8);
            if (GeminiJson.Find(token, "top_logprobs"u8) is { ValueKind: JsonValueKind.Array } tops)
            {
                foreach (JsonElement top in tops.EnumerateArray())
                {
                    Write(json, top);
                }
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("chosenCandidates"u8);
        foreach (JsonElement token in tokens.EnumerateArray())
        {
            Write(json, token);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return output.WrittenSpan.ToArray();
    }

    static void Write(Utf8JsonWriter json, JsonElement token)
    {
        json.WriteStartObject();
        json.WriteString("token"u8, GeminiJson.FindText(token, "token"u8) ?? "");
        if (GeminiJson.Find(token, "logprob"u8) is { ValueKind: JsonValueKind.Number } value)
        {
            json.WriteNumber("logProbability"u8, value.GetDouble());
        }

        json.WriteEndObject();
    }
}
