using System.Text.Json;
using Sahab.Wire.OpenAI;

namespace Sahab.Wire.Azure;

/// <summary>
/// Reads Azure OpenAI's errors, which have OpenAI's form and now and then a meaning of their own.
/// </summary>
public static class AzureErrors
{
    /// <summary>
    /// Who asks for more tokens at once than a deployment has in a minute is told to come back in a day, however often
    /// he comes: from this pause on, in milliseconds, it is the request that is too large and not the deployment that is
    /// full.
    /// </summary>
    public const long NeverFitsMs = 86_400_000;

    const string FilterCode = "content_filter";

    /// <summary>Reads an error answer.</summary>
    /// <param name="status">The HTTP status.</param>
    /// <param name="body">The body, whole or its first part; may be empty or no JSON.</param>
    /// <param name="retryAfterMs">The pause asked for, in milliseconds; null where none is.</param>
    public static UpstreamError Read(int status, ReadOnlySpan<byte> body, long? retryAfterMs)
    {
        UpstreamError error = ErrorReader.Read(status, body);
        if (status == 429)
        {
            return retryAfterMs >= NeverFitsMs ? error with { Class = ErrorClass.TooLargeForDeployment } : error;
        }

        return status == 400 && (error.Code == FilterCode || IsFiltered(body))
            ? error with { Class = ErrorClass.ContentFiltered, Code = FilterCode }
            : error;
    }

    /// <summary>The older form names the filter in <c>innererror</c> only.</summary>
    static bool IsFiltered(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = RequestScanner.MaxDepth });
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            return document.RootElement is { ValueKind: JsonValueKind.Object } root
                && root.TryGetProperty("error", out JsonElement error) && error.ValueKind == JsonValueKind.Object
                && error.TryGetProperty("innererror", out JsonElement inner) && inner.ValueKind == JsonValueKind.Object
                && inner.TryGetProperty("code", out JsonElement code) && code.ValueKind == JsonValueKind.String
                && code.ValueEquals("ResponsibleAIPolicyViolation"u8);
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
