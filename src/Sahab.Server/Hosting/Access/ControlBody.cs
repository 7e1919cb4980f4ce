using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Sahab.Server.Hosting.Access;

/// <summary>
/// Bodies of the control API. They are read by the endpoints and not bound by the framework, which would complain of a
/// body before anybody has asked whether the caller may know that there is something to send it to.
/// </summary>
internal static class ControlBody
{
    /// <summary>The longest body, in bytes, unless an endpoint says otherwise.</summary>
    public const int MaxBytes = 64 * 1024;

    static readonly JsonSerializerOptions Strict = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        AllowDuplicateProperties = false,
        MaxDepth = 32,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
    };

    static readonly JsonDocumentOptions Plain = new() { MaxDepth = 32, AllowDuplicateProperties = false };

    static readonly ControlProblem NoText = ControlError.Invalid(
        "body", "The body has half a character ('\\ud800') or a zero ('\\u0000') in a text.");

    /// <summary>Reads the body as JSON; a member that <typeparamref name="T"/> does not have is an error.</summary>
    /// <param name="context">The request.</param>
    /// <param name="maxBytes">The longest body, in bytes.</param>
    /// <param name="form">How what is read is written; null: as the control API does.</param>
    public static async Task<(T? Body, ControlProblem? Fault)> ReadAsync<T>(
        HttpContext context, int maxBytes = MaxBytes, JsonSerializerOptions? form = null)
        where T : class
    {
        if (await BytesAsync(context, maxBytes) is not { } bytes)
        {
            return (null, TooLong(maxBytes));
        }

        if (FaultOfText(bytes) is { } fault)
        {
            return (null, fault);
        }

        try
        {
            return JsonSerializer.Deserialize<T>(bytes, form ?? Strict) is { } body
                ? (body, null)
                : (null, ControlError.Invalid("body", "The body must be a JSON object."));
        }
        catch (JsonException error)
        {
            return (null, ControlError.Invalid(error.Path ?? "body", $"The body cannot be read: {error.Message}"));
        }
    }

    /// <summary>Reads a JSON object whose members the endpoint looks at itself; no body at all is an empty one.</summary>
    public static async Task<(JsonObject? Body, ControlProblem? Fault)> ReadObjectAsync(HttpContext context)
    {
        if (await BytesAsync(context, MaxBytes) is not { } bytes)
        {
            return (null, TooLong(MaxBytes));
        }

        if (FaultOfText(bytes) is { } fault)
        {
            return (null, fault);
        }

        try
        {
            return bytes.Length == 0 ? ([], null)
                : JsonNode.Parse(bytes, documentOptions: Plain) is JsonObject body ? (body, null)
                : (null, ControlError.Invalid("body", "The body must be a JSON object."));
        }
        catch (JsonException error)
        {
            return (null, ControlError.Invalid("body", $"The body cannot be read: {error.Message}"));
        }
    }

    /// <summary>The body, however it was encoded; null: it is longer than allowed, and not read to its end.</summary>
    public static async Task<byte[]?> BytesAsync(HttpContext context, int maxBytes)
    {
        if (context.Request.ContentLength > maxBytes)
        {
            return null;
        }

        using var body = new MemoryStream();
        var chunk = new byte[Math.Min(maxBytes + 1, 16 * 1024)];
        for (int count; (count = await context.Request.Body.ReadAsync(chunk, context.RequestAborted)) > 0;)
        {
            if (body.Length + count > maxBytes)
            {
                return null;
            }

            body.Write(chunk, 0, count);
        }

        return body.ToArray();
    }

    /// <summary>
    /// Refuses what JSON can say and no text can be, or no database can keep: halves of characters, and U+0000. What is no
    /// JSON at all is for who reads it to complain of.
    /// </summary>
    public static ControlProblem? FaultOfText(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = Plain.MaxDepth });
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped
                    && reader.GetString()!.Contains('\0', StringComparison.Ordinal))
                {
                    return NoText;
                }
            }
        }
        catch (InvalidOperationException)
        {
            return NoText;
        }
        catch (JsonException)
        {
            return null;
        }

        return null;
    }

    public static ControlProblem TooLong(int maxBytes) => new(
        StatusCodes.Status413PayloadTooLarge, "body_too_long", $"The body is longer than {maxBytes} bytes.", "body");
}
