using System.Text.RegularExpressions;

namespace Sahab.Wire.OpenAI;

/// <summary>Takes what looks like a credential out of a text that others will read.</summary>
public static partial class SecretRedaction
{
    /// <summary>What stands in a secret's place.</summary>
    public const string Replacement = "[redacted]";

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

    /// <summary>The text with every credential in it replaced.</summary>
    /// <param name="text">The text, which should be bounded.</param>
    public static string Redact(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string bare = PrefixedSecret().Replace(text, Replacement);
        return NamedSecret().Replace(bare, "$1$2" + Replacement);
    }

    [GeneratedRegex(Prefixed, RegexOptions.CultureInvariant)]
    private static partial Regex PrefixedSecret();

    [GeneratedRegex(Named, RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex NamedSecret();
}
