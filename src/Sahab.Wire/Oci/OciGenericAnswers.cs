using System.Buffers;
using System.Text;
using System.Text.Json;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Wire.Oci;

/// <summary>Translates answers in OCI's generic form.</summary>
public sealed class OciGenericAnswers : IAnswerTranslation
{
    static readonly JsonDocumentOptions Options = new() { MaxDepth = RequestScanner.MaxDepth };

    /// <inheritdoc/>
    public bool TryWriteAnswer(ReadOnlySpan<byte> answer, in AnswerTerms terms, IBufferWriter<byte> output)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(answer.ToArray(), Options);
            if (OciJson.Object(document.RootElement, "chatResponse") is not { } response)
            {
                return false;
            }

            var told = new ChatAnswer { Usage = OciJson.ReadUsage(response) };
            foreach (JsonElement choice in OciJson.Items(response, "choices"))
            {
                told.Choices.Add(ReadChoice(choice, terms, told.Choices.Count));
            }

            if (told.Choices.Count == 0)
            {
                return false;
            }

            told.WriteTo(output, terms);
            return true;
        }
        catch (Exception odd) when (odd is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public IStreamTranslation OpenStream(in AnswerTerms terms) => new OciLines(new OciGenericStream(terms));

    /// <inheritdoc/>
    public UpstreamError ReadError(int status, ReadOnlySpan<byte> body, string? errorType) =>
        OciErrors.Read(status, body);

    /// <summary>OpenAI's word for why a choice ended.</summary>
    internal static string FinishOf(string? reason, bool callsTools) => reason?.ToLowerInvariant() switch
    {
        "length" or "max_tokens" => "length",
        "content_filter" => "content_filter",
        "tool_calls" => "tool_calls",
        _ => callsTools ? "tool_calls" : "stop",
    };

    static ChatAnswerChoice ReadChoice(JsonElement element, in AnswerTerms terms, int index)
    {
        var choice = new ChatAnswerChoice();
        // The message may be missing when reasoning has eaten all that the answer might be long.
        if (OciJson.Object(element, "message") is { } message)
        {
            foreach (JsonElement part in OciJson.Items(message, "content"))
            {
                choice.Content.Append(OciJson.Text(part, "text"));
            }

            choice.Reasoning.Append(OciJson.Text(message, "reasoningContent"));
            choice.Refusal = OciJson.Text(message, "refusal");
            foreach (JsonElement call in OciJson.Items(message, "toolCalls"))
            {
                choice.ToolCalls.Add(new ChatAnswerToolCall(
                    OciJson.Text(call, "id") is { Length: > 0 } id
                        ? id
                        : OciJson.MakeCallId(terms, index, choice.ToolCalls.Count),
                    OciJson.Text(call, "name") ?? "", OciJson.Text(call, "arguments") ?? ""));
            }
        }

        if (OciLogprobs.Read(element) is { } logprobs)
        {
            choice.Logprobs = Encoding.UTF8.GetString(logprobs.WrittenSpan);
        }

        choice.Finish = FinishOf(OciJson.Text(element, "finishReason"), choice.ToolCalls.Count > 0);
        return choice;
    }
}
