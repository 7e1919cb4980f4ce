using System.Security.Cryptography;
using System.Text;

namespace Sahab.Emulator.Dialects.Anthropic;

/// <summary>Signs what the model thought, so that nobody can put words into its head.</summary>
internal static class ThinkingSignature
{
    /// <summary>In front of the signature of a text that was not shown.</summary>
    const string Omitted = "omitted.";

    public static string Of(string thinking, ThinkingDisplay display) =>
        (display == ThinkingDisplay.Omitted ? Omitted : "") + Sign(thinking);

    /// <summary>Whether a signature belongs to a text; of one that was not shown only the form can be told.</summary>
    public static bool IsOf(string thinking, string signature) => thinking.Length == 0
        ? signature.StartsWith(Omitted, StringComparison.Ordinal)
        : signature == Sign(thinking);

    static string Sign(string text) =>
        Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes($"emulated thinking: {text}")));
}
