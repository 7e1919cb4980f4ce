using System.Text;
using System.Text.Json;
using Sahab.Wire.Chat;
using Sahab.Wire.OpenAI;

namespace Sahab.Wire.Gemini.Clients;

/// <summary>
/// The members of one object of a client's request. Google takes names in camel case or with underscores. What nobody
/// has read of it is refused at the end: nothing is dropped in silence.
/// </summary>
sealed class GeminiFields
{
    readonly Dictionary<string, JsonElement> _members = new(StringComparer.Ordinal);
    readonly HashSet<string> _unread = new(StringComparer.Ordinal);
    readonly string _path;

    GeminiFields(JsonElement element, string path)
    {
        _path = path;
        foreach (JsonProperty member in element.EnumerateObject())
        {
            if (member.Value.ValueKind == JsonValueKind.Null)
            {
                continue;
            }

            string name = ToCamel(member.Name);
            if (!_members.TryAdd(name, member.Value))
            {
                throw new ChatRequestException(new RequestFault(
                    $"'{PathOf(name)}' is given twice.", PathOf(name), "invalid_value"));
            }

            _unread.Add(name);
        }
    }

    public static GeminiFields Of(JsonElement element, string path) => element.ValueKind == JsonValueKind.Object
        ? new GeminiFields(element, path)
        : throw new ChatRequestException(path.Length == 0
            ? new RequestFault("The body must be a JSON object.", null, "invalid_type")
            : new RequestFault($"'{path}' must be an object.", path, "invalid_type"));

    /// <summary>The path of a member, or of the object itself where none is named.</summary>
    public string PathOf(string name) => _path.Length == 0 ? name : name.Length == 0 ? _path : $"{_path}.{name}";

    public JsonElement? Find(string name)
    {
        _unread.Remove(name);
        return _members.TryGetValue(name, out JsonElement value) ? value : null;
    }

    public string? Text(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        _ => throw Wrong(name, "a string"),
    };

    public string RequiredText(string name) => Text(name) ?? throw Missing(name);

    public bool Flag(string name) => Find(name) switch
    {
        null or { ValueKind: JsonValueKind.False } => false,
        { ValueKind: JsonValueKind.True } => true,
        _ => throw Wrong(name, "true or false"),
    };

    public JsonElement? Number(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } value => value,
        _ => throw Wrong(name, "a number"),
    };

    /// <summary>A whole number, which JavaScript may have written with a point.</summary>
    public long? Integer(string name) => Number(name) switch
    {
        null => null,
        { } value when value.TryGetInt64(out long whole) => whole,
        { } value when value.TryGetDouble(out double number) && number == Math.Floor(number) && Math.Abs(number) < 1e15 =>
            (long)number,
        _ => throw Wrong(name, "a whole number"),
    };

    public GeminiFields? Object(string name) => Find(name) is { } value ? Of(value, PathOf(name)) : null;

    public GeminiFields RequiredObject(string name) => Object(name) ?? throw Missing(name);

    /// <summary>The elements of an array of objects, or a lone object as Google's clients may give it.</summary>
    public List<GeminiFields> Objects(string name) => Find(name) switch
    {
        null => [],
        { ValueKind: JsonValueKind.Object } one => [Of(one, PathOf(name))],
        { ValueKind: JsonValueKind.Array } all =>
            [.. all.EnumerateArray().Select((item, index) => Of(item, $"{PathOf(name)}[{index}]"))],
        _ => throw Wrong(name, "an array of objects"),
    };

    public List<string> Texts(string name) => Find(name) switch
    {
        null => [],
        { ValueKind: JsonValueKind.Array } all
            when all.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) =>
            [.. all.EnumerateArray().Select(item => item.GetString()!)],
        _ => throw Wrong(name, "an array of strings"),
    };

    /// <summary>Takes note of a member that changes nothing about the answer.</summary>
    public void Ignore(params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            _unread.Remove(name);
        }
    }

    /// <summary>Refuses what has not been read.</summary>
    public void RefuseRest()
    {
        foreach (string name in _unread)
        {
            throw Refused(name, "It is not known here, or no cloud but Google's has anything like it. Leave it out.");
        }
    }

    /// <summary>A fault that names something that cannot be carried to every cloud.</summary>
    public ChatRequestException Refused(string name, string hint) => new(new RequestFault(
        $"'{PathOf(name)}' cannot be served here. {hint}", PathOf(name), "unsupported_parameter"));

    public ChatRequestException Invalid(string name, string message) => new(
        new RequestFault($"'{PathOf(name)}' {message}", PathOf(name), "invalid_value"));

    public ChatRequestException Missing(string name) => new(
        new RequestFault($"'{PathOf(name)}' is missing.", PathOf(name), "missing_required_parameter"));

    ChatRequestException Wrong(string name, string wanted) => new(
        new RequestFault($"'{PathOf(name)}' must be {wanted}.", PathOf(name), "invalid_type"));

    static string ToCamel(string name)
    {
        if (!name.Contains('_', StringComparison.Ordinal))
        {
            return name;
        }

        var camel = new StringBuilder(name.Length);
        for (int i = 0; i < name.Length; i++)
        {
            bool isBreak = name[i] == '_' && i + 1 < name.Length;
            camel.Append(isBreak ? char.ToUpperInvariant(name[++i]) : name[i]);
        }

        return camel.ToString();
    }
}
