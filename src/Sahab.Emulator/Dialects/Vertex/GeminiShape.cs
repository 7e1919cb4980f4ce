using System.Buffers;
using System.Text.Json;
using Sahab.Emulator.Dialects.OpenAI;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.Vertex;

/// <summary>What the writing of an answer needs to know, and what whole answers and frames have in common.</summary>
internal sealed record GeminiShape
{
    public required string Id { get; init; }

    public required string Model { get; init; }

    public required string CreateTime { get; init; }

    public required Generation Generation { get; init; }

    /// <summary>Which pool serves, as the usage tells it.</summary>
    public required string TrafficType { get; init; }

    /// <summary>Alternatives for each token; null when no probabilities are wanted.</summary>
    public int? Logprobs { get; init; }

    /// <summary>Whether the filter lets the prompt through to no model.</summary>
    public bool IsBlocked { get; init; }

    /// <summary>Whether it is the Gemini API, which has no pools.</summary>
    public bool TellsTraffic { get; init; }

    public static string Name(FinishReason reason) => reason == FinishReason.Length ? "MAX_TOKENS" : "STOP";

    /// <summary>What every answer ends with: usage, model, id. Without usage only the pool is told.</summary>
    public void WriteTail(Utf8JsonWriter writer, Usage? usage)
    {
        writer.WriteStartObject("usageMetadata");
        if (usage is { } told)
        {
            writer.WriteNumber("promptTokenCount", told.Prompt);
            writer.WriteNumber("candidatesTokenCount", told.Output - told.Reasoning);
            writer.WriteNumber("totalTokenCount", told.Prompt + told.Output);
            if (told.Cached > 0)
            {
                writer.WriteNumber("cachedContentTokenCount", told.Cached);
            }
            if (told.Reasoning > 0)
            {
                writer.WriteNumber("thoughtsTokenCount", told.Reasoning);
            }
            WriteDetails(writer, "promptTokensDetails", told.Prompt);
            WriteDetails(writer, "candidatesTokensDetails", told.Output - told.Reasoning);
        }
        if (TellsTraffic)
        {
            writer.WriteString("trafficType", TrafficType);
        }
        writer.WriteEndObject();
        writer.WriteString("modelVersion", Model);
        writer.WriteString("createTime", CreateTime);
        writer.WriteString("responseId", Id);
    }

    public static void WriteDetails(Utf8JsonWriter writer, string name, long tokens)
    {
        writer.WriteStartArray(name);
        writer.WriteStartObject();
        writer.WriteString("modality", "TEXT");
        writer.WriteNumber("tokenCount", tokens);
        writer.WriteEndObject();
        writer.WriteEndArray();
    }

    public static void WriteBlock(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("promptFeedback");
        writer.WriteString("blockReason", "PROHIBITED_CONTENT");
        writer.WriteString("blockReasonMessage", "The prompt is blocked due to prohibited content.");
        writer.WriteEndObject();
    }

    /// <summary>
    /// The parts that call tools, whole. Calls have no ids, and a call that was cut short is none.
    /// </summary>
    public static void WriteCall(Utf8JsonWriter writer, ToolCall call, bool isFirst)
    {
        if (!IsWhole(call))
        {
            return;
        }
        writer.WriteStartObject();
        writer.WriteStartObject("functionCall");
        writer.WriteString("name", call.Name);
        writer.WritePropertyName("args");
        writer.WriteRawValue(call.Arguments.ReadAll());
        writer.WriteEndObject();
        if (isFirst)
        {
            writer.WriteString("thoughtSignature", ThoughtSignature.Of(call.Name));
        }
        writer.WriteEndObject();
    }

