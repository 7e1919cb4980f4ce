using System.Text.Json;

namespace Sahab.Wire.Gemini.Clients;

/// <summary>
/// Writes Google's older form of schemas as JSON schema: types in small letters, null as a type, numbers that Google
/// writes as text.
/// </summary>
static class GeminiClientSchema
{
    public static void Write(Utf8JsonWriter json, JsonElement schema)
    {
        if (schema.ValueKind != JsonValueKind.Object)
        {
            schema.WriteTo(json);
            return;
        }

        bool isNullable = schema.TryGetProperty("nullable"u8, out JsonElement nullable)
            && nullable.ValueKind == JsonValueKind.True;
        json.WriteStartObject();
        foreach (JsonProperty member in schema.EnumerateObject())
        {
            WriteMember(json, member, isNullable);
        }

        json.WriteEndObject();
    }

    static void WriteMember(Utf8JsonWriter json, JsonProperty member, bool isNullable)
    {
        switch (member.Name)
        {
            case "nullable" or "propertyOrdering" or "property_ordering" or "example":
                // The order of properties is a wish, and an example a note; neither makes another answer valid.
                break;
            case "type" when member.Value.ValueKind == JsonValueKind.String:
                WriteType(json, member.Value.GetString()!, isNullable);
                break;
            case "properties" or "defs" when member.Value.ValueKind == JsonValueKind.Object:
                json.WriteStartObject(member.Name == "defs" ? "$defs" : member.Name);
                foreach (JsonProperty property in member.Value.EnumerateObject())
                {
                    json.WritePropertyName(property.Name);
                    Write(json, property.Value);
                }

                json.WriteEndObject();
                break;
            case "items" or "additionalProperties" or "additional_properties":
                json.WritePropertyName(NameOf(member.Name));
                Write(json, member.Value);
                break;
            case "anyOf" or "any_of" when member.Value.ValueKind == JsonValueKind.Array:
                json.WriteStartArray("anyOf"u8);
                foreach (JsonElement choice in member.Value.EnumerateArray())
                {
                    Write(json, choice);
                }

                json.WriteEndArray();
                break;
            default:
                json.WritePropertyName(NameOf(member.Name));
                WriteValue(json, member);
                break;
        }
    }

    static void WriteType(Utf8JsonWriter json, string type, bool isNullable)
    {
        string name = type.ToLowerInvariant();
        if (!isNullable)
        {
            json.WriteString("type"u8, name);
            return;
        }

        json.WriteStartArray("type"u8);
        json.WriteStringValue(name);
        json.WriteStringValue("null"u8);
        json.WriteEndArray();
    }

    /// <summary>Google writes 64-bit numbers as text.</summary>
    static void WriteValue(Utf8JsonWriter json, JsonProperty member)
    {
        bool isCount = NameOf(member.Name) is "minItems" or "maxItems" or "minLength" or "maxLength" or "minProperties"
            or "maxProperties";
        if (isCount && member.Value.ValueKind == JsonValueKind.String
            && long.TryParse(member.Value.GetString(), System.Globalization.CultureInfo.InvariantCulture, out long count))
        {
            json.WriteNumberValue(count);
            return;
        }

        member.Value.WriteTo(json);
    }

    static string NameOf(string name) => name switch
    {
        "additional_properties" => "additionalProperties",
        "min_items" => "minItems",
        "max_items" => "maxItems",
        "min_length" => "minLength",
        "max_length" => "maxLength",
        "min_properties" => "minProperties",
        "max_properties" => "maxProperties",
        "ref" => "$ref",
        _ => name,
    };
}
