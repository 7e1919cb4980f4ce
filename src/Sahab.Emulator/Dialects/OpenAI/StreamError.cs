using System.Buffers;
using System.Text.Json;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.OpenAI;

/// <summary>What chunks of both kinds of completion end with: the usage field, or an error instead of more.</summary>
internal static class StreamError
{
    public static void Write(IBufferWriter<byte> to, VendorStyle vendor, string message)
    {
        to.Raw("data: "u8);
        using (var writer = new Utf8JsonWriter(to))
        {
            vendor.WriteError(writer, ApiError.Server(500) with { Message = message });
        }
        to.Raw("\n\n"u8);
        if (vendor.EndsAfterError)
        {
            to.Raw("data: [DONE]\n\n"u8);
        }
    }

    public static void WriteUsageField(IBufferWriter<byte> to, AnswerShape shape, Usage? running)
    {
        if (running is { } usage)
        {
            to.Raw(",\"usage\":"u8);
            to.Usage(usage);
        }
        else if (shape.IncludesUsage)
        {
            to.Raw(",\"usage\":null"u8);
        }
    }
}
