using System.Collections.Frozen;

namespace Sahab.Server.Serve.Batches;

/// <summary>A file of a project; its content lies in the data folder.</summary>
internal sealed record StoredFile(
    Guid Id, string Tenant, string Purpose, string Name, long Bytes, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt)
{
    /// <summary>The project of the key that it came with: its keys, and no others of the tenant, have it.</summary>
    public string Project { get; init; } = "";

    /// <summary>The key that it came with; empty: it is from before that was known.</summary>
    public string Key { get; init; } = "";
}

/// <summary>The words for where a batch stands, as the API has them.</summary>
internal static class BatchStatus
{
    public const string Validating = "validating";
    public const string Failed = "failed";
    public const string InProgress = "in_progress";
    public const string Finalizing = "finalizing";
    public const string Completed = "completed";
    public const string Expired = "expired";
    public const string Cancelling = "cancelling";
    public const string Cancelled = "cancelled";

    /// <summary>In which there is something left to do.</summary>
    public static readonly FrozenSet<string> Active =
        FrozenSet.Create(StringComparer.Ordinal, Validating, InProgress, Finalizing, Cancelling);
}

/// <summary>A batch as it stands.</summary>
/// <param name="Key">The id of the key that made it, under which its lines run.</param>
/// <param name="Metadata">What its maker wrote on it: a JSON object.</param>
/// <param name="Errors">What was wrong with its input: a JSON array; none where nothing was.</param>
/// <param name="EndedAt">When it came to its last status.</param>
internal sealed record Batch(
    Guid Id, string Tenant, string Key, string Endpoint, Guid InputFile, Guid? OutputFile, Guid? ErrorFile,
    string Status, string Metadata, string? Errors, long Total, long Completed, long Failed, DateTimeOffset CreatedAt,
    DateTimeOffset ExpiresAt, DateTimeOffset? StartedAt, DateTimeOffset? CancellingAt, DateTimeOffset? FinalizingAt,
    DateTimeOffset? EndedAt)
{
    /// <summary>
    /// The project of its key: its keys, and no others of the tenant, have it, and its rules bind what comes of it when the
    /// key is gone too.
    /// </summary>
    public string Project { get; init; } = "";
}

/// <summary>Ids as clients see them.</summary>
internal static class BatchIds
{
    public static string OfFile(Guid id) => $"file-{id:N}";

    public static string OfBatch(Guid id) => $"batch_{id:N}";

    public static bool TryReadFile(string? id, out Guid file) => TryRead(id, "file-", out file);

    public static bool TryReadBatch(string? id, out Guid batch) => TryRead(id, "batch_", out batch);

    static bool TryRead(string? id, string prefix, out Guid value)
    {
        value = default;
        return id is not null && id.StartsWith(prefix, StringComparison.Ordinal)
            && Guid.TryParseExact(id.AsSpan(prefix.Length), "N", out value);
    }
}
