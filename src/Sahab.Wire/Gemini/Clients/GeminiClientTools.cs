using System.Text.Json;

namespace Sahab.Wire.Gemini.Clients;

/// <summary>Writes <c>tools</c> and <c>toolConfig</c> as tools and a tool choice.</summary>
static class GeminiClientTools
{
    public static void Write(Utf8JsonWriter json, GeminiFields request)
    {
        List<GeminiFields> functions = ReadFunctions(request);
        var (mode, names) = ReadMode(request);
        if (names.Count > 0)
        {
            // Narrowing what is offered says the same to every cloud.
            functions = functions.FindAll(function => names.Contains(function.RequiredText("name")));
        }

        if (functions.Count == 0)
        {
            return;
        }

        json.WriteStartArray("tools"u8);
        foreach (GeminiFields function in functions)
        {
            WriteFunction(json, function);
        }

        json.WriteEndArray();
        if (mode == "ANY" && functions is [var only])
        {
            json.WriteStartObject("tool_choice"u8);
            json.WriteString("type"u8, "function"u8);
            json.WriteStartObject("function"u8);
            json.WriteString("name"u8, only.RequiredText("name"));
            json.WriteEndObject();
            json.WriteEndObject();
        }
        else if (mode is not null)
        {
            json.WriteString("tool_choice"u8, mode switch
            {
                "ANY" => "required"u8,
                "NONE" => "none"u8,
                _ => "auto"u8,
            });
        }
    }

    static List<GeminiFields> ReadFunctions(GeminiFields request)
    {
        var functions = new List<GeminiFields>();
        foreach (GeminiFields tool in request.Objects("tools"))
        {
            functions.AddRange(tool.Objects("functionDeclarations"));
            // What Google runs itself (search, code, maps) no other cloud has.
            tool.RefuseRest();
        }

        return functions;
    }

    static (string? Mode, List<string> Names) ReadMode(GeminiFields request)
    {
        if (request.Object("toolConfig") is not { } config)
        {
            return (null, []);
        }

        GeminiFields? calling = config.Object("functionCallingConfig");
        config.RefuseRest();
        if (calling is null)
        {
            return (null, []);
        }

        string? mode = calling.Text("mode");
        List<string> names = calling.Texts("allowedFunctionNames");
        calling.RefuseRest();
        return mode switch
        {
            "VALIDATED" => throw calling.Refused("mode", "AUTO, ANY and NONE are possible."),
            null or "MODE_UNSPECIFIED" => (null, names),
            "AUTO" or "ANY" or "NONE" => (mode, names),
            _ => throw calling.Invalid("mode", $"is '{mode}'; AUTO, ANY and NONE are possible."),
        };
    }

    static void WriteFunction(Utf8JsonWriter json, GeminiFields function)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "function"u8);
        json.WriteStartObject("function"u8);
        json.WriteString("name"u8, function.RequiredText("name"));
        if (function.Text("description") is { } description)
        {
            json.WriteString("description"u8, description);
        }

        if (function.Find("parametersJsonSchema") is { } schema)
        {
            json.WritePropertyName("parameters"u8);
            schema.WriteTo(json);
        }
        else if (function.Find("parameters") is { } openApi)
        {
            json.WritePropertyName("parameters"u8);
            GeminiClientSchema.Write(json, openApi);
        }

        json.WriteEndObject();
        json.WriteEndObject();
        // What a function answers is a note for readers.
        function.Ignore("response", "responseJsonSchema");
        function.RefuseRest();
    }
}
