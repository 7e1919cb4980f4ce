using System.Buffers;
using System.Text.Json;

namespace Sahab.Emulator.Dialects.Azure;

/// <summary>What Azure's content filters say in answers and errors. They find fault with one made-up word only.</summary>
internal static class ContentFilters
{
    static readonly string[] Categories = ["hate", "self_harm", "sexual", "violence"];

    /// <summary>A prompt with this word in it is blocked.</summary>
    public static ReadOnlySpan<byte> BlockedWord => "emulated-violence"u8;

    static ReadOnlySpan<byte> AllSafe =>
        """{"hate":{"filtered":false,"severity":"safe"},"self_harm":{"filtered":false,"severity":"safe"},"sexual":{"filtered":false,"severity":"safe"},"violence":{"filtered":false,"severity":"safe"}}"""u8;

    public static ApiError Blocked() => ApiError.Invalid(
        "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify "
        + "your prompt and retry.",
        "prompt", "content_filter");

    /// <summary>The member of a blocked prompt's error that says why.</summary>
    public static void WriteInnerError(Utf8JsonWriter writer)
    {
        writer.WriteNumber("status", 400);
        writer.WriteStartObject("innererror");
        writer.WriteString("code", "ResponsibleAIPolicyViolation");
        writer.WriteStartObject("content_filter_result");
        foreach (var category in Categories)
        {
            writer.WriteStartObject(category);
            writer.WriteBoolean("filtered", category == "violence");
            writer.WriteString("severity", category == "violence" ? "high" : "safe");
            writer.WriteEndObject();
        }
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    public static void WritePromptResults(Utf8JsonWriter writer)
    {
        writer.WriteStartArray("prompt_filter_results");
        writer.WriteStartObject();
        writer.WriteNumber("prompt_index", 0);
        WriteResults(writer);
        writer.WriteEndObject();
        writer.WriteEndArray();
    }

    public static void WriteResults(Utf8JsonWriter writer)
    {
        writer.WritePropertyName("content_filter_results");
        writer.WriteRawValue(AllSafe, skipInputValidation: true);
    }

    /// <summary>What a stream begins with: a chunk about the prompt, with no choice, id or model.</summary>
    public static void WriteFirstChunk(IBufferWriter<byte> to)
    {
        to.Raw("data: {\"choices\":[],\"created\":0,\"id\":\"\",\"model\":\"\",\"object\":\"\",\"prompt_filter_results\":"u8);
        to.Raw("[{\"prompt_index\":0,\"content_filter_results\":"u8);
        to.Raw(AllSafe);
        to.Raw("}]}\n\n"u8);
    }

    /// <summary>The member of a streamed choice, its comma included.</summary>
    public static void WriteMember(IBufferWriter<byte> to)
    {
        to.Raw(",\"content_filter_results\":"u8);
        to.Raw(AllSafe);
    }
}
