using System.Buffers;
using System.Text.Json;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Wire.Gemini;

/// <summary>Puts answers of Gemini's <c>generateContent</c> and <c>streamGenerateContent</c> into OpenAI's form.</summary>
public sealed class GeminiAnswers : IAnswerTranslation
{
    /// <inheritdoc/>
    public bool TryWriteAnswer(ReadOnlySpan<byte> answer, in AnswerTerms terms, IBufferWriter<byte> output)
    {
        try
        {
            using JsonDocument document = GeminiJson.Parse(answer);
            JsonElement root = document.RootElement;
            if (GeminiCandidates.IsError(root))
            {
                UpstreamError error = GeminiErrors.Read(status: 0, answer);
                ErrorWriter.Write(output, new ClientError(error.Message, error.Type ?? "server_error", error.Param, error.Code));
                return true;
            }

            if (Read(root, terms) is not { } read)
            {
                return false;
            }

            read.WriteTo(output, terms);
            return true;
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            // The reader of documents throws the second where bytes are no text, and where a value is of another kind.
            return false;
        }
    }

    /// <inheritdoc/>
    public string? ReadRequestId(ReadOnlySpan<byte> answer)
    {
        try
        {
            using JsonDocument document = GeminiJson.Parse(answer);
            return GeminiJson.FindText(document.RootElement, "responseId"u8);
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public IStreamTranslation OpenStream(in AnswerTerms terms) => new GeminiStream(terms);

    /// <inheritdoc/>
    public UpstreamError ReadError(int status, ReadOnlySpan<byte> body, string? errorType) =>
        GeminiErrors.Read(status, body);

    static ChatAnswer? Read(JsonElement root, in AnswerTerms terms)
    {
        var answer = new ChatAnswer { Usage = GeminiCandidates.ReadUsage(root) };
        if (GeminiJson.Find(root, "candidates"u8) is { ValueKind: JsonValueKind.Array } candidates)
        {
            foreach (JsonElement candidate in candidates.EnumerateArray())
            {
                answer.Choices.Add(Read(candidate, terms, answer.Choices.Count));
            }
        }

        if (answer.Choices.Count > 0)
        {
            return answer;
        }

        // A prompt that the filter blocks gets no candidate, but a reason.
        if (!GeminiCandidates.IsBlocked(root))
        {
            return null;
        }

        answer.Choices.Add(new ChatAnswerChoice { Finish = "content_filter" });
        return answer;
    }

    static ChatAnswerChoice Read(JsonElement candidate, in AnswerTerms terms, int index)
    {
        var choice = new ChatAnswerChoice();
        foreach (JsonElement part in GeminiCandidates.PartsOf(candidate))
        {
            switch (GeminiCandidates.KindOf(part, out string text))
            {
                case GeminiPartKind.Text:
                    choice.Content.Append(text);
                    break;
                case GeminiPartKind.Thought:
                    choice.Reasoning.Append(text);
                    break;
                case GeminiPartKind.Call:
                    choice.ToolCalls.Add(GeminiCandidates.ReadCall(part, terms, index, choice.ToolCalls.Count));
                    break;
                default:
                    break;
            }
        }

        if (GeminiJson.Find(candidate, "logprobsResult"u8) is { } logprobs)
        {
            choice.Logprobs = System.Text.Encoding.UTF8.GetString(GeminiLogprobs.Write(logprobs).WrittenSpan);
        }

        choice.Finish = GeminiCandidates.FinishOf(
            GeminiCandidates.ReasonOf(candidate) ?? "STOP", choice.ToolCalls.Count > 0);
        return choice;
    }
}
