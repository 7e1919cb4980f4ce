using System.Text.Json;
using Sahab.Wire.OpenAI;

namespace Sahab.Wire.Chat;

/// <summary>
/// A chat completion request, read whole: the form out of which every other vendor's request is written. It keeps the
/// parsed body, so it must be disposed, and what was taken out of it must not be used afterwards.
/// </summary>
public sealed class ChatRequest : IDisposable
{
    readonly JsonDocument _body;

    ChatRequest(JsonDocument body) => _body = body;

    /// <summary>The conversation. Neighbours may have the same role.</summary>
    public required IReadOnlyList<ChatMessage> Messages { get; init; }

    /// <summary>The tools offered.</summary>
    public required IReadOnlyList<ChatTool> Tools { get; init; }

    /// <summary>Which of them may be called.</summary>
    public required ChatToolChoice ToolChoice { get; init; }

    /// <summary>The form of the answer.</summary>
    public required ChatFormat Format { get; init; }

    /// <summary>Whether several tools may be called at once; null where the request leaves it open.</summary>
    public bool? ParallelToolCalls { get; init; }

    /// <summary>0 to 2; null for the provider's default.</summary>
    public double? Temperature { get; init; }

    /// <summary>0 to 1; null for the provider's default.</summary>
    public double? TopP { get; init; }

    /// <summary>At least 1; null for the provider's default. Not a member of OpenAI's; vLLM and others have it.</summary>
    public long? TopK { get; init; }

    /// <summary>-2 to 2; null for the provider's default.</summary>
    public double? FrequencyPenalty { get; init; }

    /// <summary>-2 to 2; null for the provider's default.</summary>
    public double? PresencePenalty { get; init; }

    /// <summary>The seed; null where none is given.</summary>
    public long? Seed { get; init; }

    /// <summary>Choices wanted, at least 1.</summary>
    public int N { get; init; } = 1;

    /// <summary>Output tokens at most, reasoning included; null where no limit is given.</summary>
    public long? MaxTokens { get; init; }

    /// <summary>Texts that end the answer.</summary>
    public required IReadOnlyList<string> Stop { get; init; }

    /// <summary>How much to reason: <c>none</c>, <c>minimal</c>, <c>low</c>, <c>medium</c>, <c>high</c>, …; null where not given.</summary>
    public string? ReasoningEffort { get; init; }

    /// <summary>How long to answer: <c>low</c>, <c>medium</c>, <c>high</c>; null where not given.</summary>
    public string? Verbosity { get; init; }

    /// <summary>Whether token probabilities are wanted.</summary>
    public bool Logprobs { get; init; }

    /// <summary>Alternatives for each token, 0 to 20; null where not given.</summary>
    public int? TopLogprobs { get; init; }

    /// <summary>Whether the answer is to be streamed.</summary>
    public bool Stream { get; init; }

    /// <summary>The end user, for the provider's abuse detection: <c>safety_identifier</c>, else <c>user</c>.</summary>
    public string? User { get; init; }

    /// <summary>Names of the members of the body that have a value other than null.</summary>
    public required IReadOnlyList<string> Members { get; init; }

    /// <summary>A member of the body that no property stands for, such as <c>logit_bias</c>; null where it has no value.</summary>
    public JsonElement? Find(string member) =>
        _body.RootElement.TryGetProperty(member, out JsonElement value) && value.ValueKind != JsonValueKind.Null
            ? value
            : null;

    /// <summary>Reads a body.</summary>
    /// <param name="body">The body of a chat completion request. Must not change while the request is in use.</param>
    /// <param name="request">The request, to be disposed; null when it cannot be read.</param>
    /// <param name="fault">What is wrong with it and where, when it cannot be read.</param>
    public static bool TryRead(ReadOnlyMemory<byte> body, out ChatRequest? request, out RequestFault fault)
    {
        JsonDocument? document = null;
        try
        {
            document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = RequestScanner.MaxDepth });
            request = Read(document);
            fault = default;
            return true;
        }
        catch (JsonException wrong)
        {
            fault = new RequestFault($"The body is not valid JSON: {wrong.Message}", null, "invalid_json");
        }
        catch (InvalidOperationException)
        {
            fault = new RequestFault(
                "A string of the body is not valid Unicode: it has half a surrogate pair or bytes that are not UTF-8.",
                null, "invalid_json");
        }
        catch (ChatRequestException wrong)
        {
            fault = wrong.Fault;
        }

        document?.Dispose();
        request = null;
        return false;
    }

    /// <inheritdoc/>
    public void Dispose() => _body.Dispose();

    static ChatRequest Read(JsonDocument document)
    {
        var fields = ChatFields.Of(document.RootElement, "");
        var members = new List<string>();
        foreach (JsonProperty member in document.RootElement.EnumerateObject())
        {
            if (member.Value.ValueKind != JsonValueKind.Null)
            {
                members.Add(member.Name);
            }
        }

        return new ChatRequest(document)
        {
            Messages = ChatMessageReader.ReadAll(fields),
            Tools = ChatToolReader.ReadTools(fields),
            ToolChoice = ChatToolReader.ReadChoice(fields),
            Format = ChatToolReader.ReadFormat(fields),
            ParallelToolCalls = fields.Flag("parallel_tool_calls"),
            Temperature = fields.Number("temperature"),
            TopP = fields.Number("top_p"),
            TopK = fields.Integer("top_k"),
            FrequencyPenalty = fields.Number("frequency_penalty"),
            PresencePenalty = fields.Number("presence_penalty"),
            Seed = fields.Integer("seed"),
            N = (int)Math.Clamp(fields.Integer("n") ?? 1, 1, RequestFacts.MaxChoices),
            MaxTokens = fields.Integer("max_completion_tokens") ?? fields.Integer("max_tokens"),
            Stop = ReadStop(fields),
            ReasoningEffort = fields.Text("reasoning_effort"),
            Verbosity = fields.Text("verbosity"),
            Logprobs = fields.Flag("logprobs") ?? false,
            TopLogprobs = (int?)fields.Integer("top_logprobs"),
            Stream = fields.Flag("stream") ?? false,
            User = fields.Text("safety_identifier") ?? fields.Text("user"),
            Members = members,
        };
    }

    static IReadOnlyList<string> ReadStop(ChatFields fields) => fields.Find("stop") switch
    {
        null => [],
        { ValueKind: JsonValueKind.String } one => [one.GetString()!],
        { ValueKind: JsonValueKind.Array } all when all.EnumerateArray().All(s => s.ValueKind == JsonValueKind.String) =>
            [.. all.EnumerateArray().Select(s => s.GetString()!)],
        _ => throw fields.Wrong("stop", "a string or an array of strings"),
    };
}
