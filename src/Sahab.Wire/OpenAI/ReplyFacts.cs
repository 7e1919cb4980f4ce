namespace Sahab.Wire.OpenAI;

/// <summary>What the gateway needs to know of a reply that is not streamed.</summary>
public struct ReplyFacts
{
    /// <summary>Whether a usage is stated; null is none.</summary>
    public readonly bool HasUsage => Usage.Present;

    /// <summary>The usage stated.</summary>
    public UsageFigures Usage { get; internal set; }

    /// <summary>Whether the body is an error, whatever the status says.</summary>
    public bool HasError { get; internal set; }

    /// <summary>The error, when there is one.</summary>
    public UpstreamError Error { get; internal set; }

    /// <summary>Choices in the reply.</summary>
    public int Choices { get; internal set; }

    /// <summary>Choices that have ended, as all should have.</summary>
    public int FinishedChoices { get; internal set; }

    /// <summary>Why the last of them ended.</summary>
    public FinishReason Finish { get; internal set; }

    /// <summary>Choices that hold content.</summary>
    public int ContentChoices { get; internal set; }

    /// <summary>
    /// The bytes of that content as written in JSON: a measure of output where no count of tokens comes.
    /// </summary>
    public int ContentBytes { get; internal set; }

    /// <summary>Elements of <c>data</c>: the embeddings of the reply.</summary>
    public int Embeddings { get; internal set; }
}
