using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sahab.Server.Tests.House;

/// <summary>What an OpenAPI document says of answers, and whether they are so.</summary>
internal sealed class ApiSchemas(JsonNode document)
{
    const string Local = "#/components/schemas/";

    readonly List<(string Method, string[] Path, JsonNode? Schema)> _answers =
    [
        .. from path in document["paths"]!.AsObject()
           from operation in path.Value!.AsObject()
           where operation.Value is JsonObject of && of.ContainsKey("responses")
           select (operation.Key.ToUpperInvariant(), path.Key.Split('/'),
               operation.Value!["responses"]?["200"]?["content"]?["application/json"]?["schema"]),
    ];

    /// <summary>Fails where an answer of 200 is not as described.</summary>
    public void Hold(string method, string path, JsonNode? answer)
    {
        var parts = path.TrimEnd('/').Split('/');
        var found = _answers.Where(each => each.Method == method && Fits(each.Path, parts))
            .OrderBy(each => each.Path.Count(part => part.StartsWith('{'))).FirstOrDefault();
        found.Path.ShouldNotBeNull($"{method} {path} is not described");
        found.Schema.ShouldNotBeNull($"of {method} {path} it is not said what it answers");
        FaultOf(answer, found.Schema, "$").ShouldBeNull($"{method} {path}: {answer}");
    }

    static bool Fits(string[] template, string[] path) => template.Length == path.Length
        && template.Zip(path).All(pair => pair.First == pair.Second || IsPlaceFor(pair.First, pair.Second));

    /// <summary>Also of names with an ending, such as <c>{number}.csv</c>.</summary>
    static bool IsPlaceFor(string template, string part) => template.StartsWith('{')
        && part.EndsWith(template[(template.IndexOf('}') + 1)..], StringComparison.Ordinal);

    string? FaultOf(JsonNode? value, JsonNode schema, string at)
    {
        if (schema["$ref"]?.ToString() is { } reference)
        {
            return FaultOf(value, document["components"]!["schemas"]![reference[Local.Length..]]!, at);
        }

        if ((schema["oneOf"] ?? schema["anyOf"]) is JsonArray choices)
        {
            var faults = choices.Select(choice => FaultOf(value, choice!, at)).ToList();
            return faults.Contains(null) ? null : faults[^1];
        }

        string[] types = schema["type"] switch
        {
            JsonArray several => [.. several.Select(type => type!.ToString())],
            { } one => [one.ToString()],
            null => [],
        };
        var kind = value?.GetValueKind() ?? JsonValueKind.Null;
        if (types.Length > 0 && !types.Any(type => IsOf(kind, type, value)))
        {
            return $"{at} is {kind}, not {string.Join(" or ", types)}";
        }

        return schema["enum"] is JsonArray words && !words.Any(word => JsonNode.DeepEquals(word, value))
            ? $"{at} is {value}, and none of {words.ToJsonString()}"
            : value switch
            {
                JsonArray items when schema["items"] is { } of =>
                    items.Select((item, index) => FaultOf(item, of, $"{at}[{index}]")).FirstOrDefault(fault => fault is not null),
                JsonObject members => FaultOf(members, schema, at),
                _ => null,
            };
    }

    string? FaultOf(JsonObject members, JsonNode schema, string at)
    {
        var known = schema["properties"]?.AsObject();
        var others = schema["additionalProperties"];
        if (known is null && others is null)
        {
            // Anything, such as the details of an entry in the log of changes.
            return null;
        }

        return schema["required"]?.AsArray().Select(name => name!.ToString()).FirstOrDefault(name => !members.ContainsKey(name))
            is { } missing
            ? $"{at} has no '{missing}'"
            : members.Select(member => (known?[member.Key] ?? (others as JsonObject)) is { } of
                    ? FaultOf(member.Value, of, $"{at}.{member.Key}")
                    : $"{at}.{member.Key} is not described")
                .FirstOrDefault(fault => fault is not null);
    }

    static bool IsOf(JsonValueKind kind, string type, JsonNode? value) => type switch
    {
        "null" => kind == JsonValueKind.Null,
        "string" => kind == JsonValueKind.String,
        "boolean" => kind is JsonValueKind.True or JsonValueKind.False,
        "integer" => kind == JsonValueKind.Number && value!.GetValue<JsonElement>().TryGetInt64(out _),
        "number" => kind == JsonValueKind.Number,
        "array" => kind == JsonValueKind.Array,
        "object" => kind == JsonValueKind.Object,
        _ => false,
    };
}
