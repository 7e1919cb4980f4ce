using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sahab.Wire.OpenAI;

namespace Sahab.Wire.Anthropic;

/// <summary>Writes errors as Anthropic's clients read them.</summary>
static class MessagesErrors
{
    static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Write(IBufferWriter<byte> output, int status, in ClientError told, string callId)
    {
        using var json = new Utf8JsonWriter(output, Options);
        Write(json, TypeOf(status), told, callId);
    }

    /// <summary>The event that takes the place of what is missing of a stream.</summary>
    public static void WriteEvent(IBufferWriter<byte> output, in ClientError told, string callId)
    {
        output.Write("event: error\ndata: "u8);
        using (var json = new Utf8JsonWriter(output, Options))
        {
            Write(json, "api_error", told, callId);
        }

        output.Write("\n\n"u8);
    }

    static void Write(Utf8JsonWriter json, string type, in ClientError told, string callId)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "error"u8);
        json.WriteStartObject("error"u8);
        json.WriteString("type"u8, type);
        json.WriteString("message"u8, told.Message);
        if (told.Code is not null)
        {
            json.WriteStartObject("details"u8);
            json.WriteString("error_code"u8, told.Code);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteString("request_id"u8, callId);
        json.WriteEndObject();
    }

    /// <summary>Anthropic has one type of error for each status.</summary>
    static string TypeOf(int status) => status switch
    {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        503 or 529 => "overloaded_error",
        504 => "timeout_error",
        >= 500 => "api_error",
        _ => "invalid_request_error",
    };
}
