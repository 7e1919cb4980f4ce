using System.Buffers;
using System.Text.Json;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Wire.Anthropic;

/// <summary>Puts the answers of Anthropic's Messages API into OpenAI's form.</summary>
public sealed class AnthropicAnswers : IAnswerTranslation
{
    static readonly JsonReaderOptions Options = new() { MaxDepth = RequestScanner.MaxDepth };

    /// <summary>The one there is, since it has no state.</summary>
    public static AnthropicAnswers Instance { get; } = new();

    /// <inheritdoc/>
    public bool TryWriteAnswer(ReadOnlySpan<byte> answer, in AnswerTerms terms, IBufferWriter<byte> output)
    {
        try
        {
            var reader = new Utf8JsonReader(answer, Options);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            if (reader.Read())
            {
                return false;
            }

            return Write(document.RootElement, answer, terms, output);
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            // No JSON, or a string that is no text.
            return false;
        }
    }

    /// <inheritdoc/>
    public IStreamTranslation OpenStream(in AnswerTerms terms) => new AnthropicStream(terms);

    /// <inheritdoc/>
    public UpstreamError ReadError(int status, ReadOnlySpan<byte> body, string? errorType) =>
        AnthropicErrors.Read(status, body);

    static bool Write(JsonElement message, ReadOnlySpan<byte> bytes, in AnswerTerms terms, IBufferWriter<byte> output)
    {
        if (message.ValueKind != JsonValueKind.Object)
        {
            return false;
        }

        if (Text(message, "type") == "error")
        {
            UpstreamError error = AnthropicErrors.Read(0, bytes);
            ErrorWriter.Write(
                output, new ClientError(error.Message, error.Type ?? "server_error", error.Param, error.Code));
            return true;
        }

        if (Text(message, "type") != "message" || Text(message, "stop_reason") is not { } reason
            || !message.TryGetProperty("content", out JsonElement content) || content.ValueKind != JsonValueKind.Array)
        {
            return false;
        }

        var choice = new ChatAnswerChoice
        {
            Finish = AnthropicStops.ToFinish(reason),
            StopSequence = Text(message, "stop_sequence"),
        };
        foreach (JsonElement block in content.EnumerateArray())
        {
            if (block.ValueKind != JsonValueKind.Object || !Add(choice, block))
            {
                return false;
            }
        }

        var chat = new ChatAnswer { Usage = UsageOf(message) };
        chat.Choices.Add(choice);
        chat.WriteTo(output, terms);
        return true;
    }

    static bool Add(ChatAnswerChoice choice, JsonElement block)
    {
        switch (Text(block, "type"))
        {
            case "text":
                choice.Content.Append(Text(block, "text"));
                return true;
            case "thinking":
                choice.Reasoning.Append(Text(block, "thinking"));
                choice.ThinkingBlocks.Add(block.GetRawText());
                return true;
            case "redacted_thinking":
                choice.ThinkingBlocks.Add(block.GetRawText());
                return true;
            case "tool_use":
                if (Text(block, "id") is not { } id || Text(block, "name") is not { } name
                    || !block.TryGetProperty("input", out JsonElement input))
                {
                    return false;
                }

                choice.ToolCalls.Add(new ChatAnswerToolCall(id, name, input.GetRawText()));
                return true;
            default:
                // What we did not ask for, such as traces of tools that run at Anthropic.
                return true;
        }
    }

    static AnswerUsage? UsageOf(JsonElement message)
    {
        if (!message.TryGetProperty("usage", out JsonElement usage) || usage.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        AnthropicUsage figures = default;
        figures.Merge(System.Text.Encoding.UTF8.GetBytes(usage.GetRawText()));
        return figures.HasOutput ? figures.ToAnswer() : null;
    }

    static string? Text(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
