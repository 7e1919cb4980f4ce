using System.Text.Json;
using Sahab.Wire.Json;
using Sahab.Wire.OpenAI;

namespace Sahab.Wire.Anthropic;

/// <summary>Usage in Anthropic's sense, out of a chat completion's: the parts of the prompt stand side by side.</summary>
struct MessagesUsage
{
    long _input;
    long _cacheRead;
    long _cacheWritten;
    long _cacheWritten1h;
    long _output;
    long _reasoning;

    /// <summary>Takes the figures of a chat completion's <c>usage</c>.</summary>
    public void Take(ReadOnlySpan<byte> usage)
    {
        var cursor = new JsonCursor(usage);
        UsageFigures figures = UsageReading.Read(usage, ref cursor);
        if (!figures.Present)
        {
            return;
        }

        _cacheRead = Math.Min(figures.Cached, figures.Prompt);
        _cacheWritten = Math.Min(figures.CacheWritten, figures.Prompt - _cacheRead);
        _cacheWritten1h = Math.Min(figures.CacheWritten1h, _cacheWritten);
        _input = figures.Prompt - _cacheRead - _cacheWritten;
        _output = figures.Output;
        _reasoning = figures.Reasoning;
    }

    public readonly void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject("usage"u8);
        json.WriteNumber("input_tokens"u8, _input);
        json.WriteNumber("cache_creation_input_tokens"u8, _cacheWritten);
        json.WriteNumber("cache_read_input_tokens"u8, _cacheRead);
        if (_cacheWritten > 0)
        {
            json.WriteStartObject("cache_creation"u8);
            json.WriteNumber("ephemeral_5m_input_tokens"u8, _cacheWritten - _cacheWritten1h);
            json.WriteNumber("ephemeral_1h_input_tokens"u8, _cacheWritten1h);
            json.WriteEndObject();
        }

        json.WriteNumber("output_tokens"u8, _output);
        json.WriteStartObject("output_tokens_details"u8);
        json.WriteNumber("thinking_tokens"u8, _reasoning);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
