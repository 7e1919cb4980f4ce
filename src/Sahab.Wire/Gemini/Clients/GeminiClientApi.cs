using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Wire.Gemini.Clients;

/// <summary>
/// Gemini's <c>generateContent</c>, <c>streamGenerateContent</c> and <c>countTokens</c> as an API of the front door, over
/// any cloud.
/// </summary>
public sealed class GeminiClientApi : IClientApi
{
    /// <inheritdoc/>
    public bool TryOpen(
        ReadOnlyMemory<byte> body, in ClientTerms terms, IBufferWriter<byte> output,
        [NotNullWhen(true)] out IClientExchange? exchange, out RequestFault fault)
    {
        ArgumentNullException.ThrowIfNull(output);
        var known = terms;
        return GeminiBody.TryOpen(
            body,
            fields =>
            {
                // Its clients count the tokens of a request that is wrapped so.
                fields = fields.Object("generateContentRequest") ?? fields;
                using var json = new Utf8JsonWriter(output, GeminiJson.Options);
                bool showsThoughts = GeminiClientRequest.Write(json, fields, known);
                return new GeminiClientExchange(known, showsThoughts);
            },
            out exchange,
            out fault);
    }

    /// <inheritdoc/>
    public void WriteError(IBufferWriter<byte> output, int status, in ClientError told, string callId) =>
        GeminiClientErrors.Write(output, status, told, callId);

    /// <inheritdoc/>
    public void WriteTokenCount(IBufferWriter<byte> output, long tokens)
    {
        using var json = new Utf8JsonWriter(output, GeminiJson.Options);
        json.WriteStartObject();
        json.WriteNumber("totalTokens"u8, tokens);
        json.WriteEndObject();
    }
}
