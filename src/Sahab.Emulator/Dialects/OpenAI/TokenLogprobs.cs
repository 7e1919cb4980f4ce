using System.Text;
using System.Text.Json;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.OpenAI;

/// <summary>
/// Made-up log probabilities: the same for the same token at the same place, the chosen token the likeliest.
/// </summary>
internal static class TokenLogprobs
{
    public static double Of(ReadOnlySpan<byte> token, int index)
    {
        var random = new SeededRandom(SeededRandom.Hash(token, (ulong)index));
        return -Math.Round(0.01 + 0.5 * random.NextDouble(), 6);
    }

    public static void WriteChat(Utf8JsonWriter writer, ReadOnlySpan<byte> token, int index, int top)
    {
        writer.WriteStartObject();
        WriteToken(writer, token, Of(token, index));
        writer.WriteStartArray("top_logprobs");
        for (var rank = 0; rank < top; rank++)
        {
            writer.WriteStartObject();
            WriteToken(writer, Alternative(token, rank), Of(token, index) - rank);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <summary>The legacy shape: parallel arrays over the tokens of one text.</summary>
    public static void WriteLegacy(Utf8JsonWriter writer, TokenSource tokens, int from, int to, int top, int offset)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("tokens");
        for (var i = from; i < to; i++)
        {
            writer.WriteStringValue(tokens.At(i));
        }
        writer.WriteEndArray();
        writer.WriteStartArray("token_logprobs");
        for (var i = from; i < to; i++)
        {
            writer.WriteNumberValue(Of(tokens.At(i), i));
        }
        writer.WriteEndArray();
        writer.WriteStartArray("top_logprobs");
        for (var i = from; i < to; i++)
        {
            writer.WriteStartObject();
            for (var rank = 0; rank < top; rank++)
            {
                writer.WriteNumber(Alternative(tokens.At(i), rank), Of(tokens.At(i), i) - rank);
            }
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteStartArray("text_offset");
        for (var i = from; i < to; i++)
        {
            writer.WriteNumberValue(offset);
            offset += Encoding.UTF8.GetCharCount(tokens.At(i));
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    static void WriteToken(Utf8JsonWriter writer, ReadOnlySpan<byte> token, double logprob)
    {
        writer.WriteString("token", token);
        writer.WriteNumber("logprob", logprob);
        writer.WriteStartArray("bytes");
        foreach (var value in token)
        {
            writer.WriteNumberValue(value);
        }
        writer.WriteEndArray();
    }

    public static ReadOnlySpan<byte> Alternative(ReadOnlySpan<byte> token, int rank) =>
        rank == 0 ? token : Encoding.UTF8.GetBytes($"{Encoding.UTF8.GetString(token)}~{rank}");
}
