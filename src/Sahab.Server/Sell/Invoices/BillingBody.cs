using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Sahab.Server.Hosting.Access;

namespace Sahab.Server.Sell.Invoices;

/// <summary>Bodies of the room's requests and answers.</summary>
internal static class BillingBody
{
    /// <summary>The longest body of a request: a file of payments.</summary>
    public const int MaxBytes = 1024 * 1024;

    static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        MaxDepth = 8,
    };

    public static async Task<(T? Body, IResult? Fault)> ReadAsync<T>(HttpContext context)
        where T : class
    {
        if (await ReadTextAsync(context) is not { } text)
        {
            return (null, TooLarge);
        }

        if (ControlBody.FaultOfText(Encoding.UTF8.GetBytes(text)) is { } odd)
        {
            return (null, odd);
        }

        try
        {
            return JsonSerializer.Deserialize<T>(text, Options) is { } body
                ? (body, null) : (null, ControlError.Invalid("body", "The body must be a JSON object."));
        }
        catch (JsonException fault)
        {
            return (null, ControlError.Invalid("body", $"The body is not what it must be: {fault.Message}"));
        }
    }

    /// <summary>The body as text; null: it is too large.</summary>
    public static async Task<string?> ReadTextAsync(HttpContext context)
    {
        var bytes = new byte[MaxBytes + 1];
        var count = await context.Request.Body.ReadAtLeastAsync(
            bytes, bytes.Length, throwOnEndOfStream: false, context.RequestAborted);
        return count > MaxBytes ? null : Encoding.UTF8.GetString(bytes, 0, count);
    }

    public static ControlProblem TooLarge { get; } = new(
        StatusCodes.Status413PayloadTooLarge, "too_large", "The body is longer than 1 MiB. Send it in parts.");

    public static IResult Ok(JsonObject body) => Results.Text(body.ToJsonString(), "application/json", Encoding.UTF8);
}
