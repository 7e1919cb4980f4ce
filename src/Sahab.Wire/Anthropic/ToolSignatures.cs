using System.Diagnostics.CodeAnalysis;

namespace Sahab.Wire.Anthropic;

/// <summary>
/// Gemini signs its tool calls and wants the signatures back, for which the Messages API has no member. They travel in
/// blocks of redacted thinking, which clients return as they are.
/// </summary>
static class ToolSignatures
{
    /// <summary>What such a block's data begins with; Anthropic's own are base64 and have no colon.</summary>
    public const string Prefix = "google.thought_signature:";

    /// <summary>The data of a block.</summary>
    public static string Data(string callId, string signature) => $"{Prefix}{callId}:{signature}";

    /// <summary>Reads the data of a block of redacted thinking; false where it is none of these.</summary>
    public static bool TryRead(
        string? data, [NotNullWhen(true)] out string? callId, [NotNullWhen(true)] out string? signature)
    {
        int end = data?.LastIndexOf(':') ?? -1;
        if (data is null || !data.StartsWith(Prefix, StringComparison.Ordinal) || end < Prefix.Length)
        {
            (callId, signature) = (null, null);
            return false;
        }

        (callId, signature) = (data[Prefix.Length..end], data[(end + 1)..]);
        return true;
    }
}
