using Sahab.Wire.Json;

namespace Sahab.Wire.OpenAI;

/// <summary>
/// Reads the figures of a reply that is not streamed: of chat, text completion or embeddings. Allocates only where
/// there is an error.
/// </summary>
public static class UsageReader
{
    /// <summary>Reads a whole reply.</summary>
    /// <param name="body">The body.</param>
    /// <param name="facts">What was found; what it held before is gone.</param>
    /// <param name="secrets">What must not come through in an error, as <see cref="ErrorReader"/> has it.</param>
    /// <returns>
    /// Whether the body is a JSON object, or an error in a form that we know. When not, the facts are empty.
    /// </returns>
    public static bool Read(ReadOnlySpan<byte> body, ref ReplyFacts facts, IReadOnlyList<string>? secrets = null)
    {
        facts = default;
        var cursor = new JsonCursor(body);
        JsonKind kind = cursor.Peek();
        if (kind != JsonKind.Object)
        {
            facts.HasError = kind == JsonKind.Array && ErrorMember.IsErrorArray(body);
            facts.Error = facts.HasError ? ErrorReader.Read(status: 0, body, secrets) : default;
            return facts.HasError;
        }

        var choices = new ChoiceReading(body);
        cursor.Enter();
        while (cursor.NextMember(out JsonText name))
        {
            if (name.Is(body, "choices"u8))
            {
                choices.Read(ref cursor);
            }
            else if (name.Is(body, "usage"u8))
            {
                facts.Usage = UsageReading.Read(body, ref cursor);
            }
            else if (name.Is(body, "data"u8))
            {
                facts.Embeddings = CountElements(ref cursor);
            }
            else if (name.Is(body, "error"u8))
            {
                facts.HasError |= ErrorMember.IsTruthy(body, ref cursor);
            }
            else if (name.Is(body, "object"u8))
            {
                facts.HasError |= ErrorMember.IsErrorObject(body, ref cursor);
            }
            else
            {
                cursor.Skip();
            }
        }

        if (!cursor.End())
        {
            facts = default;
            return false;
        }

        facts.Choices = choices.Choices;
        facts.ContentChoices = choices.WithContent;
        facts.ContentBytes = choices.ContentBytes;
        facts.FinishedChoices = choices.Finished;
        facts.Finish = choices.Finish;
        facts.Error = facts.HasError ? ErrorReader.Read(status: 0, body, secrets) : default;
        return true;
    }

    static int CountElements(ref JsonCursor cursor)
    {
        if (cursor.Peek() != JsonKind.Array)
        {
            cursor.Skip();
            return 0;
        }

        var count = 0;
        cursor.Enter();
        while (cursor.NextElement())
        {
            cursor.Skip();
            count++;
        }

        return count;
    }
}
