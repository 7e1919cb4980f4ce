namespace Sahab.Wire.Anthropic;

/// <summary>What the answer to a request of the Messages API needs to know of it.</summary>
/// <param name="Model">The model, as the client called it.</param>
/// <param name="StopSequences">The texts that end the answer.</param>
/// <param name="ShowsThinking">Whether the text of the model's reasoning is wanted.</param>
sealed record MessagesRequest(string Model, IReadOnlyList<string> StopSequences, bool ShowsThinking);
