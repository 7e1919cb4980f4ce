using System.Text.Json;

namespace Sahab.Wire.Bedrock;

/// <summary>What a delta carries.</summary>
enum ConverseDeltaKind : byte
{
    /// <summary>Nothing that this version knows.</summary>
    None,
    Text,
    ToolInput,
    Reasoning,
    Signature,
    Redacted,
}

/// <summary>
/// A <c>contentBlockDelta</c>: nearly all events of a stream are such, so that it is read without anything being made.
/// </summary>
ref struct ConverseDelta
{
    Utf8JsonReader _value;

    public int Index { get; private set; }

    public ConverseDeltaKind Kind { get; private set; }

    /// <summary>The most UTF-16 code units that its text can have.</summary>
    public readonly int MaxLength => _value.ValueSpan.Length;

    /// <summary>Copies the text; returns its length.</summary>
    public readonly int CopyTo(Span<char> room) => _value.CopyString(room);

    /// <summary>Reads the payload; false where it names no block.</summary>
    /// <exception cref="JsonException">It is no JSON.</exception>
    /// <exception cref="InvalidOperationException">A member is of another kind than it should be.</exception>
    public static bool TryRead(ReadOnlySpan<byte> payload, out ConverseDelta delta)
    {
        delta = default;
        var found = new ConverseDelta { Index = -1 };
        var reader = new Utf8JsonReader(payload);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("contentBlockIndex"u8))
            {
                reader.Read();
                found.Index = reader.TryGetInt32(out int index) ? index : -1;
            }
            else if (reader.ValueTextEquals("delta"u8))
            {
                reader.Read();
                found.ReadObject(ref reader, isReasoning: false);
            }
            else
            {
                reader.Skip();
            }
        }

        // To the end, so that what follows the object is found to be wrong.
        while (reader.Read())
        {
        }

        delta = found;
        return found.Index >= 0;
    }

    void ReadObject(scoped ref Utf8JsonReader reader, bool isReasoning)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("text"u8))
            {
                Take(ref reader, isReasoning ? ConverseDeltaKind.Reasoning : ConverseDeltaKind.Text);
            }
            else if (!isReasoning && reader.ValueTextEquals("toolUse"u8))
            {
                reader.Read();
                ReadToolUse(ref reader);
            }
            else if (!isReasoning && reader.ValueTextEquals("reasoningContent"u8))
            {
                reader.Read();
                ReadObject(ref reader, isReasoning: true);
            }
            else if (isReasoning && reader.ValueTextEquals("signature"u8))
            {
                Take(ref reader, ConverseDeltaKind.Signature);
            }
            else if (isReasoning && reader.ValueTextEquals("redactedContent"u8))
            {
                Take(ref reader, ConverseDeltaKind.Redacted);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    void ReadToolUse(scoped ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("input"u8))
            {
                Take(ref reader, ConverseDeltaKind.ToolInput);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    void Take(scoped ref Utf8JsonReader reader, ConverseDeltaKind kind)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.String)
        {
            throw new InvalidOperationException("A delta's content must be text.");
        }

        Kind = kind;
        _value = reader;
    }
}
