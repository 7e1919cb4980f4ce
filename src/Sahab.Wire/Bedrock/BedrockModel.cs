namespace Sahab.Wire.Bedrock;

/// <summary>Who made a model, as far as requests differ by it.</summary>
public enum BedrockFamily : byte
{
    /// <summary>Any that needs nothing of its own.</summary>
    Other,

    /// <summary>Anthropic's Claude.</summary>
    Claude,

    /// <summary>Amazon's Nova.</summary>
    Nova,

    /// <summary>Amazon's Titan embeddings: one text for each request.</summary>
    TitanEmbeddings,

    /// <summary>Cohere's embeddings: many texts in a request.</summary>
    CohereEmbeddings,
}

/// <summary>
/// A model as Bedrock names it: a foundation model, an inference profile (<c>us.anthropic…</c>) or the ARN of a
/// profile, of provisioned throughput or of a model of one's own.
/// </summary>
public sealed class BedrockModel
{
    /// <summary>Claude models that reason within a budget of tokens; newer ones take an effort.</summary>
    static readonly string[] ByBudget =
    [
        "claude-3", "claude-sonnet-4-2", "claude-opus-4-2", "claude-opus-4-1", "claude-sonnet-4-5", "claude-haiku-4-5",
        "claude-opus-4-5",
    ];

    /// <summary>Describes a model.</summary>
    /// <param name="id">The id or ARN.</param>
    /// <param name="alias">Another name, which tells the family where an ARN does not.</param>
    public BedrockModel(string id, string alias)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        ArgumentNullException.ThrowIfNull(alias);
        Id = id;
        string name = FamilyOf(id) != BedrockFamily.Other ? id : alias;
        Family = FamilyOf(name);
        ReasonsByBudget = Family == BedrockFamily.Claude
            && Array.Exists(ByBudget, part => name.Contains(part, StringComparison.OrdinalIgnoreCase));
        TakesDimensions = Family == BedrockFamily.TitanEmbeddings
            || name.Contains("embed-v4", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The id or ARN.</summary>
    public string Id { get; }

    /// <summary>Who made it.</summary>
    public BedrockFamily Family { get; }

    /// <summary>Whether its reasoning is asked for as a budget of tokens.</summary>
    public bool ReasonsByBudget { get; }

    /// <summary>For embeddings: whether the length of the vectors can be chosen.</summary>
    public bool TakesDimensions { get; }

    /// <summary>The path of an operation, relative to the endpoint: the id is percent-encoded once.</summary>
    /// <param name="operation">Such as <c>converse-stream</c>.</param>
    public string PathTo(string operation) => $"model/{Uri.EscapeDataString(Id)}/{operation}";

    static BedrockFamily FamilyOf(string name) =>
        name.Contains("titan-embed", StringComparison.OrdinalIgnoreCase) ? BedrockFamily.TitanEmbeddings
        : name.Contains("cohere.embed", StringComparison.OrdinalIgnoreCase)
            || name.Contains("cohere-embed", StringComparison.OrdinalIgnoreCase) ? BedrockFamily.CohereEmbeddings
        : name.Contains("claude", StringComparison.OrdinalIgnoreCase) ? BedrockFamily.Claude
        : name.Contains("nova-", StringComparison.OrdinalIgnoreCase) ? BedrockFamily.Nova
        : BedrockFamily.Other;
}
