namespace Sahab.Wire.Translation;

/// <summary>What the vendors' lists tell of a model.</summary>
/// <param name="Name">The name that clients ask for.</param>
/// <param name="ContextTokens">Prompt and output together; 0 where it is not known.</param>
/// <param name="MaxOutputTokens">The most output tokens of one choice; 0 where it is not known.</param>
/// <param name="Chats">Whether it answers conversations.</param>
/// <param name="Embeds">Whether it makes embeddings.</param>
public readonly record struct ModelFacts(
    string Name, int ContextTokens, int MaxOutputTokens, bool Chats, bool Embeds);
