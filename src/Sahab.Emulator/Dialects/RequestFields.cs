using System.Globalization;
using System.Text.Json;

namespace Sahab.Emulator.Dialects;

/// <summary>Reads the members of a JSON object; every mistake is an error that names the parameter.</summary>
internal readonly struct RequestFields(JsonElement element, string prefix = "")
{
    public static RequestFields OfBody(JsonElement root) => root.ValueKind == JsonValueKind.Object
        ? new RequestFields(root)
        : throw new ApiException(ApiError.Invalid("The request body must be a JSON object.", null));

    /// <summary>The member; null when absent or null.</summary>
    public JsonElement? Find(string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>Refuses every member but these.</summary>
    public void AllowOnly(params ReadOnlySpan<string> names)
    {
        foreach (var member in element.EnumerateObject())
        {
            if (!names.Contains(member.Name))
            {
                throw Invalid(member.Name, $"Unrecognized field '{prefix}{member.Name}'.", "unknown_parameter");
            }
        }
    }

    public bool? Flag(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => throw WrongType(name, "a boolean"),
    };

    public string? Text(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        _ => throw WrongType(name, "a string"),
    };

    public string RequiredText(string name) =>
        Text(name) ?? throw Invalid(name, $"You must provide a {prefix}{name} parameter.");

    public double? Number(string name, double least, double most)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }
        if (value.ValueKind != JsonValueKind.Number)
        {
            throw WrongType(name, "a number");
        }
        var number = value.GetDouble();
        return number >= least && number <= most ? number : throw OutOfRange(name, least, most);
    }

    public int? Integer(string name, int least, int most)
    {
        if (Long(name) is not { } value)
        {
            return null;
        }
        return value >= least && value <= most ? (int)value : throw OutOfRange(name, least, most);
    }

    public long? Long(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } value when value.TryGetInt64(out var number) => number,
        _ => throw WrongType(name, "an integer"),
    };

    public RequestFields? Object(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Object } value => new RequestFields(value, $"{prefix}{name}."),
        _ => throw WrongType(name, "an object"),
    };

    /// <summary>The items of an array of objects; none when absent.</summary>
    public List<RequestFields> Objects(string name)
    {
        if (Find(name) is not { } value)
        {
            return [];
        }
        if (value.ValueKind != JsonValueKind.Array)
        {
            throw WrongType(name, "an array of objects");
        }
        var items = new List<RequestFields>();
        foreach (var item in value.EnumerateArray())
        {
            items.Add(item.ValueKind == JsonValueKind.Object
                ? new RequestFields(item, $"{prefix}{name}[{items.Count}].")
                : throw WrongType($"{name}[{items.Count}]", "an object"));
        }
        return items;
    }

    public ApiException Invalid(string name, string message, string? code = null) =>
        new(ApiError.Invalid(message, prefix + name, code));

    ApiException WrongType(string name, string wanted) =>
        Invalid(name, $"Invalid type for '{prefix}{name}': expected {wanted}.", "invalid_type");

    ApiException OutOfRange(string name, double least, double most) => Invalid(
        name,
        string.Create(
            CultureInfo.InvariantCulture,
            $"Invalid value for '{prefix}{name}': expected a value from {least} to {most}."),
        "invalid_value");
}
