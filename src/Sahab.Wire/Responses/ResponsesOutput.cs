using System.Text.Json;
using Sahab.Wire.Json;
using Sahab.Wire.OpenAI;

namespace Sahab.Wire.Responses;

/// <summary>
/// Gathers the output of a response from the deltas of a chat completion, or from its message, which is one large delta.
/// </summary>
/// <param name="call">The call, of which the items' ids are made.</param>
/// <param name="asSummary">Whether reasoning is shown as a summary.</param>
/// <param name="events">Where each change is told; null where nobody listens.</param>
sealed class ResponsesOutput(Guid call, bool asSummary, ResponsesEvents? events)
{
    /// <summary>Calls of tools in one answer; the index of a call is a provider's word, and is not trusted.</summary>
    const int MaxCalls = 1024;

    readonly List<CallItem?> _calls = [];
    ReasoningItem? _reasoning;
    MessageItem? _message;

    public List<OutputItem> Items { get; } = [];

    /// <summary>Takes a chunk that only goes on with a text.</summary>
    /// <returns>False where it goes on with a call that has not begun.</returns>
    public bool TryTake(in PlainDelta delta, ReadOnlySpan<byte> text)
    {
        switch (delta.Kind)
        {
            case DeltaKind.Text:
                Say(text, isRefusal: false, []);
                return true;
            case DeltaKind.Reasoning:
                Think(text);
                return true;
            default:
                if (delta.Call >= _calls.Count || _calls[delta.Call] is not { } item)
                {
                    return false;
                }

                Argue(item, text);
                return true;
        }
    }

    /// <summary>Takes a delta, or a whole message.</summary>
    /// <returns>False where it is not one.</returns>
    public bool Take(JsonElement delta, JsonElement logprobs)
    {
        ReadOnlySpan<byte> thought = JsonSlice.MemberText(delta, "reasoning_content"u8);
        thought = thought.IsEmpty ? JsonSlice.MemberText(delta, "reasoning"u8) : thought;
        if (!thought.IsEmpty)
        {
            Think(thought);
        }

        if (delta.TryGetProperty("thinking_blocks"u8, out JsonElement blocks) && blocks.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement block in blocks.EnumerateArray())
            {
                Reasoning().Blocks.Add(block.GetRawText());
            }
        }

        ReadOnlySpan<byte> content = JsonSlice.MemberText(delta, "content"u8);
        if (!content.IsEmpty)
        {
            Say(content, isRefusal: false, Tokens(logprobs));
        }

        ReadOnlySpan<byte> refusal = JsonSlice.MemberText(delta, "refusal"u8);
        if (!refusal.IsEmpty)
        {
            Say(refusal, isRefusal: true, []);
        }

        if (!delta.TryGetProperty("tool_calls"u8, out JsonElement calls) || calls.ValueKind != JsonValueKind.Array)
        {
            return true;
        }

