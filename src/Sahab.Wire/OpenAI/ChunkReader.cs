using Sahab.Wire.Json;

namespace Sahab.Wire.OpenAI;

/// <summary>
/// Reads the data of one event of a chat or text completion stream. Allocates only where there is an error.
/// </summary>
public static class ChunkReader
{
    /// <summary>Reads one event's data.</summary>
    /// <param name="data">The data: a JSON object, or <c>[DONE]</c>.</param>
    /// <param name="facts">What was found; what it held before is gone.</param>
    /// <param name="secrets">What must not come through in an error, as <see cref="ErrorReader"/> has it.</param>
    /// <returns>
    /// Whether the data is either; when not, it must not be forwarded, because clients fail on it, and the
    /// facts are empty.
    /// </returns>
    public static bool Read(ReadOnlySpan<byte> data, ref ChunkFacts facts, IReadOnlyList<string>? secrets = null)
    {
        facts = default;
        if (!data.IsEmpty && data[0] == (byte)'[')
        {
            return ReadArray(data, ref facts, secrets);
        }

        var cursor = new JsonCursor(data);
        if (cursor.Peek() != JsonKind.Object)
        {
            return false;
        }

        var choices = new ChoiceReading(data);
        var cutFirstUsage = false;
        cursor.Enter();
        while (cursor.NextMember(out JsonText name))
        {
            if (cutFirstUsage)
            {
                facts.UsageMemberLength = cursor.Comma + 1 - facts.UsageMemberStart;
                cutFirstUsage = false;
            }

            if (name.Is(data, "choices"u8))
            {
                choices.Read(ref cursor);
            }
            else if (name.Is(data, "usage"u8))
            {
                int comma = cursor.Comma;
                facts.Usage = UsageReading.Read(data, ref cursor);
                cutFirstUsage = comma < 0;
                facts.UsageMemberStart = cutFirstUsage ? name.Start - 1 : comma;
                facts.UsageMemberLength = cursor.Position - facts.UsageMemberStart;
            }
            else if (name.Is(data, "error"u8))
            {
                facts.HasError |= ErrorMember.IsTruthy(data, ref cursor);
            }
            else if (name.Is(data, "object"u8))
            {
                facts.HasError |= ErrorMember.IsErrorObject(data, ref cursor);
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

        facts.ContentDeltas = choices.WithContent;
        facts.ContentBytes = choices.ContentBytes;
        facts.FinishedChoices = choices.Finished;
        facts.Finish = choices.Finish;
        facts.ChoicesEmpty = choices.IsEmpty;
        if (facts.HasError)
        {
            facts.Error = ErrorReader.Read(status: 0, data, secrets);
        }

        return true;
    }

    /// <summary>
    /// The end marker, which clients know by how it begins, or an error in the array form that Google sends.
    /// </summary>
    static bool ReadArray(ReadOnlySpan<byte> data, ref ChunkFacts facts, IReadOnlyList<string>? secrets)
    {
        if (data.StartsWith("[DONE]"u8))
        {
            facts.IsDone = true;
            return true;
        }

        if (!ErrorMember.IsErrorArray(data))
        {
            return false;
        }

        facts.HasError = true;
        facts.Error = ErrorReader.Read(status: 0, data, secrets);
        return true;
    }
}
