namespace Sahab.Wire.OpenAI;

/// <summary>
/// The one change that a request needs which is passed through: the provider's name of the model in the place of the
/// client's, or beside all else where the client left it out.
/// </summary>
public static class PassThroughEdits
{
    /// <summary>Says what changes.</summary>
    /// <param name="body">The body that was scanned.</param>
    /// <param name="facts">What <see cref="PassThroughScanner"/> found in it.</param>
    /// <param name="jsonModel">The provider's name of the model as a JSON string, quotes included.</param>
    /// <param name="plainModel">The same name as plain UTF-8, for forms.</param>
    public static RequestEdits Plan(
        ReadOnlySpan<byte> body, in RequestFacts facts, ReadOnlyMemory<byte> jsonModel, ReadOnlyMemory<byte> plainModel)
    {
        ReadOnlyMemory<byte> name = facts.IsForm ? plainModel : jsonModel;
        if (facts.ModelStart > 0)
        {
            int length = facts.ModelLength > 0 ? facts.ModelLength : "null"u8.Length;
            return RequestEdits.Of(new RequestEdit(facts.ModelStart, length, name));
        }

        byte[] added = facts.IsForm ? PartOf(body, facts, name.Span) : MemberOf(body, facts, name.Span);
        return RequestEdits.Of(new RequestEdit(facts.ObjectEnd, 0, added));
    }

    /// <summary>The boundary of a form, by its closing delimiter.</summary>
    /// <param name="body">The body that was scanned.</param>
    /// <param name="facts">What <see cref="PassThroughScanner"/> found in it.</param>
    public static ReadOnlySpan<byte> BoundaryOf(ReadOnlySpan<byte> body, in RequestFacts facts)
    {
        ReadOnlySpan<byte> line = body[facts.ObjectEnd..];
        int end = line.IndexOfAny((byte)'\r', (byte)'\n');
        return (end < 0 ? line : line[..end]).TrimEnd(" \t"u8)[2..^2];
    }

    static byte[] PartOf(ReadOnlySpan<byte> body, in RequestFacts facts, ReadOnlySpan<byte> name) =>
    [
        .. "--"u8, .. BoundaryOf(body, facts), .. "\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n"u8, .. name,
        .. "\r\n"u8,
    ];

    static byte[] MemberOf(ReadOnlySpan<byte> body, in RequestFacts facts, ReadOnlySpan<byte> name)
    {
        bool isFirst = body[..facts.ObjectEnd].TrimEnd(" \t\r\n"u8)[^1] == (byte)'{';
        return [.. isFirst ? "\"model\":"u8 : ",\"model\":"u8, .. name];
    }
}