        int place = 0;
        foreach (JsonElement made in calls.EnumerateArray())
        {
            if (!Call(made, place++))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Ends every item that is still open; an answer without any gets a message that says nothing.</summary>
    /// <param name="isCut">Whether the answer was cut short, and so its last item.</param>
    public void Close(bool isCut)
    {
        if (Items.Count == 0)
        {
            Message();
            Part(isRefusal: false);
        }

        foreach (OutputItem item in Items)
        {
            if (!item.IsDone)
            {
                item.IsCut = isCut && item == Items[^1];
                End(item);
            }
        }

        (_reasoning, _message) = (null, null);
    }

    /// <summary>Marks what is still open as cut short, where nothing more will come and nobody is told.</summary>
    public void Cut()
    {
        foreach (OutputItem item in Items)
        {
            item.IsCut |= !item.IsDone;
        }
    }

    static string? Text(JsonElement owner, ReadOnlySpan<byte> member) =>
        owner.TryGetProperty(member, out JsonElement value) && value.ValueKind == JsonValueKind.String
            && value.GetString() is { Length: > 0 } text
            ? text
            : null;

    static JsonElement[] Tokens(JsonElement logprobs) =>
        logprobs.ValueKind == JsonValueKind.Object
        && logprobs.TryGetProperty("content"u8, out JsonElement told) && told.ValueKind == JsonValueKind.Array
            ? [.. told.EnumerateArray().Select(token => token.Clone())]
            : [];

    void Think(ReadOnlySpan<byte> text)
    {
        ReasoningItem item = Reasoning();
        if (!item.HasText)
        {
            item.HasText = true;
            events?.ReasoningAdded(item, asSummary);
        }

        item.Text.Append(text);
        events?.ReasoningDelta(item, asSummary, text);
    }

    ReasoningItem Reasoning()
    {
        if (_reasoning is null)
        {
            End(_message);
            _message = null;
            _reasoning = new ReasoningItem(ResponseIds.OfOutput("rs", call, Items.Count), Items.Count, asSummary);
            Add(_reasoning);
        }

        return _reasoning;
    }

    void Say(ReadOnlySpan<byte> text, bool isRefusal, JsonElement[] tokens)
    {
        MessageItem item = Message();
        OutputPart part = Part(isRefusal);
        part.Text.Append(text);
        part.Logprobs.AddRange(tokens);
        events?.PartDelta(item, item.Parts.Count - 1, isRefusal, text, tokens);
    }

    MessageItem Message()
    {
        if (_message is null)
        {
            End(_reasoning);
            _reasoning = null;
            _message = new MessageItem(ResponseIds.OfOutput("msg", call, Items.Count), Items.Count);
            Add(_message);
        }

        return _message;
    }

    OutputPart Part(bool isRefusal)
    {
        List<OutputPart> parts = _message!.Parts;
        if (parts.Count > 0 && parts[^1].IsRefusal == isRefusal)
        {
            return parts[^1];
        }

        if (parts.Count > 0)
        {
            events?.PartDone(_message, parts.Count - 1, parts[^1]);
        }

        parts.Add(new OutputPart(isRefusal));
        events?.PartAdded(_message, parts.Count - 1, parts[^1]);
        return parts[^1];
    }

    bool Call(JsonElement made, int place)
    {
        if (made.ValueKind != JsonValueKind.Object
            || !made.TryGetProperty("function"u8, out JsonElement function) || function.ValueKind != JsonValueKind.Object)
        {
            return false;
        }

        int index = made.TryGetProperty("index"u8, out JsonElement said) && said.TryGetInt32(out int number)
            ? number
            : place;
        if (index is < 0 or >= MaxCalls)
        {
            return false;
        }

        while (_calls.Count <= index)
        {
            _calls.Add(null);
        }

        CallItem? item = _calls[index];
        if (item is null)
        {
            if (Text(made, "id"u8) is not { } id || Text(function, "name"u8) is not { } name)
            {
                return false;
            }

            item = Begin(id, name);
            _calls[index] = item;
        }

        if (made.TryGetProperty("extra_content"u8, out JsonElement extra) && extra.ValueKind == JsonValueKind.Object)
        {
            item.Extra = extra.Clone();
        }

        ReadOnlySpan<byte> arguments = JsonSlice.MemberText(function, "arguments"u8);
        if (!arguments.IsEmpty)
        {
            Argue(item, arguments);
        }

        return true;
    }

    void Argue(CallItem item, ReadOnlySpan<byte> arguments)
    {
        item.Arguments.Append(arguments);
        events?.ArgumentsDelta(item, arguments);
    }

    CallItem Begin(string id, string name)
    {
        End(_message);
        End(_reasoning);
        (_message, _reasoning) = (null, null);
        var item = new CallItem(ResponseIds.OfOutput("fc", call, Items.Count), Items.Count, id, name);
        Add(item);
        return item;
    }

    void Add(OutputItem item)
    {
        Items.Add(item);
        events?.ItemAdded(item);
    }

    void End(OutputItem? item)
    {
        if (item is null || item.IsDone)
        {
            return;
        }

        switch (item)
        {
            case MessageItem { Parts.Count: > 0 } message:
                events?.PartDone(message, message.Parts.Count - 1, message.Parts[^1]);
                break;
            case ReasoningItem { HasText: true } reasoning:
                events?.ReasoningDone(reasoning, asSummary);
                break;
            case CallItem made:
                events?.ArgumentsDone(made);
                break;
        }

        item.IsDone = true;
        events?.ItemDone(item);
    }
}
