namespace Sahab.Wire.Translation;

/// <summary>What an answer in OpenAI's form says that a provider's answer does not.</summary>
/// <param name="Id">The answer's id, such as <c>chatcmpl-…</c>.</param>
/// <param name="CreatedUnixSeconds">When it was made, in Unix seconds.</param>
/// <param name="Model">The model, by the provider's name for it.</param>
/// <param name="Choices">Choices asked for, at least 1.</param>
public readonly record struct AnswerTerms(string Id, long CreatedUnixSeconds, string Model, int Choices);
