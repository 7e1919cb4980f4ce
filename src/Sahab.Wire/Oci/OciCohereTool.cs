using System.Text.Json;
using Sahab.Wire.Chat;

namespace Sahab.Wire.Oci;

/// <summary>
/// Cohere's form of a tool: a flat list of parameters, each with a type of Python's and a description. What a parameter's
/// schema says beyond that goes into its description, where the model reads it.
/// </summary>
static class OciCohereTool
{
    static readonly string[] Inexpressible = ["$ref", "$defs", "definitions", "anyOf", "oneOf", "allOf"];

    public static bool IsExpressible(JsonElement schema) =>
        schema.ValueKind == JsonValueKind.Object && Inexpressible.All(name => OciJson.Find(schema, name) is null);

    public static void Write(Utf8JsonWriter json, ChatTool tool)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, tool.Name);
        json.WriteString("description"u8, tool.Description ?? tool.Name);
        if (tool.Parameters is { } schema && OciJson.Object(schema, "properties") is { } properties)
        {
            var required = OciJson.Items(schema, "required")
                .Where(name => name.ValueKind == JsonValueKind.String).Select(name => name.GetString()).ToHashSet();
            json.WriteStartObject("parameterDefinitions"u8);
            foreach (JsonProperty property in properties.EnumerateObject())
            {
                json.WriteStartObject(property.Name);
                json.WriteString("type"u8, TypeOf(property.Value));
                if (DescriptionOf(property.Value) is { Length: > 0 } description)
                {
                    json.WriteString("description"u8, description);
                }

                json.WriteBoolean("isRequired"u8, required.Contains(property.Name));
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    static string TypeOf(JsonElement schema) => OciJson.Text(schema, "type") switch
    {
        "string" => "str",
        "integer" => "int",
        "number" => "float",
        "boolean" => "bool",
        "array" => OciJson.Object(schema, "items") is { } items ? $"List[{TypeOf(items)}]" : "List",
        "object" => "Dict",
        _ => "Any",
    };

    static string DescriptionOf(JsonElement schema)
    {
        string description = OciJson.Text(schema, "description") ?? "";
        bool saysMore = schema.ValueKind == JsonValueKind.Object
            && schema.EnumerateObject().Any(member => member.Name is not ("type" or "description" or "title"));
        return saysMore ? $"{description} JSON schema: {schema.GetRawText()}".TrimStart() : description;
    }
}
