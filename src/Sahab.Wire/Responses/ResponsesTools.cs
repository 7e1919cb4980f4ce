using System.Text.Json;
using Sahab.Wire.Chat;

namespace Sahab.Wire.Responses;

/// <summary>Puts what a request says of tools and of the answer's form into the words of chat completions.</summary>
static class ResponsesTools
{
    public static void WriteTools(Utf8JsonWriter json, ChatFields request)
    {
        bool any = false;
        foreach (ChatFields tool in request.Objects("tools"))
        {
            if (!any)
            {
                json.WriteStartArray("tools"u8);
                any = true;
            }

            WriteFunction(json, tool);
        }

        if (!any)
        {
            return;
        }

        json.WriteEndArray();
        // Chat completions refuse both where no tool is offered.
        WriteChoice(json, request);
        if (request.Flag("parallel_tool_calls") is { } parallel)
        {
            json.WriteBoolean("parallel_tool_calls"u8, parallel);
        }
    }

    public static void WriteFormat(Utf8JsonWriter json, ChatFields request)
    {
        if (request.Object("text") is not { } text)
        {
            return;
        }

        if (text.Text("verbosity") is { } verbosity)
        {
            json.WriteString("verbosity"u8, verbosity);
        }

        if (text.Object("format") is not { } format)
        {
            return;
        }

        switch (format.RequiredText("type"))
        {
            case "text":
                break;
            case "json_object":
                json.WriteStartObject("response_format"u8);
                json.WriteString("type"u8, "json_object"u8);
                json.WriteEndObject();
                break;
            case "json_schema":
                json.WriteStartObject("response_format"u8);
                json.WriteString("type"u8, "json_schema"u8);
                json.WriteStartObject("json_schema"u8);
                json.WriteString("name"u8, format.RequiredText("name"));
                Copy(json, format, "description");
                json.WritePropertyName("schema"u8);
                (format.Find("schema") ?? throw format.Missing("schema")).WriteTo(json);
                Copy(json, format, "strict");
                json.WriteEndObject();
                json.WriteEndObject();
                break;
            case var other:
                throw format.Invalid(
                    "type", $"'{format.PathOf("type")}' is '{other}'; text, json_object and json_schema are possible.");
        }
    }

    static void WriteFunction(Utf8JsonWriter json, ChatFields tool)
    {
        string type = tool.RequiredText("type");
        if (type != "function")
        {
            throw tool.Unsupported(
                "type", $"The tool '{type}' is not offered here: it runs at its vendor, and calls go to many clouds. "
                + "Offer it as a function, and run it where you are called.");
        }

        json.WriteStartObject();
        json.WriteString("type"u8, "function"u8);
        json.WriteStartObject("function"u8);
        json.WriteString("name"u8, tool.RequiredText("name"));
        Copy(json, tool, "description");
        Copy(json, tool, "parameters");
        Copy(json, tool, "strict");
        json.WriteEndObject();
        Copy(json, tool, "cache_control");
        json.WriteEndObject();
    }

    static void WriteChoice(Utf8JsonWriter json, ChatFields request)
    {
        if (request.Find("tool_choice") is not { } choice)
        {
            return;
        }

        if (choice.ValueKind == JsonValueKind.String)
        {
            json.WriteString("tool_choice"u8, choice.GetString());
            return;
        }

        ChatFields named = request.RequiredObject("tool_choice");
        switch (named.RequiredText("type"))
        {
            case "function":
                json.WriteStartObject("tool_choice"u8);
                WriteNamed(json, named);
                json.WriteEndObject();
                break;
            case "allowed_tools":
                json.WriteStartObject("tool_choice"u8);
                json.WriteString("type"u8, "allowed_tools"u8);
                json.WriteStartObject("allowed_tools"u8);
                json.WriteString("mode"u8, named.Text("mode") ?? "auto");
                json.WriteStartArray("tools"u8);
                foreach (ChatFields tool in named.Objects("tools"))
                {
                    json.WriteStartObject();
                    WriteNamed(json, tool);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                json.WriteEndObject();
                json.WriteEndObject();
                break;
            case var other:
                throw named.Unsupported(
                    "type", $"A tool choice of type '{other}' is not possible here; function and allowed_tools are.");
        }
    }

    static void WriteNamed(Utf8JsonWriter json, ChatFields tool)
    {
        json.WriteString("type"u8, "function"u8);
        json.WriteStartObject("function"u8);
        json.WriteString("name"u8, tool.RequiredText("name"));
        json.WriteEndObject();
    }

    static void Copy(Utf8JsonWriter json, ChatFields from, string name)
    {
        if (from.Find(name) is { } value)
        {
            json.WritePropertyName(name);
            value.WriteTo(json);
        }
    }
}
