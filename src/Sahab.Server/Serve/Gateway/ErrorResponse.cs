using System.Globalization;
using Sahab.Wire.OpenAI;
using Sahab.Wire.Translation;

namespace Sahab.Server.Serve.Gateway;

/// <summary>Writes errors to clients: one place for status, headers and body.</summary>
internal static class ErrorResponse
{
    const string Json = "application/json";

    /// <summary>Sends the error, unless the response has begun or the client has gone.</summary>
    /// <param name="api">The client's API, in whose form the error is written; OpenAI's when absent.</param>
    public static async ValueTask WriteAsync(HttpContext context, GatewayError error, IClientApi? api = null)
    {
        var response = context.Response;
        if (response.HasStarted || context.RequestAborted.IsCancellationRequested)
        {
            return;
        }

        response.StatusCode = error.Status;
        response.ContentType = Json;
        var headers = response.Headers;
        headers["x-sahab-stage"] = StageName(error.Stage);
        headers["x-sahab-fault"] = FaultName(error.Fault);
        if (error.RetryAfterMs is { } waitMs)
        {
            headers.RetryAfter = GatewayError.Seconds(waitMs).ToString(CultureInfo.InvariantCulture);
            headers["retry-after-ms"] = Math.Max(1, waitMs).ToString(CultureInfo.InvariantCulture);
        }

        if (error.ShouldRetry is { } retry)
        {
            headers["x-should-retry"] = retry ? "true" : "false";
        }

        var writer = response.BodyWriter;
        var told = new ClientError(error.Message, error.Type, error.Param, error.Code);
        if (api is null)
        {
            ErrorWriter.Write(writer, told);
        }
        else
        {
            api.WriteError(writer, error.Status, told, headers["x-request-id"].ToString());
        }

        await writer.FlushAsync(CancellationToken.None);
    }

    public static string StageName(ErrorStage stage) => stage switch
    {
        ErrorStage.Read => "read",
        ErrorStage.Authenticate => "authenticate",
        ErrorStage.Admit => "admit",
        ErrorStage.Route => "route",
        ErrorStage.Attempt => "attempt",
        ErrorStage.Settle => "settle",
        _ => throw new ArgumentOutOfRangeException(nameof(stage)),
    };

    public static string FaultName(ErrorFault fault) => fault switch
    {
        ErrorFault.Client => "client",
        ErrorFault.Sahab => "sahab",
        ErrorFault.Provider => "provider",
        _ => throw new ArgumentOutOfRangeException(nameof(fault)),
    };
}
