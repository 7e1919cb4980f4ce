using System.Buffers;
using System.Text.Json;
using Sahab.Wire.OpenAI;

namespace Sahab.Wire.Gemini.Clients;

/// <summary>Writes errors as Google's clients read them.</summary>
static class GeminiClientErrors
{
    public static void Write(IBufferWriter<byte> output, int status, in ClientError told, string callId)
    {
        using var json = new Utf8JsonWriter(output, GeminiJson.Options);
        json.WriteStartObject();
        json.WriteStartObject("error"u8);
        json.WriteNumber("code"u8, status);
        json.WriteString("message"u8, told.Message);
        json.WriteString("status"u8, WordFor(status));
        json.WriteStartArray("details"u8);
        if (told.Code is { } code)
        {
            json.WriteStartObject();
            json.WriteString("@type"u8, "type.googleapis.com/google.rpc.ErrorInfo"u8);
            json.WriteString("reason"u8, code.ToUpperInvariant());
            json.WriteString("domain"u8, "sahab"u8);
            json.WriteEndObject();
        }

        if (told.Param is { } param)
        {
            json.WriteStartObject();
            json.WriteString("@type"u8, "type.googleapis.com/google.rpc.BadRequest"u8);
            json.WriteStartArray("fieldViolations"u8);
            json.WriteStartObject();
            json.WriteString("field"u8, param);
            json.WriteString("description"u8, told.Message);
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
        }

        if (callId.Length > 0)
        {
            json.WriteStartObject();
            json.WriteString("@type"u8, "type.googleapis.com/google.rpc.RequestInfo"u8);
            json.WriteString("requestId"u8, callId);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    static string WordFor(int status) => status switch
    {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        405 => "UNIMPLEMENTED",
        408 or 504 => "DEADLINE_EXCEEDED",
        429 => "RESOURCE_EXHAUSTED",
        499 => "CANCELLED",
        502 or 503 => "UNAVAILABLE",
        >= 400 and < 500 => "INVALID_ARGUMENT",
        _ => "INTERNAL",
    };
}
