using System.Buffers;
using System.Text.Json;
using Sahab.Wire.Chat;
using Sahab.Wire.OpenAI;

namespace Sahab.Wire.Gemini;

/// <summary>Writes a chat completion request as a request of Gemini's <c>generateContent</c>.</summary>
public static class GeminiRequestWriter
{
    internal static readonly Expressible Known = new(
        "vertex", "temperature", "top_p", "top_k", "frequency_penalty", "presence_penalty", "seed", "n", "stop",
        "reasoning_effort", "logprobs", "top_logprobs", "response_format", "parallel_tool_calls", "extra_body");

    /// <summary>Writes the body; the model and whether to stream stand in the path.</summary>
    /// <param name="request">The request.</param>
    /// <param name="model">The model by Google's name, by which it is known what it wants.</param>
    /// <param name="output">Where the body goes; of no use when there is a fault.</param>
    /// <returns>What cannot be expressed; null where everything can be.</returns>
    public static RequestFault? Write(ChatRequest request, string model, IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(output);
        if (Known.FindFault(request) is { } fault)
        {
            return fault;
        }

        try
        {
            var habits = GeminiHabits.Of(model);
            using var json = new Utf8JsonWriter(output, GeminiJson.Options);
            json.WriteStartObject();
            GeminiContentsWriter.Write(json, request, habits);
            GeminiToolsWriter.Write(json, request);
            GeminiConfigWriter.Write(json, request, habits);
            json.WriteEndObject();
            return null;
        }
        catch (ChatRequestException wrong)
        {
            return wrong.Fault;
        }
    }
}

/// <summary>What models differ in.</summary>
/// <param name="WantsSignatures">Whether a tool call must come back with the signature that it was sent with.</param>
/// <param name="HasLevels">Whether the effort of thinking is a level; a budget of tokens otherwise.</param>
readonly record struct GeminiHabits(bool WantsSignatures, bool HasLevels)
{
    /// <summary>Since Gemini 3 signatures are asked for and effort has levels; what is not known is taken to be new.</summary>
    public static GeminiHabits Of(string model)
    {
        bool isOld = model.Contains("gemini-1.", StringComparison.Ordinal)
            || model.Contains("gemini-2.", StringComparison.Ordinal);
        return new GeminiHabits(!isOld, !isOld);
    }
}
