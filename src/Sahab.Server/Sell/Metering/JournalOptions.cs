using Sahab.Server.Hosting.Configuration;

namespace Sahab.Server.Sell.Metering;

/// <summary>How the journal is kept, with every limit that it has.</summary>
internal sealed record JournalOptions
{
    /// <summary>The journal's file. Its folder must exist.</summary>
    public required string Path { get; init; }

    public Durability Durability { get; init; } = Durability.Process;

    /// <summary>Events appended and not yet committed; beyond it an append fails at once.</summary>
    public int MaxPending { get; init; } = 65_536;

    /// <summary>
    /// The shortest time from one commit to the next, in whole milliseconds: what arrives in between forms one
    /// group. After a quiet time the first append is committed at once. 0 commits whatever is there, always.
    /// </summary>
    public int CommitIntervalMs { get; init; } = 2;

    /// <summary>A group that has reached this size is committed without waiting for the interval.</summary>
    public int GroupBytes { get; init; } = 256 * 1024;

    /// <summary>
    /// The write-ahead log is copied into the database, and begun anew, once it has grown by this much.
    /// </summary>
    public int CheckpointBytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>The file's greatest size; full, it refuses appends until postings have made room.</summary>
    public long MaxBytes { get; init; } = 4L * 1024 * 1024 * 1024;

    /// <summary>The shortest and the longest time between two probes of a journal that could not be written.</summary>
    public TimeSpan FirstProbe { get; init; } = TimeSpan.FromMilliseconds(100);

    public TimeSpan LastProbe { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Throws where a value is out of range.</summary>
    public void Validate()
    {
        ArgumentException.ThrowIfNullOrEmpty(Path);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxPending);
        ArgumentOutOfRangeException.ThrowIfNegative(CommitIntervalMs);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(CommitIntervalMs, 1000);
        ArgumentOutOfRangeException.ThrowIfLessThan(GroupBytes, 4096);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(GroupBytes, 64 * 1024 * 1024);
        ArgumentOutOfRangeException.ThrowIfLessThan(CheckpointBytes, 64 * 1024);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxBytes, 64 * 1024);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(FirstProbe, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(LastProbe, FirstProbe);
    }
}
