using System.Text.Json;
using Sahab.Wire.Chat;

namespace Sahab.Wire.Anthropic;

/// <summary>Writes one block of a request of the Messages API as a part of a chat message.</summary>
static class MessagesPartWriter
{
    public static void Write(ChatFields block, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        switch (block.RequiredText("type"))
        {
            case "text":
                json.WriteString("type"u8, "text"u8);
                json.WriteString("text"u8, TextOf(block));
                break;
            case "image":
                MessagesRequestReader.AllowOnly(block, "type", "source", "cache_control");
                WriteImage(block.RequiredObject("source"), json);
                break;
            case "document":
                WriteDocument(block, json);
                break;
            case var other:
                throw MessagesRequestReader.Refuse(
                    block, "type", $"A block of type '{other}' is not possible here; text, image, document and, in messages of "
                    + "the user, tool_result are.");
        }

        MessagesContentReader.WriteCacheControl(block, json);
        json.WriteEndObject();
    }

    /// <summary>The text of a block without citations, which other clouds do not have.</summary>
    public static string TextOf(ChatFields block)
    {
        MessagesRequestReader.AllowOnly(block, "type", "text", "cache_control", "citations");
        if (block.Find("citations") is { } citations
            && !(citations.ValueKind == JsonValueKind.Array && citations.GetArrayLength() == 0))
        {
            throw MessagesRequestReader.Refuse(block, "citations");
        }

        return block.RequiredText("text");
    }

    static void WriteImage(ChatFields source, Utf8JsonWriter json)
    {
        json.WriteString("type"u8, "image_url"u8);
        json.WriteStartObject("image_url"u8);
        json.WriteString("url"u8, source.RequiredText("type") switch
        {
            "base64" => $"data:{source.RequiredText("media_type")};base64,{source.RequiredText("data")}",
            "url" => source.RequiredText("url"),
            _ => throw MessagesRequestReader.Refuse(source, "type", "base64 and url are possible."),
        });
        json.WriteEndObject();
    }

    static void WriteDocument(ChatFields block, Utf8JsonWriter json)
    {
        MessagesRequestReader.AllowOnly(block, "type", "source", "title", "cache_control");
        ChatFields source = block.RequiredObject("source");
        switch (source.RequiredText("type"))
        {
            case "base64":
                json.WriteString("type"u8, "file"u8);
                json.WriteStartObject("file"u8);
                json.WriteString("filename"u8, block.Text("title") ?? "document.pdf");
                json.WriteString(
                    "file_data"u8, $"data:{source.RequiredText("media_type")};base64,{source.RequiredText("data")}");
                json.WriteEndObject();
                break;
            case "text":
                json.WriteString("type"u8, "text"u8);
                json.WriteString("text"u8, source.RequiredText("data"));
                break;
            default:
                throw MessagesRequestReader.Refuse(source, "type", "base64 and text are possible.");
        }
    }
}
