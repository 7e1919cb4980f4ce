using System.Text.Json;
using Sahab.Wire.OpenAI;

namespace Sahab.Wire.Chat;

/// <summary>The members of one JSON object of a request; every mistake is told with the path to it.</summary>
readonly struct ChatFields
{
    readonly JsonElement _object;
    readonly string _path;

    ChatFields(JsonElement element, string path) => (_object, _path) = (element, path);

    /// <summary>The members of an element, which must be an object.</summary>
    public static ChatFields Of(JsonElement element, string path) => element.ValueKind == JsonValueKind.Object
        ? new ChatFields(element, path)
        : throw new ChatRequestException(path.Length == 0
            ? new RequestFault("The body must be a JSON object.", null, "invalid_type")
            : new RequestFault($"'{path}' must be an object.", path, "invalid_type"));

    /// <summary>The object itself.</summary>
    public JsonElement Element => _object;

    /// <summary>The path of a member.</summary>
    public string PathOf(string name) => _path.Length == 0 ? name : $"{_path}.{name}";

    /// <summary>The names of the members that have a value other than null.</summary>
    public IEnumerable<string> Names => _object.EnumerateObject()
        .Where(member => member.Value.ValueKind != JsonValueKind.Null).Select(member => member.Name);

    /// <summary>A member; null when it is absent or null.</summary>
    public JsonElement? Find(string name) =>
        _object.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public string? Text(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        _ => throw Wrong(name, "a string"),
    };

    public string RequiredText(string name) => Text(name) ?? throw Missing(name);

    public bool? Flag(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => throw Wrong(name, "true or false"),
    };

    public double? Number(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } value => value.GetDouble(),
        _ => throw Wrong(name, "a number"),
    };

    public long? Integer(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } value when value.TryGetInt64(out long number) => number,
        _ => throw Wrong(name, "a whole number"),
    };

    public ChatFields? Object(string name) => Find(name) is { } value ? Of(value, PathOf(name)) : null;

    public ChatFields RequiredObject(string name) => Object(name) ?? throw Missing(name);

    /// <summary>The elements of an array of objects; none when it is absent.</summary>
    public IEnumerable<ChatFields> Objects(string name)
    {
        if (Find(name) is not { } array)
        {
            yield break;
        }

        if (array.ValueKind != JsonValueKind.Array)
        {
            throw Wrong(name, "an array of objects");
        }

        int index = 0;
        foreach (JsonElement element in array.EnumerateArray())
        {
            yield return Of(element, $"{PathOf(name)}[{index++}]");
        }
    }

    /// <summary>All members, in order.</summary>
    public JsonElement.ObjectEnumerator Members() => _object.EnumerateObject();

    /// <summary>Writes the object as it is.</summary>
    public void WriteTo(Utf8JsonWriter json) => _object.WriteTo(json);

    public ChatRequestException Wrong(string name, string wanted) => new(
        new RequestFault($"'{PathOf(name)}' must be {wanted}.", PathOf(name), "invalid_type"));

    public ChatRequestException Missing(string name) => new(
        new RequestFault($"'{PathOf(name)}' is missing.", PathOf(name), "missing_required_parameter"));

    public ChatRequestException Invalid(string name, string message) => new(
        new RequestFault(message, PathOf(name), "invalid_value"));

    public ChatRequestException Unsupported(string name, string message) => new(
        new RequestFault(message, PathOf(name), "unsupported_parameter"));
}

/// <summary>What is wrong with a request, on its way to whoever reads it.</summary>
sealed class ChatRequestException(RequestFault fault) : Exception(fault.Message)
{
    public RequestFault Fault { get; } = fault;
}
