using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;

namespace Sahab.Wire.OpenAI;

/// <summary>Takes what looks like a credential out of a text that others will read.</summary>
public static partial class SecretRedaction
{
    /// <summary>What stands in a secret's place.</summary>
    public const string Replacement = "[redacted]";

    static ReadOnlySpan<byte> ReplacementBytes => "[redacted]"u8;

    const string Prefixed =
        @"\b(?:sk|pk|rk)-[A-Za-z0-9*_\-]{8,}|\bAIza[A-Za-z0-9_\-]{10,}|\bya29\.[A-Za-z0-9_\-.]{8,}"
        + @"|\b(?:hf|gsk)_[A-Za-z0-9]{8,}|\b(?:AKIA|ASIA)[A-Z0-9]{12,}"
        + @"|\beyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]+(?:\.[A-Za-z0-9_\-]*)?";

    // "Bearer authentication required" is no secret: a short one must hold a digit.
    const string Named =
        @"\b((?:bearer|basic)\s+)(?:(?=[A-Za-z._~+/=*\-]{0,256}[0-9])[A-Za-z0-9._~+/=*\-]{8,}"
        + @"|[A-Za-z0-9._~+/=*\-]{20,})"
        + @"|\b((?:api[ _\-]?key|access[_\-]token|client[_\-]secret|password|subscription[_\- ]key|token)"
        + @"(?:\ provided)?[""']?\s*[:=]\s*[""']?)[^\s""'&,;<>\[]{6,}";

    /// <summary>
    /// The shortest secret, in UTF-16 characters, that is looked for as such. Servers of one's own take words such as
    /// "EMPTY" for a key, which hide nothing and stand in other words.
    /// </summary>
    public const int MinKnownLength = 8;

    /// <summary>The text with every credential in it replaced.</summary>
    /// <param name="text">The text, which should be bounded.</param>
    public static string Redact(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string bare = PrefixedSecret().Replace(text, Replacement);
        return NamedSecret().Replace(bare, "$1$2" + Replacement);
    }

    /// <summary>
    /// The text with these secrets replaced, whatever they look like. Goes before the patterns, which could take a part
    /// of one and leave the rest.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="secrets">The secrets; null for none.</param>
    public static string Remove(string text, IReadOnlyList<string>? secrets)
    {
        ArgumentNullException.ThrowIfNull(text);
        foreach (string secret in secrets ?? [])
        {
            if (secret.Length >= MinKnownLength)
            {
                text = text.Replace(secret, Replacement, StringComparison.OrdinalIgnoreCase);
            }
        }

        return text;
    }

    /// <summary>The same for text in UTF-8 that nobody has read yet.</summary>
    /// <param name="text">The text.</param>
    /// <param name="secrets">The secrets; null for none.</param>
    public static ReadOnlySpan<byte> Remove(ReadOnlySpan<byte> text, IReadOnlyList<string>? secrets)
    {
        foreach (string secret in secrets ?? [])
        {
            byte[] wanted = Encoding.UTF8.GetBytes(secret);
            if (secret.Length >= MinKnownLength && text.IndexOf(wanted) >= 0)
            {
                text = Replace(text, wanted);
            }
        }

        return text;
    }

    /// <summary>The error with these secrets replaced in all its words.</summary>
    /// <param name="error">The error.</param>
    /// <param name="secrets">The secrets; null for none.</param>
    public static UpstreamError Remove(in UpstreamError error, IReadOnlyList<string>? secrets) => error with
    {
        Message = Remove(error.Message, secrets),
        Type = error.Type is null ? null : Remove(error.Type, secrets),
        Code = error.Code is null ? null : Remove(error.Code, secrets),
        Param = error.Param is null ? null : Remove(error.Param, secrets),
    };

    static ReadOnlySpan<byte> Replace(ReadOnlySpan<byte> text, ReadOnlySpan<byte> wanted)
    {
        var output = new ArrayBufferWriter<byte>(text.Length);
        for (int at; (at = text.IndexOf(wanted)) >= 0; text = text[(at + wanted.Length)..])
        {
            output.Write(text[..at]);
            output.Write(ReplacementBytes);
        }

        output.Write(text);
        return output.WrittenSpan;
    }

    [GeneratedRegex(Prefixed, RegexOptions.CultureInvariant)]
    private static partial Regex PrefixedSecret();

    [GeneratedRegex(Named, RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex NamedSecret();
}
