using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sahab.Server.Serve.Batches;

/// <summary>Files and batches as clients read them.</summary>
internal static class BatchJson
{
    public static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public static FileObject Of(StoredFile file) => new(
        BatchIds.OfFile(file.Id), "file", file.Bytes, Seconds(file.CreatedAt), Seconds(file.ExpiresAt), file.Name,
        file.Purpose, "processed");

    public static BatchObject Of(Batch batch) => new(
        BatchIds.OfBatch(batch.Id), "batch", batch.Endpoint,
        batch.Errors is null ? null : new BatchErrorList("list", JsonElement.Parse(batch.Errors)),
        BatchIds.OfFile(batch.InputFile), "24h", batch.Status, FileId(batch.OutputFile), FileId(batch.ErrorFile),
        Seconds(batch.CreatedAt), Seconds(batch.ExpiresAt), Seconds(batch.StartedAt), Seconds(batch.CancellingAt),
        Seconds(batch.FinalizingAt), EndOf(batch, BatchStatus.Completed), EndOf(batch, BatchStatus.Failed),
        EndOf(batch, BatchStatus.Expired), EndOf(batch, BatchStatus.Cancelled),
        new BatchCounts(batch.Total, batch.Completed, batch.Failed), JsonElement.Parse(batch.Metadata));

    /// <summary>A page of a list: one more was asked for, to know whether there is more.</summary>
    public static ObjectList<T> Page<T>(List<T> found, int limit, Func<T, string> idOf)
    {
        var page = found.Take(limit).ToList();
        return new ObjectList<T>(
            "list", page, page.Count > 0 ? idOf(page[0]) : null, page.Count > 0 ? idOf(page[^1]) : null,
            found.Count > limit);
    }

    /// <summary>A whole number of the query; null where it is none, or out of its range.</summary>
    public static int? Limit(HttpContext context, int otherwise, int most)
    {
        string? text = context.Request.Query["limit"];
        return text is null ? otherwise
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit)
                && limit >= 1 && limit <= most
                ? limit
                : null;
    }

    static long? EndOf(Batch batch, string status) => batch.Status == status ? Seconds(batch.EndedAt) : null;

    static string? FileId(Guid? file) => file is { } id ? BatchIds.OfFile(id) : null;

    static long Seconds(DateTimeOffset time) => time.ToUnixTimeSeconds();

    static long? Seconds(DateTimeOffset? time) => time?.ToUnixTimeSeconds();
}

internal sealed record FileObject(
    string Id, string Object, long Bytes, long CreatedAt, long ExpiresAt, string Filename, string Purpose,
    string Status);

internal sealed record DeletedObject(string Id, string Object, bool Deleted);

internal sealed record ObjectList<T>(string Object, IReadOnlyList<T> Data, string? FirstId, string? LastId, bool HasMore);

internal sealed record BatchErrorList(string Object, JsonElement Data);

internal sealed record BatchCounts(long Total, long Completed, long Failed);

internal sealed record BatchObject(
    string Id, string Object, string Endpoint, BatchErrorList? Errors, string InputFileId, string CompletionWindow,
    string Status, string? OutputFileId, string? ErrorFileId, long CreatedAt, long ExpiresAt, long? InProgressAt,
    long? CancellingAt, long? FinalizingAt, long? CompletedAt, long? FailedAt, long? ExpiredAt, long? CancelledAt,
    BatchCounts RequestCounts, JsonElement Metadata);
