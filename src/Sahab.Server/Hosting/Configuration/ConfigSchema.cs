using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sahab.Server.Hosting.Configuration;

/// <summary>The JSON schema (draft 2020-12) of the configuration, for editors and other tools.</summary>
internal static class ConfigSchema
{
    const string DurationPattern = "^[0-9]+(ms|s|m|h|d)$";
    const string BytesPattern = "^[0-9]+(KiB|MiB|GiB)$";

    static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The schema as it is shipped, with a line feed at its end.</summary>
    public static string Write()
    {
        var definitions = new SortedDictionary<string, JsonNode>(StringComparer.Ordinal)
        {
            ["country"] = new JsonObject
            {
                ["description"] = "A country by its two capital letters of ISO 3166-1.",
                ["enum"] = Strings(Countries.Codes),
            },
        };
        var root = WriteRecord(RecordShape.Of(typeof(SahabConfig)), definitions);
        var schema = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "sahab.yaml",
        };
        foreach (var (name, value) in root.ToArray())
        {
            root.Remove(name);
            schema[name] = value;
        }

        schema["patternProperties"] = new JsonObject
        {
            [$"^{ConfigBinder.FreePrefix}"] = new JsonObject
            {
                ["description"] = "Your own, for anchors that are merged elsewhere.",
            },
        };
        schema["$defs"] = new JsonObject(definitions.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));
        return schema.ToJsonString(Indented) + "\n";
    }

    /// <summary>The name of a record's section in the schema and in the reference.</summary>
    public static string NameOf(RecordShape shape) =>
        JsonNamingPolicy.SnakeCaseLower.ConvertName(shape.Type.Name.Replace("Config", "", StringComparison.Ordinal));

    static JsonObject WriteRecord(RecordShape shape, SortedDictionary<string, JsonNode> definitions)
    {
        var properties = new JsonObject();
        foreach (var key in shape.Keys)
        {
            properties[key.Name] = WriteKey(key, definitions);
        }

        var schema = new JsonObject
        {
            ["description"] = shape.Doc,
            ["type"] = "object",
            ["properties"] = properties,
            ["additionalProperties"] = false,
        };
        var required = shape.Keys.Where(key => key.IsRequired).Select(key => key.Name).ToArray();
        if (required.Length > 0)
        {
            schema["required"] = Strings(required);
        }

        if (shape.OneKey is { } oneKey)
        {
            schema["maxProperties"] = 1;
            if (oneKey.IsOneRequired)
            {
                schema["minProperties"] = 1;
            }
        }

        return schema;
    }

    static JsonObject Refer(Type type, SortedDictionary<string, JsonNode> definitions)
    {
        var shape = RecordShape.Of(type);
        var name = NameOf(shape);
        if (!definitions.ContainsKey(name))
        {
            definitions[name] = new JsonObject();
            definitions[name] = WriteRecord(shape, definitions);
        }

        return new JsonObject { ["$ref"] = $"#/$defs/{name}" };
    }

    static JsonObject WriteKey(KeyShape key, SortedDictionary<string, JsonNode> definitions)
    {
        var schema = key.Kind switch
        {
            ValueKind.Text => WriteText(key.Form!.Value),
            ValueKind.Integer => WithRange(new JsonObject { ["type"] = "integer" }, key),
            ValueKind.Decimal => WithRange(new JsonObject { ["type"] = "number" }, key),
            ValueKind.Bytes => WithRange(
                new JsonObject { ["type"] = new JsonArray("integer", "string"), ["pattern"] = BytesPattern }, key),
            ValueKind.Duration => new JsonObject { ["type"] = "string", ["pattern"] = DurationPattern },
            ValueKind.Boolean => new JsonObject { ["type"] = "boolean" },
            ValueKind.Choice => WriteWords(key),
            ValueKind.Choices => WriteList(key, WriteWords(key)),
            ValueKind.Texts => WriteList(key, WriteText(key.Form!.Value)),
            ValueKind.TextMap => WriteMap(key, key.Form!.Value, WriteText(key.Form!.Value)),
            ValueKind.TextsMap => WriteMap(key, TextForm.Id, WriteList(key, WriteText(key.Form!.Value))),
            ValueKind.RecordMap => WriteMap(
                key, RecordShape.Of(key.ElementType).IdForm!.Value, Refer(key.ElementType, definitions)),
            _ => Refer(key.ElementType, definitions),
        };
        schema["description"] = key.Kind is ValueKind.Duration or ValueKind.Bytes && key.Between is { } range
            ? $"{key.Doc} From {range.Min} to {range.Max}."
            : key.Doc;
        if (WriteDefault(key) is { } value)
        {
            schema["default"] = value;
        }

        return schema;
    }

    static JsonObject WriteText(TextForm form)
    {
        if (form == TextForm.Country)
        {
            return new JsonObject { ["$ref"] = "#/$defs/country" };
        }

        return new JsonObject { ["type"] = "string", ["pattern"] = TextForms.PatternOf(form) };
    }

    static JsonObject WriteWords(KeyShape key) => new() { ["enum"] = Strings(key.Words.Select(word => word.Word)) };

    static JsonObject WriteList(KeyShape key, JsonObject items)
    {
        var schema = new JsonObject { ["type"] = "array", ["items"] = items, ["uniqueItems"] = true };
        if (key.Kind is ValueKind.Texts or ValueKind.TextsMap)
        {
            schema["minItems"] = 1;
        }

        if (key.MaxEntries != int.MaxValue)
        {
            schema["maxItems"] = key.MaxEntries;
        }

        return schema;
    }

    static JsonObject WriteMap(KeyShape key, TextForm names, JsonObject values)
    {
        var schema = new JsonObject
        {
            ["type"] = "object",
            ["propertyNames"] = new JsonObject { ["pattern"] = TextForms.PatternOf(names) },
            ["additionalProperties"] = values,
            ["maxProperties"] = key.MaxEntries,
        };
        if (key.IsRequired)
        {
            schema["minProperties"] = 1;
        }

        return schema;
    }

    static JsonObject WithRange(JsonObject schema, KeyShape key)
    {
        if (key.Between is { } range)
        {
            schema["minimum"] = Bound(key, range.Min);
            schema["maximum"] = Bound(key, range.Max);
        }

        return schema;
    }

    static JsonValue Bound(KeyShape key, string text) =>
        key.Kind == ValueKind.Bytes && Scalars.TryBytes(text, out var bytes) ? JsonValue.Create(bytes)
        : Scalars.TryInteger(text, out var integer) ? JsonValue.Create(integer)
        : Scalars.TryDecimal(text, out var number) ? JsonValue.Create(number)
        : throw new InvalidOperationException($"{key.Name}: {text} is not a bound");

    static JsonNode? WriteDefault(KeyShape key) => key switch
    {
        { IsRequired: true } or { Default: null } => null,
        { Kind: ValueKind.Integer or ValueKind.Bytes } => JsonValue.Create(Convert.ToInt64(key.Default, null)),
        { Kind: ValueKind.Decimal } => JsonValue.Create((decimal)key.Default),
        { Kind: ValueKind.Boolean } => JsonValue.Create((bool)key.Default),
        { Kind: ValueKind.Duration } => JsonValue.Create(Scalars.Format((TimeSpan)key.Default)),
        { Kind: ValueKind.Choice } => JsonValue.Create(Words.For((Enum)key.Default)),
        { Kind: ValueKind.Choices } => Strings(DefaultWords(key)),
        { Kind: ValueKind.Text } => JsonValue.Create((string)key.Default),
        _ => null,
    };

    /// <summary>The words that a list of choices holds where nothing is written.</summary>
    public static ImmutableArray<string> DefaultWords(KeyShape key) => key.Default switch
    {
        Enum flags => [.. key.Words.Where(word => flags.HasFlag(word.Value)).Select(word => word.Word)],
        System.Collections.IEnumerable values => [.. values.Cast<Enum>().Select(Words.For)],
        _ => [],
    };

    static JsonArray Strings(IEnumerable<string> values) =>
        new([.. values.Select(value => (JsonNode)JsonValue.Create(value))]);
}
