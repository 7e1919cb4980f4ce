using System.Text.Json;
using Sahab.Emulator.Engine;

namespace Sahab.Emulator.Dialects.OpenAI.Vendors;

internal sealed class VllmStyle : VendorStyle
{
    public override bool EndsAfterError => true;

    public override bool TellsDefaultTier => false;

    public override ApiError Unauthorized(bool hasKey) => base.Unauthorized(hasKey) with { Message = "Unauthorized" };

    /// <summary>
    /// A server without limits of its own refuses only when its queue is full, as overloaded; where an operator set
    /// limits, the gateway in front of it answers 429.
    /// </summary>
    public override ApiError Refused(Refusal refusal, string model, string operation, double retrySeconds) =>
        refusal.Kind == RefusalKind.QueueFull
            ? new ApiError(503, "The server's queue is full.", "ServiceUnavailableError", RetrySeconds: retrySeconds)
            : new ApiError(429, "Too many requests.", "TooManyRequestsError", RetrySeconds: retrySeconds);

    /// <summary>The code is an integer: the status.</summary>
    public override void WriteError(Utf8JsonWriter writer, ApiError error)
    {
        writer.WriteStartObject();
        if (error.Status == 401)
        {
            writer.WriteString("error", error.Message);
            writer.WriteEndObject();
            return;
        }
        writer.WriteStartObject("error");
        writer.WriteString("message", error.Message);
        writer.WriteString("type", Name(error));
        writer.WriteString("param", error.Param);
        writer.WriteNumber("code", error.Status);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    static string Name(ApiError error) => error.Status switch
    {
        400 or 413 => "BadRequestError",
        404 => "NotFoundError",
        500 => "InternalServerError",
        _ => error.Type,
    };
}
