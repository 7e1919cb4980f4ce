using System.Buffers.Text;
using Sahab.Wire.Json;
using Sahab.Wire.Translation;

namespace Sahab.Wire.Anthropic;

/// <summary>
/// Usage as Anthropic tells it: what is read from a cache or written to one stands beside the rest of the prompt, not in
/// it. In a stream the figures come in parts, each the total so far.
/// </summary>
struct AnthropicUsage
{
    /// <summary>What stands for a figure that is none, so that whoever checks the usage sees that it cannot be true.</summary>
    const long Wrong = -1;

    long _input;
    long _cacheRead;
    long _cacheWritten;
    long _cacheWritten1h;
    long _output;
    long _thinking;

    /// <summary>Whether output was told, without which the rest is of no use.</summary>
    public bool HasOutput { get; private set; }

    /// <summary>Takes the figures of a <c>usage</c> object; those that it leaves out stay as they were.</summary>
    public void Merge(ReadOnlySpan<byte> usage)
    {
        Merge(usage, "input_tokens"u8, ref _input);
        Merge(usage, "cache_read_input_tokens"u8, ref _cacheRead);
        Merge(usage, "cache_creation_input_tokens"u8, ref _cacheWritten);
        Merge(JsonSlice.Member(usage, "cache_creation"u8), "ephemeral_1h_input_tokens"u8, ref _cacheWritten1h);
        HasOutput |= Merge(usage, "output_tokens"u8, ref _output);
        Merge(JsonSlice.Member(usage, "output_tokens_details"u8), "thinking_tokens"u8, ref _thinking);
    }

    /// <summary>Forgets the output that was told so far: what a stream says at its start is no more than a guess.</summary>
    public void AwaitOutput() => HasOutput = false;

    /// <summary>The same in OpenAI's sense.</summary>
    public readonly AnswerUsage ToAnswer() => new(
        _input < 0 || _cacheRead < 0 || _cacheWritten < 0 || _cacheWritten1h < 0
            ? Wrong
            : _input + _cacheRead + _cacheWritten,
        _cacheRead, _cacheWritten, _output, _thinking)
    {
        CacheWritten1h = _cacheWritten1h,
    };

    static bool Merge(ReadOnlySpan<byte> usage, ReadOnlySpan<byte> name, ref long figure)
    {
        ReadOnlySpan<byte> value = JsonSlice.Member(usage, name);
        if (value.IsEmpty || value[0] == (byte)'n')
        {
            return false;
        }

        figure = Utf8Parser.TryParse(value, out long count, out int used) && used == value.Length
            && count is >= 0 and <= OpenAI.UsageFigures.MaxTokens
            ? count
            : Wrong;
        return true;
    }
}
