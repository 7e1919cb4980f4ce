namespace Sahab.Wire.Gemini;

/// <summary>Media types by the extension of an address, since Google asks for them where OpenAI does not.</summary>
static class GeminiMediaTypes
{
    /// <summary>The type of what lies at an http, https or gs address; null where it cannot be told.</summary>
    public static string? OfAddress(string address)
    {
        int scheme = address.IndexOf("://", StringComparison.Ordinal);
        if (scheme < 0 || address[..scheme].ToLowerInvariant() is not ("http" or "https" or "gs"))
        {
            return null;
        }

        int end = address.AsSpan().IndexOfAny('?', '#');
        string path = end < 0 ? address : address[..end];
        int dot = path.LastIndexOf('.');
        return dot < path.LastIndexOf('/') ? null : path[(dot + 1)..].ToLowerInvariant() switch
        {
            "png" => "image/png",
            "jpg" or "jpeg" => "image/jpeg",
            "webp" => "image/webp",
            "gif" => "image/gif",
            "heic" => "image/heic",
            "heif" => "image/heif",
            "pdf" => "application/pdf",
            "txt" or "md" => "text/plain",
            "wav" => "audio/wav",
            "mp3" => "audio/mp3",
            "mp4" => "video/mp4",
            _ => null,
        };
    }
}
