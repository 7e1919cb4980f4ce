using System.Text;

namespace Sahab.Wire.OpenAI;

/// <summary>Makes the words of an error fit to be shown.</summary>
static class ErrorText
{
    /// <summary>The first line of a text, or the title of a page.</summary>
    public static string FirstLine(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> head = text[..Math.Min(text.Length, UpstreamError.MaxMessageLength * 8)];
        string decoded = Encoding.UTF8.GetString(head);
        if (decoded.StartsWith('<') && Title(decoded) is { Length: > 0 } title)
        {
            return title;
        }

        ReadOnlySpan<char> line = decoded.AsSpan().Trim();
        int end = line.IndexOfAny('\r', '\n');
        return (end < 0 ? line : line[..end]).Trim().ToString();
    }

    /// <summary>
    /// Redacts, then cuts; in this order, so that no cut leaves half a secret that no longer looks like one.
    /// </summary>
    /// <param name="secrets">What the provider was sent to prove who we are; null for nothing.</param>
    public static string Clean(string text, int maxLength, IReadOnlyList<string>? secrets = null)
    {
        string without = SecretRedaction.Remove(text, secrets);
        string bounded = without.Length > maxLength * 2 ? without[..(maxLength * 2)] : without;
        string redacted = SecretRedaction.Redact(bounded);
        if (redacted.Length <= maxLength)
        {
            return redacted;
        }

        // A cut between the halves of a surrogate pair would leave text that no encoder takes.
        int cut = char.IsHighSurrogate(redacted[maxLength - 2]) ? maxLength - 2 : maxLength - 1;
        return string.Concat(redacted.AsSpan(0, cut), "…");
    }

    static string Title(string page)
    {
        int open = page.IndexOf("<title", StringComparison.OrdinalIgnoreCase);
        int start = open < 0 ? -1 : page.IndexOf('>', open);
        int end = start < 0 ? -1 : page.IndexOf("</title", start, StringComparison.OrdinalIgnoreCase);
        return end < 0 ? "" : page[(start + 1)..end].Trim();
    }
}
