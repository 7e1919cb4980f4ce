using System.Text;
using System.Text.Json;

namespace Sahab.Emulator.Dialects.Vertex;

/// <summary>
/// A JSON object of Google's: names in camel case or with underscores, and nothing in it that the API does not know.
/// </summary>
internal readonly struct GeminiFields(JsonElement element, string path)
{
    public static GeminiFields OfBody(JsonElement root) => Of(root, "");

    /// <summary>Refuses members that are not among these.</summary>
    public GeminiFields Only(params ReadOnlySpan<string> names)
    {
        foreach (var member in element.EnumerateObject())
        {
            if (!names.Contains(ToCamel(member.Name)))
            {
                throw Refused($"Invalid JSON payload received. Unknown name \"{member.Name}\"{Place}: Cannot find field.");
            }
        }
        return this;
    }

    public JsonElement? Find(string name)
    {
        foreach (var member in element.EnumerateObject())
        {
            if (ToCamel(member.Name) == name && member.Value.ValueKind != JsonValueKind.Null)
            {
                return member.Value;
            }
        }
        return null;
    }

    public string? Text(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        _ => throw Invalid(name),
    };

    public string RequiredText(string name) =>
        Text(name) ?? throw Refused($"Unable to submit request because it must have a {name} parameter{Place}.");

    public bool Flag(string name) => Find(name) switch
    {
        null or { ValueKind: JsonValueKind.False } => false,
        { ValueKind: JsonValueKind.True } => true,
        _ => throw Invalid(name),
    };

    public double? Number(string name, double least, double most)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }
        if (value.ValueKind != JsonValueKind.Number)
        {
            throw Invalid(name);
        }
        var number = value.GetDouble();
        return number >= least && number <= most
            ? number
            : throw Refused($"Unable to submit request because {name} must be in the range from {least} to {most}.");
    }

    public int? Integer(string name, int least, int most) =>
        Number(name, least, most) is not { } number ? null
        : number == Math.Floor(number) ? (int)number
        : throw Invalid(name);

    public GeminiFields? Object(string name) => Find(name) is { } value ? Of(value, PathOf(name)) : null;

    public List<GeminiFields> Objects(string name)
    {
        var items = new List<GeminiFields>();
        if (Find(name) is not { } value)
        {
            return items;
        }
        if (value.ValueKind != JsonValueKind.Array)
        {
            throw Invalid(name);
        }
        foreach (var item in value.EnumerateArray())
        {
            items.Add(Of(item, $"{PathOf(name)}[{items.Count}]"));
        }
        return items;
    }

    public List<string> Texts(string name) => Find(name) switch
    {
        null => [],
        { ValueKind: JsonValueKind.Array } all
            when all.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) =>
            [.. all.EnumerateArray().Select(item => item.GetString()!)],
        _ => throw Invalid(name),
    };

    public static ApiException Refused(string message) => new(ApiError.Invalid(message, null));

    static GeminiFields Of(JsonElement element, string path) => element.ValueKind == JsonValueKind.Object
        ? new GeminiFields(element, path)
        : throw Refused($"Invalid JSON payload received. '{path}' must be an object.");

    string Place => path.Length == 0 ? "" : $" at '{path}'";

    string PathOf(string name) => path.Length == 0 ? name : $"{path}.{name}";

    ApiException Invalid(string name) => Refused($"Invalid value at '{PathOf(name)}'.");

    static string ToCamel(string name)
    {
        if (!name.Contains('_', StringComparison.Ordinal))
        {
            return name;
        }
        var camel = new StringBuilder(name.Length);
        for (var i = 0; i < name.Length; i++)
        {
            if (name[i] == '_' && i + 1 < name.Length)
            {
                camel.Append(char.ToUpperInvariant(name[++i]));
            }
            else
            {
                camel.Append(name[i]);
            }
        }
        return camel.ToString();
    }
}
