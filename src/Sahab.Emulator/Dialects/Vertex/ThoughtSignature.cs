using System.Security.Cryptography;
using System.Text;

namespace Sahab.Emulator.Dialects.Vertex;

/// <summary>
/// What a model signs its calls with, and wants back. Only the first of calls made at once has one.
/// </summary>
internal static class ThoughtSignature
{
    static readonly string Skip = Convert.ToBase64String("skip_thought_signature_validator"u8);

    public static string Of(string function) =>
        Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes($"emulated thought before {function}")));

    /// <summary>Whether a model insists on its signatures.</summary>
    public static bool IsWanted(string model) => model.Contains("gemini-3", StringComparison.Ordinal);

    /// <summary>Refuses a call that comes back unsigned, or signed by somebody else.</summary>
    public static void Check(string model, string function, string? signature, bool isFirst)
    {
        if (signature is null)
        {
            if (isFirst && IsWanted(model))
            {
                throw GeminiFields.Refused(
                    $"Function call is missing a thought_signature in functionCall parts: `{function}`.");
            }
            return;
        }
        if (signature != Of(function) && signature != Skip)
        {
            throw GeminiFields.Refused("Corrupted thought signature.");
        }
    }
}