    public static void WriteLogprobs(Utf8JsonWriter writer, TokenSource tokens, int from, int to, int offset, int top)
    {
        writer.WriteStartObject("logprobsResult");
        writer.WriteStartArray("topCandidates");
        for (var i = from; i < to; i++)
        {
            writer.WriteStartObject();
            writer.WriteStartArray("candidates");
            for (var rank = 0; rank < top; rank++)
            {
                WriteToken(
                    writer, TokenLogprobs.Alternative(tokens.At(i), rank), TokenLogprobs.Of(tokens.At(i), offset + i) - rank);
            }
            writer.WriteEndArray();
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteStartArray("chosenCandidates");
        for (var i = from; i < to; i++)
        {
            WriteToken(writer, tokens.At(i), TokenLogprobs.Of(tokens.At(i), offset + i));
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    static void WriteToken(Utf8JsonWriter writer, ReadOnlySpan<byte> token, double logprob)
    {
        writer.WriteStartObject();
        writer.WriteString("token", token);
        writer.WriteNumber("logProbability", logprob);
        writer.WriteEndObject();
    }

    static bool IsWhole(ToolCall call)
    {
        try
        {
            using var _ = JsonDocument.Parse(call.Arguments.ReadAll());
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}

/// <summary>Answers in one piece.</summary>
internal static class GeminiWholeAnswers
{
    public static void Write(Utf8JsonWriter writer, GeminiShape shape, Usage? usage)
    {
        writer.WriteStartObject();
        if (shape.IsBlocked)
        {
            GeminiShape.WriteBlock(writer);
        }
        else
        {
            writer.WriteStartArray("candidates");
            for (var i = 0; i < shape.Generation.Choices.Length; i++)
            {
                WriteCandidate(writer, shape, shape.Generation.Choices[i], i);
            }
            writer.WriteEndArray();
        }
        shape.WriteTail(writer, usage);
        writer.WriteEndObject();
    }

    static void WriteCandidate(Utf8JsonWriter writer, GeminiShape shape, Sequence sequence, int index)
    {
        writer.WriteStartObject();
        writer.WriteStartObject("content");
        writer.WriteString("role", "model");
        writer.WriteStartArray("parts");
        if (sequence is { ShowsReasoning: true, ReasoningTokens: > 0 })
        {
            writer.WriteStartObject();
            writer.WriteString("text", sequence.Reasoning.ReadAll());
            writer.WriteBoolean("thought", true);
            writer.WriteEndObject();
        }
        if (sequence.Content is { Count: > 0 } content)
        {
            writer.WriteStartObject();
            writer.WriteString("text", content.ReadAll());
            writer.WriteEndObject();
        }
        for (var i = 0; i < sequence.Tools.Count; i++)
        {
            GeminiShape.WriteCall(writer, sequence.Tools[i], isFirst: i == 0);
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.WriteString("finishReason", GeminiShape.Name(sequence.Finish));
        if (shape.Logprobs is { } top && sequence.Content is { } tokens)
        {
            GeminiShape.WriteLogprobs(writer, tokens, 0, tokens.Count, sequence.ReasoningTokens, top);
        }
        writer.WriteNumber("index", index);
        writer.WriteEndObject();
    }
}

/// <summary>Events of a streamed answer. They have no end mark: the last one has finish reasons and usage.</summary>
internal sealed class GeminiFrames(GeminiShape shape) : IStreamFrames
{
    readonly byte[] _tail = Encode(writer => shape.WriteTail(writer, usage: null));
    readonly int[,] _arguments = new int[
        Math.Max(1, shape.Generation.Choices.Length),
        Math.Max(1, shape.Generation.Choices.Select(choice => choice.Tools.Count).DefaultIfEmpty().Max())];

    public void Open(IBufferWriter<byte> to, Usage? running)
    {
        // Google's first event is the first token's.
    }

    public void Token(IBufferWriter<byte> to, int choice, int index, in Piece piece, Usage? running)
    {
        switch (piece.Kind)
        {
            case PieceKind.Reasoning:
                Begin(to);
                to.Raw("{\"text\":"u8);
                to.Text(piece.Text);
                to.Raw(",\"thought\":true}"u8);
                End(to, choice, null);
                break;
            case PieceKind.Content:
                Begin(to);
                to.Raw("{\"text\":"u8);
                to.Text(piece.Text);
                to.Raw("}"u8);
                End(to, choice, shape.Logprobs is null ? null : index);
                break;
            default:
                WriteCallWhenWhole(to, choice, piece);
                break;
        }
    }

    public void Close(IBufferWriter<byte> to, Usage? total)
    {
        to.Raw("data: "u8);
        using (var writer = new Utf8JsonWriter(to))
        {
            writer.WriteStartObject();
            if (shape.IsBlocked)
            {
                GeminiShape.WriteBlock(writer);
            }
            else
            {
                WriteEnds(writer);
            }
            shape.WriteTail(writer, total);
            writer.WriteEndObject();
        }
        to.Raw("\r\n\r\n"u8);
    }

    public void Fail(IBufferWriter<byte> to, string message)
    {
        to.Raw("data: "u8);
        using (var writer = new Utf8JsonWriter(to))
        {
            new OpenAI.Vendors.GoogleStyle().WriteError(writer, ApiError.Server(500) with { Message = message });
        }
        to.Raw("\r\n\r\n"u8);
    }

    void WriteEnds(Utf8JsonWriter writer)
    {
        writer.WriteStartArray("candidates");
        for (var i = 0; i < shape.Generation.Choices.Length; i++)
        {
            writer.WriteStartObject();
            writer.WriteStartObject("content");
            writer.WriteString("role", "model");
            writer.WriteStartArray("parts");
            writer.WriteStartObject();
            writer.WriteString("text", "");
            writer.WriteEndObject();
            writer.WriteEndArray();
            writer.WriteEndObject();
            writer.WriteString("finishReason", GeminiShape.Name(shape.Generation.Choices[i].Finish));
            writer.WriteNumber("index", i);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    /// <summary>Arguments are not streamed: the call goes out with its last token.</summary>
    void WriteCallWhenWhole(IBufferWriter<byte> to, int choice, in Piece piece)
    {
        var call = shape.Generation.Choices[choice].Tools[piece.Tool];
        var seen = piece.Kind == PieceKind.ToolStart ? 0 : ++_arguments[choice, piece.Tool];
        if (seen < call.Arguments.Count)
        {
            return;
        }
        var (tool, isFirst) = (call, piece.Tool == 0);
        var part = Encode(writer => GeminiShape.WriteCall(writer, tool, isFirst));
        if (part.Length > 0)
        {
            Begin(to);
            to.Raw(part);
            End(to, choice, null);
        }
    }

    static void Begin(IBufferWriter<byte> to) =>
        to.Raw("data: {\"candidates\": [{\"content\": {\"role\": \"model\",\"parts\": ["u8);

    void End(IBufferWriter<byte> to, int choice, int? token)
    {
        to.Raw("]}"u8);
        if (token is { } index && shape.Generation.Choices[choice] is { Content: { } content } sequence)
        {
            var at = index - sequence.ReasoningTokens;
            to.Raw(","u8);
            to.Raw(Encode(writer => GeminiShape.WriteLogprobs(
                writer, content, at, at + 1, sequence.ReasoningTokens, shape.Logprobs!.Value)));
        }
        to.Raw(",\"index\": "u8);
        to.Number(choice);
        to.Raw("}],"u8);
        to.Raw(_tail);
        to.Raw("}\r\n\r\n"u8);
    }

    /// <summary>Members without the braces around them.</summary>
    static byte[] Encode(Action<Utf8JsonWriter> write)
    {
        var bytes = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(bytes, new JsonWriterOptions { SkipValidation = true }))
        {
            write(writer);
        }
        return bytes.WrittenSpan.ToArray();
    }
}
