using System.Buffers;
using System.Text.Json;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Wire.Oci;

/// <summary>Translates answers in OCI's form for Cohere's models.</summary>
public sealed class OciCohereAnswers : IAnswerTranslation
{
    static readonly JsonDocumentOptions Options = new() { MaxDepth = RequestScanner.MaxDepth };

    /// <inheritdoc/>
    public bool TryWriteAnswer(ReadOnlySpan<byte> answer, in AnswerTerms terms, IBufferWriter<byte> output)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(answer.ToArray(), Options);
            if (OciJson.Object(document.RootElement, "chatResponse") is not { } response
                || OciJson.Text(response, "finishReason") is not { } reason || IsFailure(reason))
            {
                return false;
            }

            var choice = new ChatAnswerChoice();
            choice.Content.Append(OciJson.Text(response, "text"));
            foreach (JsonElement call in OciJson.Items(response, "toolCalls"))
            {
                choice.ToolCalls.Add(new ChatAnswerToolCall(
                    OciJson.MakeCallId(terms, 0, choice.ToolCalls.Count), OciJson.Text(call, "name") ?? "",
                    ArgumentsOf(call)));
            }

            choice.Finish = FinishOf(reason, choice.ToolCalls.Count > 0);
            var told = new ChatAnswer { Usage = OciJson.ReadUsage(response) };
            told.Choices.Add(choice);
            told.WriteTo(output, terms);
            return true;
        }
        catch (Exception odd) when (odd is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public IStreamTranslation OpenStream(in AnswerTerms terms) => new OciLines(new OciCohereStream(terms));

    /// <inheritdoc/>
    public UpstreamError ReadError(int status, ReadOnlySpan<byte> body, string? errorType) =>
        OciErrors.Read(status, body);

    internal static bool IsFailure(string reason) => reason is "ERROR" or "USER_CANCEL";

    /// <summary>OpenAI's word for why an answer ended.</summary>
    internal static string FinishOf(string reason, bool callsTools) => reason switch
    {
        "MAX_TOKENS" or "ERROR_LIMIT" => "length",
        "ERROR_TOXIC" => "content_filter",
        _ => callsTools ? "tool_calls" : "stop",
    };

    internal static string ArgumentsOf(JsonElement call) =>
        OciJson.Object(call, "parameters") is { } parameters ? parameters.GetRawText() : "{}";
}
