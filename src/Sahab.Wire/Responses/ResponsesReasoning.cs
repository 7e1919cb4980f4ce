using System.Text;
using System.Text.Json;
using Sahab.Wire.Chat;

namespace Sahab.Wire.Responses;

/// <summary>
/// Reasoning that a cloud wants back as it is, kept in an item's <c>encrypted_content</c>: opaque to clients, and safe
/// from change by the cloud's own signatures.
/// </summary>
static class ResponsesReasoning
{
    const string Member = "encrypted_content";

    /// <summary>Wraps blocks, each a JSON object.</summary>
    public static string Wrap(IEnumerable<string> blocks) =>
        Convert.ToBase64String(Encoding.UTF8.GetBytes($"[{string.Join(',', blocks)}]"));

    /// <summary>What was wrapped: a JSON array; null where an item has none.</summary>
    public static JsonDocument? Unwrap(JsonElement item)
    {
        if (!item.TryGetProperty(Member, out JsonElement wrapped) || wrapped.ValueKind != JsonValueKind.String)
        {
            return null;
        }

        JsonDocument? document = null;
        try
        {
            document = JsonDocument.Parse(wrapped.GetBytesFromBase64());
            if (document.RootElement.ValueKind == JsonValueKind.Array
                && document.RootElement.EnumerateArray().All(block => block.ValueKind == JsonValueKind.Object))
            {
                return document;
            }
        }
        catch (Exception wrong) when (wrong is FormatException or JsonException)
        {
            // Somebody else's.
        }

        document?.Dispose();
        return null;
    }

    /// <summary>Refuses reasoning that nobody here could give back.</summary>
    public static void Check(ChatFields item)
    {
        if (item.Text(Member) is null)
        {
            return;
        }

        using JsonDocument? blocks = Unwrap(item.Element);
        if (blocks is null)
        {
            throw item.Invalid(Member, $"'{item.PathOf(Member)}' was not made here, so that no cloud behind this "
                + "server can read it. Leave the reasoning item out.");
        }
    }
}
