using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Sahab.Emulator.Engine.Schemas;

/// <summary>
/// The schema asks for what the emulator cannot make; the request is refused rather than answered wrongly.
/// </summary>
internal sealed class SchemaException(string message) : Exception(message);

/// <summary>Makes JSON that is valid against a schema, from a seed.</summary>
internal static class SchemaSample
{
    /// <summary>Beyond this depth only what is required is made, so that recursive schemas end.</summary>
    const int OptionalDepth = 5;

    const int MaxDepth = 48;

    /// <summary>
    /// Optional items and long texts stay below this; a schema may ask for more, up to <see cref="MaxItems"/>.
    /// </summary>
    const int UsualItems = 2;

    const int MaxItems = 4096;

    static readonly JsonWriterOptions PlainText = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    static readonly string[] Texts = ["amber", "birch", "coral", "delta", "ember", "fjord", "grove", "harbour"];

    /// <summary>One JSON value; a small object of texts where there is no schema.</summary>
    /// <exception cref="SchemaException">The schema is outside what is supported.</exception>
    public static byte[] Write(JsonElement? schema, ref SeededRandom random)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, PlainText))
        {
            if (schema is { } root)
            {
                WriteValue(writer, root, root, 0, ref random);
            }
            else
            {
                writer.WriteStartObject();
                writer.WriteString("answer", PickText(ref random));
                writer.WriteEndObject();
            }
        }
        return buffer.WrittenSpan.ToArray();
    }

    static void WriteValue(
        Utf8JsonWriter writer, JsonElement root, JsonElement schema, int depth, ref SeededRandom random)
    {
        if (depth > MaxDepth)
        {
            throw new SchemaException("the schema nests too deeply or without end");
        }
        if (schema.ValueKind is JsonValueKind.True)
        {
            writer.WriteStringValue(PickText(ref random));
            return;
        }
        if (schema.ValueKind != JsonValueKind.Object)
        {
            throw new SchemaException("a schema must be an object");
        }
        if (schema.TryGetProperty("const", out var constant))
        {
            constant.WriteTo(writer);
        }
        else if (schema.TryGetProperty("enum", out var options) && options.ValueKind == JsonValueKind.Array
            && options.GetArrayLength() > 0)
        {
            options[random.NextBelow(options.GetArrayLength())].WriteTo(writer);
        }
        else if (schema.TryGetProperty("$ref", out var reference))
        {
            WriteValue(writer, root, Resolve(root, reference.GetString() ?? ""), depth + 1, ref random);
        }
        else if (PickBranch(schema, depth, ref random) is { } branch)
        {
            WriteValue(writer, root, branch, depth + 1, ref random);
        }
        else
        {
            WriteTyped(writer, root, schema, depth, ref random);
        }
    }

    static void WriteTyped(
        Utf8JsonWriter writer, JsonElement root, JsonElement schema, int depth, ref SeededRandom random)
    {
        switch (ReadType(schema))
        {
            case "object":
                WriteObject(writer, root, schema, depth, ref random);
                break;
            case "array":
                WriteArray(writer, root, schema, depth, ref random);
                break;
            case "string":
                writer.WriteStringValue(SchemaScalars.PickString(schema, PickText(ref random), ref random));
                break;
            case "integer":
                writer.WriteNumberValue(SchemaScalars.PickNumber(schema, 1, ref random));
                break;
            case "number":
                writer.WriteNumberValue(SchemaScalars.PickNumber(schema, 0.5m, ref random));
                break;
            case "boolean":
                writer.WriteBooleanValue(random.NextBelow(2) == 1);
                break;
            case "null":
                writer.WriteNullValue();
                break;
            case var unknown:
                throw new SchemaException($"'{unknown}' is not a JSON type");
        }
    }

    static void WriteObject(
        Utf8JsonWriter writer, JsonElement root, JsonElement schema, int depth, ref SeededRandom random)
    {
        var required = schema.TryGetProperty("required", out var names) && names.ValueKind == JsonValueKind.Array
            ? names.EnumerateArray().Select(n => n.GetString() ?? "").ToHashSet()
            : [];
        writer.WriteStartObject();
        if (schema.TryGetProperty("properties", out var properties) && properties.ValueKind == JsonValueKind.Object)
        {
            foreach (var property in properties.EnumerateObject())
            {
                if (required.Remove(property.Name) || depth < OptionalDepth)
                {
                    writer.WritePropertyName(property.Name);
                    WriteValue(writer, root, property.Value, depth + 1, ref random);
                }
            }
        }
        foreach (var name in required)
        {
            writer.WriteString(name, PickText(ref random));
        }
        writer.WriteEndObject();
    }

    static void WriteArray(
        Utf8JsonWriter writer, JsonElement root, JsonElement schema, int depth, ref SeededRandom random)
    {
        var least = SchemaScalars.ReadCount(schema, "minItems", 0);
        var most = SchemaScalars.ReadCount(schema, "maxItems", Math.Max(least, UsualItems));
        var usual = depth < OptionalDepth ? Math.Min(most, UsualItems) : 0;
        var count = Math.Max(least, usual);
        if (count > MaxItems || least > most)
        {
            throw new SchemaException($"an array must have 0 to {MaxItems} items");
        }
        writer.WriteStartArray();
        for (var i = 0; i < count; i++)
        {
            if (schema.TryGetProperty("items", out var items))
            {
                WriteValue(writer, root, items, depth + 1, ref random);
            }
            else
            {
                writer.WriteStringValue(PickText(ref random));
            }
        }
        writer.WriteEndArray();
    }

    static string ReadType(JsonElement schema)
    {
        if (!schema.TryGetProperty("type", out var type))
        {
            return schema.TryGetProperty("properties", out _) ? "object"
                : schema.TryGetProperty("items", out _) ? "array" : "string";
        }
        return type.ValueKind switch
        {
            JsonValueKind.String => type.GetString()!,
            JsonValueKind.Array when type.GetArrayLength() > 0 => type[0].GetString() ?? "",
            _ => throw new SchemaException("'type' must be a name or a list of names"),
        };
    }

    static JsonElement? PickBranch(JsonElement schema, int depth, ref SeededRandom random)
    {
        foreach (var word in (ReadOnlySpan<string>)["anyOf", "oneOf"])
        {
            if (schema.TryGetProperty(word, out var branches) && branches.ValueKind == JsonValueKind.Array
                && branches.GetArrayLength() > 0)
            {
                // Deep down the last branch: by custom the one that ends a recursion, such as null.
                var count = branches.GetArrayLength();
                return branches[depth < OptionalDepth ? random.NextBelow(count) : count - 1];
            }
        }
        if (schema.TryGetProperty("allOf", out var all) && all.ValueKind == JsonValueKind.Array)
        {
            return all.GetArrayLength() == 1
                ? all[0]
                : throw new SchemaException("'allOf' is supported with one schema only");
        }
        return null;
    }

    static JsonElement Resolve(JsonElement root, string reference)
    {
        var found = root;
        if (!reference.StartsWith('#'))
        {
            throw new SchemaException($"'$ref' must point into the schema itself, not to '{reference}'");
        }
        foreach (var step in reference.Split('/').Skip(1))
        {
            var name = step.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            if (found.ValueKind != JsonValueKind.Object || !found.TryGetProperty(name, out found))
            {
                throw new SchemaException($"'$ref' '{reference}' points to nothing");
            }
        }
        return found;
    }

    static string PickText(ref SeededRandom random) => Texts[random.NextBelow(Texts.Length)];
}
