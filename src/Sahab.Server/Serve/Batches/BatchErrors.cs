using System.Globalization;
using Sahab.Server.Govern.Residency;
using Sahab.Server.Serve.Gateway;

namespace Sahab.Server.Serve.Batches;

/// <summary>What can be wrong with a call about files or batches.</summary>
internal static class BatchErrors
{
    public static GatewayError Invalid(string param, string message, string code = "invalid_value") => new(
        400, ErrorStage.Read, ErrorFault.Client, "invalid_request_error", code, message, param);

    /// <summary>What the rules on a project's data say to keeping a file or a batch; null: nothing.</summary>
    public static GatewayError? NotAllowed(DataRules? rules) =>
        rules?.Refusal is { } refusal ? GatewayError.Refused(refusal)
        : rules is { KeepsNothing: true } ? new(
            403, ErrorStage.Admit, ErrorFault.Client, "permission_error", "content_not_kept", NothingKept)
        {
            ShouldRetry = false,
        }
        : null;

    public const string NothingKept =
        "The rules on this project's data let nothing of content be kept, so that there are neither files nor batches.";

    public static GatewayError NoSuchFile(string id) => new(
        404, ErrorStage.Read, ErrorFault.Client, "invalid_request_error", "file_not_found",
        $"No such File object: {id}. It was deleted, has expired, or is another project's.", "id");

    public static GatewayError NoSuchBatch(string id) => new(
        404, ErrorStage.Read, ErrorFault.Client, "invalid_request_error", "batch_not_found",
        $"No such Batch object: {id}. It was made in another project, or was forgotten some time after its end.", "id");

    public static GatewayError NotHere(string id) => new(
        503, ErrorStage.Read, ErrorFault.Sahab, "server_error", "file_elsewhere",
        $"The content of {id} lies on another node. Ask the node that it was uploaded to.", RetryAfterMs: 5000);

    public static GatewayError TooLarge(long limit) => new(
        413, ErrorStage.Read, ErrorFault.Client, "invalid_request_error", "file_too_large",
        string.Create(CultureInfo.InvariantCulture, $"The file is larger than {limit} bytes. Make several of it."),
        "file");

    public static GatewayError TenantFull(long limit) => new(
        400, ErrorStage.Admit, ErrorFault.Client, "invalid_request_error", "storage_exceeded",
        string.Create(CultureInfo.InvariantCulture, $"The files of this tenant may take {limit} bytes together. ")
        + "Delete some.", "file");

    public static GatewayError TooManyBatches(int limit) => new(
        429, ErrorStage.Admit, ErrorFault.Client, "requests", "rate_limit_exceeded",
        string.Create(CultureInfo.InvariantCulture, $"{limit} batches of this tenant have not ended yet. ")
        + "Try again when one has.", RetryAfterMs: 60_000);

    public static GatewayError NotCancellable(string id, string status) => new(
        409, ErrorStage.Read, ErrorFault.Client, "invalid_request_error", "batch_not_cancellable",
        $"Batch {id} is {status}; only one that is validating or in progress can be cancelled.", "id")
    {
        ShouldRetry = false,
    };
}
