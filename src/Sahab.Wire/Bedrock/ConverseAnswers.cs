using System.Buffers;
using System.Text;
using System.Text.Json;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Wire.Bedrock;

/// <summary>Puts the answers of Converse and ConverseStream into OpenAI's form.</summary>
public sealed class ConverseAnswers : IAnswerTranslation
{
    static readonly JsonReaderOptions Options = new() { MaxDepth = RequestScanner.MaxDepth };

    ConverseAnswers()
    {
    }

    /// <summary>The one that there is: it has no state.</summary>
    public static ConverseAnswers Instance { get; } = new();

    /// <inheritdoc/>
    public bool TryWriteAnswer(ReadOnlySpan<byte> answer, in AnswerTerms terms, IBufferWriter<byte> output)
    {
        try
        {
            var reader = new Utf8JsonReader(answer, Options);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            if (Read(document.RootElement) is not { } read)
            {
                return false;
            }

            read.WriteTo(output, terms);
            return true;
        }
        catch (Exception wrong) when (ConverseWords.IsMalformed(wrong))
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public IStreamTranslation OpenStream(in AnswerTerms terms) => new ConverseStream(terms);

    /// <inheritdoc/>
    public UpstreamError ReadError(int status, ReadOnlySpan<byte> body, string? errorType) =>
        BedrockErrors.Read(status, body, errorType);

    /// <summary>An answer without output does come with status 200, and is none.</summary>
    static ChatAnswer? Read(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object
            || !root.TryGetProperty("output"u8, out JsonElement output) || output.ValueKind != JsonValueKind.Object
            || !output.TryGetProperty("message"u8, out JsonElement message) || message.ValueKind != JsonValueKind.Object
            || !message.TryGetProperty("content"u8, out JsonElement content)
            || content.ValueKind != JsonValueKind.Array)
        {
            return null;
        }

        var choice = new ChatAnswerChoice();
        foreach (JsonElement block in content.EnumerateArray())
        {
            ReadBlock(choice, block);
        }

        choice.Finish = ConverseWords.FinishOf(
            root.TryGetProperty("stopReason"u8, out JsonElement reason) ? reason.GetString() : null);
        var answer = new ChatAnswer { Usage = ConverseWords.UsageOf(root) };
        answer.Choices.Add(choice);
        return answer;
    }

    static void ReadBlock(ChatAnswerChoice choice, JsonElement block)
    {
        if (block.TryGetProperty("text"u8, out JsonElement text))
        {
            choice.Content.Append(text.GetString());
        }
        else if (block.TryGetProperty("toolUse"u8, out JsonElement use))
        {
            choice.ToolCalls.Add(new ChatAnswerToolCall(
                use.GetProperty("toolUseId"u8).GetString() ?? "", use.GetProperty("name"u8).GetString() ?? "",
                use.TryGetProperty("input"u8, out JsonElement input) ? Encode(input) : "{}"));
        }
        else if (block.TryGetProperty("reasoningContent"u8, out JsonElement reasoning))
        {
            ReadReasoning(choice, reasoning);
        }
        else if (block.TryGetProperty("citationsContent"u8, out JsonElement cited)
            && cited.TryGetProperty("content"u8, out JsonElement parts) && parts.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement part in parts.EnumerateArray())
            {
                if (part.TryGetProperty("text"u8, out JsonElement said))
                {
                    choice.Content.Append(said.GetString());
                }
            }
        }
    }

    static void ReadReasoning(ChatAnswerChoice choice, JsonElement reasoning)
    {
        if (reasoning.TryGetProperty("redactedContent"u8, out JsonElement redacted))
        {
            choice.ThinkingBlocks.Add(
                Encoding.UTF8.GetString(ConverseWords.RedactedThinking(redacted.GetString() ?? "").Span));
            return;
        }

        if (!reasoning.TryGetProperty("reasoningText"u8, out JsonElement block))
        {
            return;
        }

        string text = block.TryGetProperty("text"u8, out JsonElement said) ? said.GetString() ?? "" : "";
        choice.Reasoning.Append(text);
        if (block.TryGetProperty("signature"u8, out JsonElement signed)
            && signed.GetString() is { Length: > 0 } signature)
        {
            choice.ThinkingBlocks.Add(Encoding.UTF8.GetString(ConverseWords.SignedThinking(text, signature).Span));
        }
    }

    /// <summary>Arguments as the text that OpenAI's clients parse: most are an object, a few a string.</summary>
    static string Encode(JsonElement input) => input.ValueKind switch
    {
        JsonValueKind.Null => "{}",
        JsonValueKind.String => input.GetString() is { Length: > 0 } text ? text : "{}",
        _ => input.GetRawText(),
    };
}
