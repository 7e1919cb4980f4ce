using System.Text.Json;
using Sahab.Wire.OpenAI;

namespace Sahab.Wire.Responses;

/// <summary>What a request refers to without saying it: earlier turns of its conversation, and single items.</summary>
public sealed class ResponsesContext
{
    /// <summary>Nothing was referred to.</summary>
    public static ResponsesContext None { get; } = new();

    /// <summary>The items of the earlier turns in order: JSON arrays, each turn's input and then its output.</summary>
    public IReadOnlyList<JsonElement> Earlier { get; init; } = [];

    /// <summary>Items that the input names by their id.</summary>
    public IReadOnlyDictionary<string, JsonElement> Items { get; init; } = new Dictionary<string, JsonElement>();
}

/// <summary>What a request refers to, to be looked up before the request is read.</summary>
/// <param name="PreviousResponse">The response that it continues; null where it continues none.</param>
/// <param name="Items">Ids of items that stand in its input by name only.</param>
public readonly record struct ResponsesReferences(string? PreviousResponse, IReadOnlyList<string> Items)
{
    /// <summary>The most items that one request may name.</summary>
    public const int MaxItems = 1024;

    /// <summary>Whether there is something to look up.</summary>
    public bool Any => PreviousResponse is not null || Items is { Count: > 0 };

    /// <summary>Finds them. A body that cannot be read refers to nothing: whoever reads it says what is wrong.</summary>
    public static ResponsesReferences Find(ReadOnlySpan<byte> body)
    {
        if (body.IndexOf("previous_response_id"u8) < 0 && body.IndexOf("item_reference"u8) < 0)
        {
            return new ResponsesReferences(null, []);
        }

        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = RequestScanner.MaxDepth });
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            return Find(document.RootElement);
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            return new ResponsesReferences(null, []);
        }
    }

    static ResponsesReferences Find(JsonElement request)
    {
        if (request.ValueKind != JsonValueKind.Object)
        {
            return new ResponsesReferences(null, []);
        }

        var items = new List<string>();
        if (request.TryGetProperty("input"u8, out JsonElement input) && input.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement item in input.EnumerateArray())
            {
                if (items.Count < MaxItems && ResponsesInput.ReferenceOf(item) is { } id)
                {
                    items.Add(id);
                }
            }
        }

        bool continues = request.TryGetProperty("previous_response_id"u8, out JsonElement previous)
            && previous.ValueKind == JsonValueKind.String;
        return new ResponsesReferences(continues ? previous.GetString() : null, items);
    }
}
