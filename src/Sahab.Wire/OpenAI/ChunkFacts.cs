namespace Sahab.Wire.OpenAI;

/// <summary>Why a choice has ended.</summary>
public enum FinishReason : byte
{
    /// <summary>It has not.</summary>
    None,

    /// <summary>The model was done, or met a stop sequence.</summary>
    Stop,

    /// <summary>The token limit or the context was full.</summary>
    Length,

    /// <summary>The model calls tools.</summary>
    ToolCalls,

    /// <summary>The model calls a function, in the older form.</summary>
    FunctionCall,

    /// <summary>A content filter cut it.</summary>
    ContentFilter,

    /// <summary>Something else, such as vLLM's <c>abort</c>.</summary>
    Other,
}

/// <summary>
/// What the gateway needs to know of one chunk of a stream, chat or text. Where a member is written twice the last one
/// counts for figures, and any of them for content and errors.
/// </summary>
public struct ChunkFacts
{
    /// <summary>The end marker of the stream: <c>[DONE]</c>.</summary>
    public bool IsDone { get; internal set; }

    /// <summary>
    /// Whether the client has seen something of the answer with this chunk: text, refusal, tool or function call,
    /// reasoning or sound. A delta with a role only shows nothing.
    /// </summary>
    public readonly bool HasContent => ContentDeltas > 0;

    /// <summary>Choices of this chunk that bring content.</summary>
    public int ContentDeltas { get; internal set; }

    /// <summary>
    /// The bytes of that content as written in JSON: a measure of output where no count of tokens comes.
    /// </summary>
    public int ContentBytes { get; internal set; }

    /// <summary>Whether a choice ends with this chunk.</summary>
    public readonly bool FinishSeen => FinishedChoices > 0;

    /// <summary>Choices that end with this chunk.</summary>
    public int FinishedChoices { get; internal set; }

    /// <summary>Why the last of them ended.</summary>
    public FinishReason Finish { get; internal set; }

    /// <summary>Whether <c>choices</c> is there and is empty, as in the chunk that carries only the usage.</summary>
    public bool ChoicesEmpty { get; internal set; }

    /// <summary>Whether this is an error in place of a chunk. The official clients raise it.</summary>
    public bool HasError { get; internal set; }

    /// <summary>The error, when there is one.</summary>
    public UpstreamError Error { get; internal set; }

    /// <summary>Whether a usage is stated; null is none.</summary>
    public readonly bool HasUsage => Usage.Present;

    /// <summary>The usage stated.</summary>
    public UsageFigures Usage { get; internal set; }

    /// <summary>
    /// Where to cut to take <c>usage</c> out, one comma included, so that what is left is valid JSON.
    /// </summary>
    public int UsageMemberStart { get; internal set; }

    /// <summary>
    /// How many bytes to cut to take <c>usage</c> out. 0 when the member is absent; it may be there and null.
    /// </summary>
    public int UsageMemberLength { get; internal set; }
}
