using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Sahab.Wire.OpenAI;

/// <summary>An error as a client gets it.</summary>
/// <param name="Message">What went wrong, and what to do about it.</param>
/// <param name="Type">The type in the OpenAI API, such as <c>invalid_request_error</c> or <c>server_error</c>.</param>
/// <param name="Param">The parameter at fault; null when there is none.</param>
/// <param name="Code">The code; null when there is none.</param>
public readonly record struct ClientError(string Message, string Type, string? Param, string? Code);

/// <summary>
/// Writes errors in the one form that every client of the OpenAI API reads: four keys, always all of them.
/// </summary>
public static class ErrorWriter
{
    static readonly JsonWriterOptions Options = new()
    {
        // The body is JSON and never part of a page, so that only what JSON needs is escaped.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    /// <summary>Writes the body of a reply: <c>{"error":{"message":..,"type":..,"param":..,"code":..}}</c>.</summary>
    /// <param name="output">Where it goes.</param>
    /// <param name="error">The error.</param>
    public static void Write(IBufferWriter<byte> output, in ClientError error)
    {
        using var writer = new Utf8JsonWriter(output, Options);
        writer.WriteStartObject();
        writer.WriteStartObject("error"u8);
        writer.WriteString("message"u8, error.Message);
        writer.WriteString("type"u8, error.Type);
        writer.WriteString("param"u8, error.Param);
        writer.WriteString("code"u8, error.Code);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    /// <summary>
    /// Writes the error as an event of a stream that has begun. After it the connection must be broken off and no
    /// <c>[DONE]</c> sent: the .NET client takes the event for nothing and the marker for success.
    /// </summary>
    /// <param name="output">Where it goes.</param>
    /// <param name="error">The error.</param>
    public static void WriteEvent(IBufferWriter<byte> output, in ClientError error)
    {
        output.Write("data: "u8);
        Write(output, error);
        output.Write("\n\n"u8);
    }
}
