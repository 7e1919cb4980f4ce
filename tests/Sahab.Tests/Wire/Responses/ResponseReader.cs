using System.Text.Json.Nodes;

namespace Sahab.Tests.Wire.Responses;

/// <summary>
/// Reads a streamed response as a strict client does, from its own knowledge of the protocol: numbers without gaps,
/// everything added before it grows, ended once, and saying at its end what its deltas said.
/// </summary>
sealed class ResponseReader
{
    readonly Dictionary<int, JsonObject> _items = [];
    readonly Dictionary<string, string> _texts = [];
    readonly HashSet<string> _ended = [];
    int _next;

    /// <summary>The response of the last event, checked against all that came before it.</summary>
    public static JsonObject Read(IEnumerable<JsonObject> events)
    {
        var reader = new ResponseReader();
        JsonObject? last = null;
        foreach (JsonObject told in events)
        {
            last.ShouldBeNull($"{told["type"]} comes after the end");
            ((int)told["sequence_number"]!).ShouldBe(reader._next++);
            last = reader.Take((string)told["type"]!, told);
        }

        return last.ShouldNotBeNull("the stream has no end");
    }

    JsonObject? Take(string type, JsonObject told)
    {
        switch (type)
        {
            case "response.created" or "response.in_progress":
                ((int)told["sequence_number"]!).ShouldBe(type == "response.created" ? 0 : 1);
                ((string)told["response"]!["status"]!).ShouldBe("in_progress");
                told["response"]!["output"]!.AsArray().ShouldBeEmpty();
                return null;
            case "response.completed" or "response.incomplete":
                JsonObject response = told["response"]!.AsObject();
                ((string)response["status"]!).ShouldBe(type["response.".Length..]);
                ShouldBeWhole(response);
                return response;
            case "response.output_item.added":
                int index = (int)told["output_index"]!;
                index.ShouldBe(_items.Count);
                _items.Add(index, told["item"]!.AsObject());
                return null;
            case "response.output_item.done":
                int ended = (int)told["output_index"]!;
                _ended.Add($"{ended}").ShouldBeTrue($"item {ended} ends twice");
                ((string)told["item"]!["id"]!).ShouldBe((string)_items[ended]["id"]!);
                _items[ended] = told["item"]!.AsObject();
                return null;
            case "response.content_part.added" or "response.reasoning_summary_part.added":
                _texts.Add(PlaceOf(told), "");
                return null;
            case "response.content_part.done" or "response.reasoning_summary_part.done":
                var part = told["part"]!;
                ((string)(part["text"] ?? part["refusal"])!).ShouldBe(_texts[PlaceOf(told)]);
                return null;
            case "response.function_call_arguments.delta":
                _items.ShouldContainKey((int)told["output_index"]!);
                _texts[PlaceOf(told)] = _texts.GetValueOrDefault(PlaceOf(told), "") + (string)told["delta"]!;
                return null;
            case "response.function_call_arguments.done":
                ((string)told["arguments"]!).ShouldBe(_texts.GetValueOrDefault(PlaceOf(told), ""));
                return null;
            case var delta when delta.EndsWith(".delta", StringComparison.Ordinal):
                _texts.ShouldContainKey(PlaceOf(told), $"{delta} before its part was added");
                ((string)told["delta"]!).ShouldNotBeEmpty();
                _texts[PlaceOf(told)] += (string)told["delta"]!;
                return null;
            case var done when done.EndsWith(".done", StringComparison.Ordinal):
                ((string)(told["text"] ?? told["refusal"])!).ShouldBe(_texts[PlaceOf(told)]);
                return null;
            default:
                throw new InvalidOperationException($"unknown event {type}");
        }
    }

    string PlaceOf(JsonObject told)
    {
        int index = (int)told["output_index"]!;
        ((string)told["item_id"]!).ShouldBe((string)_items[index]["id"]!);
        _ended.ShouldNotContain($"{index}", "nothing follows the end of an item");
        return $"{index}/{told["content_index"] ?? told["summary_index"] ?? "arguments"}";
    }

    void ShouldBeWhole(JsonObject response)
    {
        _ended.Count.ShouldBe(_items.Count, "every item ends");
        var output = response["output"]!.AsArray();
        output.Count.ShouldBe(_items.Count);
        for (int index = 0; index < output.Count; index++)
        {
            JsonNode.DeepEquals(output[index], _items[index]).ShouldBeTrue($"{output[index]} is not {_items[index]}");
        }
    }
}
