using System.Text.Json;

namespace Sahab.Wire.Translation;

/// <summary>The members that OpenAI's answers have in common, streamed or not.</summary>
static class AnswerJson
{
    public static void WriteHead(Utf8JsonWriter json, in AnswerTerms terms, ReadOnlySpan<byte> kind)
    {
        json.WriteString("id"u8, terms.Id);
        json.WriteString("object"u8, kind);
        json.WriteNumber("created"u8, terms.CreatedUnixSeconds);
        json.WriteString("model"u8, terms.Model);
    }

    public static void WriteUsage(Utf8JsonWriter json, in AnswerUsage usage)
    {
        json.WriteStartObject("usage"u8);
        json.WriteNumber("prompt_tokens"u8, usage.Prompt);
        json.WriteNumber("completion_tokens"u8, usage.Output);
        json.WriteNumber("total_tokens"u8, usage.Prompt + usage.Output);
        json.WriteStartObject("prompt_tokens_details"u8);
        json.WriteNumber("cached_tokens"u8, usage.Cached);
        if (usage.CacheWritten > 0)
        {
            json.WriteNumber("cache_write_tokens"u8, usage.CacheWritten);
        }

        if (usage.CacheWritten1h > 0)
        {
            json.WriteNumber("cache_write_1h_tokens"u8, usage.CacheWritten1h);
        }

        json.WriteEndObject();
        json.WriteStartObject("completion_tokens_details"u8);
        json.WriteNumber("reasoning_tokens"u8, usage.Reasoning);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>A token and its probability, where the provider does not tell the token's bytes.</summary>
    public static void WriteProbability(Utf8JsonWriter json, string token, double logprob)
    {
        json.WriteString("token"u8, token);
        json.WriteNumber("logprob"u8, logprob);
        json.WriteNull("bytes"u8);
    }

    /// <summary>Ends what was begun with an object and its <c>content</c>, the probabilities of tokens.</summary>
    public static void EndProbabilities(Utf8JsonWriter json)
    {
        json.WriteEndArray();
        json.WriteNull("refusal"u8);
        json.WriteEndObject();
        json.Flush();
    }

    /// <summary>The stop sequence that ended a choice, where vLLM puts it.</summary>
    public static void WriteStopSequence(Utf8JsonWriter json, string? stopSequence)
    {
        if (stopSequence is not null)
        {
            json.WriteString("stop_reason"u8, stopSequence);
        }
    }

    /// <summary>A tool call's signature, where Google's own OpenAI endpoint puts it.</summary>
    public static void WriteSignature(Utf8JsonWriter json, string? signature)
    {
        if (signature is null)
        {
            return;
        }

        json.WriteStartObject("extra_content"u8);
        json.WriteStartObject("google"u8);
        json.WriteString("thought_signature"u8, signature);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
