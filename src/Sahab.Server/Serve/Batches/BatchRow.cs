using Sahab.Server.Hosting.Database;

namespace Sahab.Server.Serve.Batches;

/// <summary>A batch as a row.</summary>
internal sealed class BatchRow
{
    public string Id { get; init; } = "";

    public string Tenant { get; init; } = "";

    public string Project { get; init; } = "";

    public string KeyId { get; init; } = "";

    public string Endpoint { get; init; } = "";

    public string InputFile { get; init; } = "";

    public string? OutputFile { get; init; }

    public string? ErrorFile { get; init; }

    public string Status { get; init; } = "";

    public string Metadata { get; init; } = "";

    public string? Errors { get; init; }

    public long Total { get; init; }

    public long Completed { get; init; }

    public long Failed { get; init; }

    public long CreatedUs { get; init; }

    public long ExpiresUs { get; init; }

    public long? StartedUs { get; init; }

    public long? CancellingUs { get; init; }

    public long? FinalizingUs { get; init; }

    public long? EndedUs { get; init; }

    public Batch ToBatch() => new(
        Guid.Parse(Id), Tenant, KeyId, Endpoint, Guid.Parse(InputFile), Optional(OutputFile), Optional(ErrorFile),
        Status, Metadata, Errors, Total, Completed, Failed, UnixMicroseconds.ToTime(CreatedUs),
        UnixMicroseconds.ToTime(ExpiresUs), Time(StartedUs), Time(CancellingUs), Time(FinalizingUs), Time(EndedUs))
    {
        Project = Project,
    };

    // SQLite's text of no id is empty.
    static Guid? Optional(string? id) => string.IsNullOrEmpty(id) ? null : Guid.Parse(id);

    static DateTimeOffset? Time(long? microseconds) =>
        microseconds is { } value ? UnixMicroseconds.ToTime(value) : null;
}
