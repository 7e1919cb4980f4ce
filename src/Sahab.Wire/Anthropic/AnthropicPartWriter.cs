using System.Text;
using System.Text.Json;
using Sahab.Wire.Chat;

namespace Sahab.Wire.Anthropic;

/// <summary>Writes one part of a message as a block.</summary>
static class AnthropicPartWriter
{
    public static void Write(Utf8JsonWriter json, ChatPart part)
    {
        json.WriteStartObject();
        switch (part.Kind)
        {
            case ChatPartKind.Text:
                json.WriteString("type"u8, "text"u8);
                json.WriteString("text"u8, part.Text);
                break;
            case ChatPartKind.Image:
                json.WriteString("type"u8, "image"u8);
                WriteSource(json, part);
                break;
            case ChatPartKind.Document:
                WriteDocument(json, part);
                break;
            default:
                throw AnthropicRequestWriter.Refuse(part.Path, "Anthropic takes no sound.");
        }

        if (part.CacheControl is { } cache)
        {
            json.WritePropertyName("cache_control"u8);
            cache.WriteTo(json);
        }

        json.WriteEndObject();
    }

    static void WriteDocument(Utf8JsonWriter json, ChatPart part)
    {
        json.WriteString("type"u8, "document"u8);
        if (part.FileName is { Length: > 0 } name)
        {
            json.WriteString("title"u8, name);
        }

        if (part.MediaType == "text/plain" && part.Data is { } data)
        {
            json.WriteStartObject("source"u8);
            json.WriteString("type"u8, "text"u8);
            json.WriteString("media_type"u8, "text/plain"u8);
            json.WriteString("data"u8, Decode(part, data));
            json.WriteEndObject();
            return;
        }

        if (part.Data is not null && part.MediaType != "application/pdf")
        {
            throw AnthropicRequestWriter.Refuse(part.Path, "Anthropic takes files of application/pdf and text/plain.");
        }

        WriteSource(json, part);
    }

    static void WriteSource(Utf8JsonWriter json, ChatPart part)
    {
        json.WriteStartObject("source"u8);
        if (part.Data is { } data)
        {
            json.WriteString("type"u8, "base64"u8);
            json.WriteString("media_type"u8, part.MediaType);
            json.WriteString("data"u8, data);
        }
        else if (part.Url is { } url && (url.StartsWith("https://", StringComparison.OrdinalIgnoreCase)
            || url.StartsWith("http://", StringComparison.OrdinalIgnoreCase)))
        {
            json.WriteString("type"u8, "url"u8);
            json.WriteString("url"u8, url);
        }
        else
        {
            throw AnthropicRequestWriter.Refuse(part.Path, "Give it inline (a data URL), or by an http or https address.");
        }

        json.WriteEndObject();
    }

    static string Decode(ChatPart part, string data)
    {
        try
        {
            return Encoding.UTF8.GetString(Convert.FromBase64String(data));
        }
        catch (FormatException)
        {
            throw AnthropicRequestWriter.Refuse(part.Path, "It is not valid base64.");
        }
    }
}
